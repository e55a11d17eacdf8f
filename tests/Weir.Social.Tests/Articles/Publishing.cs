using System.Net;

namespace Weir.Social.Tests.Articles;

/// <summary>An official account with its owner, and what editors do with it in one line.</summary>
internal sealed record Publishing(Server Server, Someone Owner, string Handle)
{
    public static async Task<Publishing> OpenAsync(Server server, Someone admin, object? more = null, bool open = true, string kind = "subscription")
    {
        var owner = await server.PersonAsync("Owner");
        var named = (await admin.GetAsync("/api/admin/official")).Is(HttpStatusCode.OK)["accounts"].EnumerateArray().Select(a => a.GetProperty("handle").GetString()!);
        (await admin.PutAsync("/api/admin/official", new { mode = "named", handles = named.Append(owner.Handle) })).Is(HttpStatusCode.OK);
        var handle = $"paper_{Guid.NewGuid().ToString("N")[..10]}";
        (await owner.PostAsync("/api/official", new { handle, name = "The Paper", description = "News of the weir", open, kind })).Is(HttpStatusCode.Created);
        if (more is not null)
        {
            (await owner.PatchAsync($"/api/official/{handle}", more)).Is(HttpStatusCode.OK);
        }

        return new Publishing(server, owner, handle);
    }

    public async Task<Someone> EditorAsync(string name = "Editor")
    {
        var editor = await Server.PersonAsync(name);
        await Owner.BefriendAsync(editor);
        (await Owner.PutAsync($"/api/official/{Handle}/editors/{editor.Handle}")).Is(HttpStatusCode.NoContent);
        (await editor.PostAsync($"/api/official/{Handle}/invitation/accept")).Is(HttpStatusCode.NoContent);
        return editor;
    }

    public async Task<Someone> FollowerAsync(string name = "Reader")
    {
        var reader = await Server.PersonAsync(name);
        (await reader.PutAsync($"/api/official/{Handle}/follow")).Is(HttpStatusCode.NoContent);
        return reader;
    }

    public async Task<string> DraftAsync(string title = "A title", string markdown = "Some *words*.", string summary = "", Someone? by = null)
    {
        var made = (await (by ?? Owner).PostAsync($"/api/official/{Handle}/articles")).Is(HttpStatusCode.Created);
        var id = made.Text("id");
        (await SaveAsync(id, 1, title, markdown, summary, by)).Is(HttpStatusCode.OK);
        return id;
    }

    public Task<Answer> SaveAsync(string id, long version, string title, string markdown, string summary = "", Someone? by = null) =>
        (by ?? Owner).PutAsync($"/api/articles/{id}/draft", new { version, title, summary, markdown });

    public async Task<(string Id, string Url)> PublishAsync(string title = "A title", string markdown = "Some *words*.", string summary = "")
    {
        var id = await DraftAsync(title, markdown, summary);
        return (id, (await Owner.PostAsync($"/api/articles/{id}/publish", new { version = 2 })).Is(HttpStatusCode.OK).Text("url"));
    }
}
