using System.Net;

namespace Weir.Social.Tests.Articles;

public sealed class OfficialAccountsOnSqlite(SqliteServer shared) : OfficialAccountTests(shared);

public sealed class OfficialAccountsOnPostgres(PostgresServer shared) : OfficialAccountTests(shared);

public abstract class OfficialAccountTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Only_whom_an_administrator_named_may_open_one()
    {
        var anna = await _server.PersonAsync("Anna");
        var request = new { handle = $"anna_{Guid.NewGuid().ToString("N")[..8]}", name = "Anna's" };
        Assert.Equal("may-not-open-official", (await anna.PostAsync("/api/official", request)).Is(HttpStatusCode.Forbidden).Code);
        Assert.False((await anna.GetAsync("/api/official/my-accounts"))["mayOpen"].GetBoolean());
        (await anna.PutAsync("/api/admin/official", new { mode = "everyone" })).Is(HttpStatusCode.Forbidden);
        Assert.Equal("handle-unknown", (await shared.Admin.PutAsync("/api/admin/official", new { handles = new[] { "nobody_at_all" } })).Is(HttpStatusCode.BadRequest).Code);

        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        Assert.True((await paper.Owner.GetAsync("/api/official/my-accounts"))["mayOpen"].GetBoolean());
        Assert.Equal("handle-taken", (await paper.Owner.PostAsync("/api/official", new { handle = paper.Handle, name = "Again" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("handle-shape", (await paper.Owner.PostAsync("/api/official", new { handle = "-", name = "Again" })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task Its_handle_is_in_a_namespace_of_its_own()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var handle = (await _server.PersonAsync("Mina")).Handle;
        (await paper.Owner.PostAsync("/api/official", new { handle, name = "Mine" })).Is(HttpStatusCode.Created);
        Assert.Equal("Mine", (await paper.Owner.GetAsync($"/api/official/{handle}")).Is(HttpStatusCode.OK).Text("name"));
    }

    [Fact]
    public async Task Following_is_seen_by_the_follower_and_the_editors()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var card = (await reader.GetAsync($"/api/official/{paper.Handle}")).Is(HttpStatusCode.OK);
        Assert.True(card["following"].GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, card["followers"].ValueKind);
        Assert.Equal(2, (await paper.Owner.GetAsync($"/api/official/{paper.Handle}"))["followers"].GetInt32());
        var listed = (await paper.Owner.GetAsync($"/api/official/{paper.Handle}/followers")).Is(HttpStatusCode.OK)["followers"];
        Assert.Contains(reader.Handle, listed.EnumerateArray().Select(f => f.GetProperty("person").GetProperty("handle").GetString()));
        Assert.Equal("not-editor", (await reader.GetAsync($"/api/official/{paper.Handle}/followers")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal(1, (await reader.GetAsync("/api/official?scope=following")).Json.GetArrayLength());

        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { showsFollowers = true })).Is(HttpStatusCode.OK);
        Assert.Equal(2, (await reader.GetAsync($"/api/official/{paper.Handle}"))["followers"].GetInt32());
        (await reader.DeleteAsync($"/api/official/{paper.Handle}/follow")).Is(HttpStatusCode.NoContent);
        Assert.Equal(1, (await reader.GetAsync($"/api/official/{paper.Handle}"))["followers"].GetInt32());
        Assert.Equal("not-following", (await reader.PutAsync($"/api/official/{paper.Handle}/mute")).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task Whoever_was_removed_cannot_follow_until_an_editor_takes_it_back()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var stranger = await _server.PersonAsync("Stranger");
        (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/followers/{stranger.Handle}")).Is(HttpStatusCode.NotFound);
        Assert.Equal("is-editor", (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/followers/{paper.Owner.Handle}")).Is(HttpStatusCode.Conflict).Code);
        (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/followers/{reader.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal("may-not-follow", (await reader.PutAsync($"/api/official/{paper.Handle}/follow")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal(reader.Handle, (await paper.Owner.GetAsync($"/api/official/{paper.Handle}/removed")).Json[0].GetProperty("handle").GetString());
        (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/removed/{reader.Handle}")).Is(HttpStatusCode.NoContent);
        (await reader.PutAsync($"/api/official/{paper.Handle}/follow")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Editors_are_asked_accept_and_may_become_owner()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var ben = await _server.PersonAsync("Ben");
        foreach (var handle in new[] { ben.Handle, "nobody_at_all" })
        {
            Assert.Equal("not-a-friend", (await paper.Owner.PutAsync($"/api/official/{paper.Handle}/editors/{handle}")).Is(HttpStatusCode.BadRequest).Code);
        }

        await paper.Owner.BefriendAsync(ben);
        (await ben.PostAsync($"/api/official/{paper.Handle}/invitation/accept")).Is(HttpStatusCode.NotFound);
        (await paper.Owner.PutAsync($"/api/official/{paper.Handle}/editors/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        // It ends with the friendship, and with a block.
        (await paper.Owner.DeleteAsync($"/api/friends/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PostAsync($"/api/official/{paper.Handle}/invitation/accept")).Is(HttpStatusCode.NotFound);
        await paper.Owner.BefriendAsync(ben);
        (await paper.Owner.PutAsync($"/api/official/{paper.Handle}/editors/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/blocks/{paper.Owner.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.DeleteAsync($"/api/blocks/{paper.Owner.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PostAsync($"/api/official/{paper.Handle}/invitation/accept")).Is(HttpStatusCode.NotFound);
        (await paper.Owner.PutAsync($"/api/official/{paper.Handle}/editors/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        // An invitation is no right yet.
        (await ben.PostAsync($"/api/official/{paper.Handle}/articles")).Is(HttpStatusCode.Forbidden);
        Assert.True((await ben.GetAsync("/api/official/my-accounts"))["accounts"][0].GetProperty("invited").GetBoolean());
        (await ben.PostAsync($"/api/official/{paper.Handle}/invitation/accept")).Is(HttpStatusCode.NoContent);
        (await ben.PostAsync($"/api/official/{paper.Handle}/articles")).Is(HttpStatusCode.Created);
        Assert.Equal("not-owner", (await ben.PatchAsync($"/api/official/{paper.Handle}", new { name = "Ben's" })).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("owner-stays", (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/editors/{paper.Owner.Handle}")).Is(HttpStatusCode.Conflict).Code);

        (await paper.Owner.PutAsync($"/api/official/{paper.Handle}/owner/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/official/{paper.Handle}", new { name = "Ben's" })).Is(HttpStatusCode.OK);
        (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}/editors/{paper.Owner.Handle}")).Is(HttpStatusCode.NoContent);
        (await paper.Owner.PostAsync($"/api/official/{paper.Handle}/articles")).Is(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task When_the_owner_goes_an_editor_inherits_and_without_one_it_closes()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var editor = await paper.EditorAsync();
        (await paper.Owner.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        Assert.Equal("owner", (await editor.GetAsync($"/api/official/{paper.Handle}")).Text("role"));
        (await editor.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        (await shared.Admin.GetAsync($"/api/official/{paper.Handle}")).Is(HttpStatusCode.NotFound);
        Assert.True((await shared.Admin.GetAsync($"/api/admin/official/accounts?q={paper.Handle}")).Json[0].GetProperty("closed").GetBoolean());
    }

    [Fact]
    public async Task A_closed_account_is_as_if_it_were_not_there_until_an_administrator_opens_it_again()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var (id, url) = await paper.PublishAsync();
        (await shared.Admin.PutAsync($"/api/admin/official/accounts/{paper.Handle}/closing")).Is(HttpStatusCode.NoContent);
        foreach (var path in new[] { $"/api/official/{paper.Handle}", $"/api/articles/{id}", $"/api/articles/{id}/draft", url, $"/a/{paper.Handle}", $"/a/{paper.Handle}/feed.atom" })
        {
            (await paper.Owner.GetAsync(path)).Is(HttpStatusCode.NotFound);
        }

        (await reader.PutAsync($"/api/official/{paper.Handle}/follow")).Is(HttpStatusCode.NotFound);
        Assert.Equal(0, (await reader.GetAsync("/api/articles/inbox"))["accounts"].GetArrayLength());
        (await shared.Admin.DeleteAsync($"/api/admin/official/accounts/{paper.Handle}/closing")).Is(HttpStatusCode.NoContent);
        (await reader.GetAsync(url)).Is(HttpStatusCode.OK);
    }
}
