using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Data;
using Weir.Social.Exports;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.OwnAccount;

public sealed class ExportsOnSqlite(SqliteServer shared) : ExportTests(shared);

public sealed class ExportsOnPostgres(PostgresServer shared) : ExportTests(shared);

public abstract class ExportTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Everything_that_I_wrote_and_nothing_that_others_wrote_is_in_it()
    {
        const string script = "<script>alert(1)</script>";
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        (await anna.PatchAsync("/api/me", new { name = script, about = "about me" })).Is(HttpStatusCode.OK);
        await anna.BefriendAsync(ben);
        await anna.CircleAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        await anna.SayAsync(conversation, script + " 你好");
        await ben.SayAsync(conversation, "what Ben wrote");
        var picture = (await anna.UploadAsync(TestPictures.Png(), "holiday.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        var file = (await anna.UploadAsync("plain"u8.ToArray(), "../notes.txt", "file")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "p", pictures = new[] { picture } })).Is(HttpStatusCode.Created);
        (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "f", file })).Is(HttpStatusCode.Created);
        await anna.BroadcastAsync(new { kind = "friends" }, "My broadcast");
        var left = (await ben.PostAsync("/api/conversations", new { members = new[] { anna.Handle }, name = "Left group" })).Is(HttpStatusCode.Created).Text("id");
        await anna.SayAsync(left, "said before I left");
        (await anna.PostAsync($"/api/conversations/{left}/leave")).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/conversations/{left}", new { name = "What it is called since" })).Is(HttpStatusCode.NoContent);

        using var zip = await ExportAsync(anna);
        Assert.Equal("about me", Json(zip, "profile.json").GetProperty("about").GetString());
        Assert.Equal([ben.Handle], Json(zip, "friends.json").EnumerateArray().Select(f => f.GetProperty("handle").GetString()));
        Assert.Equal("My broadcast", Json(zip, "broadcasts.json")[0].GetProperty("title").GetString());
        var messages = Json(zip, "conversations/0001.json").EnumerateArray().ToList();
        Assert.Equal(script + " 你好", messages[0].GetProperty("text").GetString());
        Assert.Equal($"files/{picture}.jpg", messages[1].GetProperty("pictures")[0].GetString());
        Assert.Equal($"files/{file}.txt", messages[2].GetProperty("file").GetString());
        Assert.Equal("said before I left", Json(zip, "conversations/0002.json")[0].GetProperty("text").GetString());
        Assert.Equal([ben.Handle], Json(zip, "conversations/0001.about.json").GetProperty("with").EnumerateArray().Select(h => h.GetString()));
        Assert.Equal("plain", Text(zip, $"files/{file}.txt"));
        Assert.All(zip.Entries, entry => Assert.DoesNotContain("..", entry.FullName));
        foreach (var page in zip.Entries.Where(e => e.Name.EndsWith(".html", StringComparison.Ordinal)))
        {
            var text = Text(zip, page.FullName);
            Assert.DoesNotContain("<script", text);
            Assert.Contains("default-src 'none'", text);
        }

        Assert.Contains("conversations/0001.html", Text(zip, "index.html"));
        Assert.DoesNotContain(zip.Entries, entry => Text(zip, entry.FullName).Contains("what Ben wrote", StringComparison.Ordinal));
        Assert.DoesNotContain(zip.Entries, entry => Text(zip, entry.FullName).Contains("called since", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_article_that_I_began_is_in_it_as_text_and_as_page()
    {
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        await publishing.PublishAsync("A published title", "Some *words*.");
        await publishing.DraftAsync("Only a draft");
        using var zip = await ExportAsync(publishing.Owner);
        var articles = zip.Entries.Where(e => e.FullName.StartsWith("articles/", StringComparison.Ordinal) && e.Name.EndsWith(".json", StringComparison.Ordinal)).Select(e => Json(zip, e.FullName)).ToList();
        Assert.Equal(["A published title", "Only a draft"], articles.Select(a => a.GetProperty("draftTitle").GetString()).Order());
        Assert.Contains(zip.Entries, e => e.FullName.StartsWith("articles/", StringComparison.Ordinal) && e.Name.EndsWith(".html", StringComparison.Ordinal) && Text(zip, e.FullName).Contains("<em>words</em>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task My_moments_and_what_I_said_under_others_is_in_it_and_theirs_is_not()
    {
        const string script = "<script>alert(1)</script>";
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var picture = (await anna.UploadAsync(TestPictures.Png(), "walk.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        var mine = (await anna.PostAsync("/api/moments", new { text = script, audience = new { kind = "onlyMe" }, pictures = new[] { picture } })).Is(HttpStatusCode.Created).Text("id");
        (await anna.DeleteAsync($"/api/moments/{await anna.PostMomentAsync("taken back")}")).Is(HttpStatusCode.NoContent);
        var theirs = await ben.PostMomentAsync("what Ben showed");
        await ben.CommentAsync(theirs, "what Ben said");
        await anna.CommentAsync(theirs, $"nice {script}");
        await anna.LikeAsync(theirs);

        using var zip = await ExportAsync(anna);
        var moment = Json(zip, "moments/moments.json").EnumerateArray().Single();
        Assert.Equal((Guid.Parse(mine), script, "onlyMe", $"files/{picture}.jpg"), (
            Guid.Parse(moment.Id()), moment.GetProperty("text").GetString(), moment.GetProperty("audience").GetString(), moment.GetProperty("pictures")[0].GetString()));
        Assert.NotNull(zip.GetEntry($"files/{picture}.jpg"));
        var comment = Json(zip, "moments/comments.json").EnumerateArray().Single();
        Assert.Equal(($"nice {script}", ben.Handle), (comment.GetProperty("text").GetString(), comment.GetProperty("of").GetString()));
        Assert.Equal(Guid.Parse(theirs), Guid.Parse(Json(zip, "moments/likes.json").EnumerateArray().Single().GetProperty("moment").GetString()!));
        Assert.Contains($"../files/{picture}.jpg", Text(zip, "moments/moments.html"));
        Assert.All(zip.Entries.Where(e => e.Name.EndsWith(".html", StringComparison.Ordinal)), page => Assert.DoesNotContain("<script", Text(zip, page.FullName)));
        Assert.Contains("moments/moments.html", Text(zip, "index.html"));
        Assert.DoesNotContain(zip.Entries, entry => Text(zip, entry.FullName) is var text && (text.Contains("what Ben", StringComparison.Ordinal) || text.Contains("taken back", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_what_a_former_editor_began_there_is_no_draft_and_of_what_was_published_what_readers_see()
    {
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var editor = await publishing.EditorAsync();
        var draft = await publishing.DraftAsync("Begun by the editor", by: editor);
        (await publishing.Owner.DeleteAsync($"/api/official/{publishing.Handle}/editors/{editor.Handle}")).Is(HttpStatusCode.NoContent);
        (await publishing.SaveAsync(draft, 2, "Changed afterwards", "written afterwards")).Is(HttpStatusCode.OK);
        using var zip = await ExportAsync(editor);
        Assert.DoesNotContain(zip.Entries, entry => Text(zip, entry.FullName) is var text
            && (text.Contains("afterwards", StringComparison.Ordinal) || text.Contains("Begun", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_moment_that_was_hidden_is_like_one_that_was_deleted()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var (hidden, deleted) = (await ben.PostMomentAsync("one"), await ben.PostMomentAsync("two"));
        foreach (var moment in new[] { hidden, deleted })
        {
            await anna.CommentAsync(moment, "nice");
            await anna.LikeAsync(moment);
        }

        (await ben.PatchAsync($"/api/moments/{hidden}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);
        (await ben.DeleteAsync($"/api/moments/{deleted}")).Is(HttpStatusCode.NoContent);
        using var zip = await ExportAsync(anna);
        Assert.Empty(Json(zip, "moments/comments.json").EnumerateArray());
        Assert.Empty(Json(zip, "moments/likes.json").EnumerateArray());
    }

    [Fact]
    public async Task Only_its_owner_finds_it_and_it_can_be_deleted_and_is_not_made_without_end()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        (await anna.GetAsync("/api/me/export")).Is(HttpStatusCode.NotFound);
        (await anna.GetAsync("/api/me/export/file")).Is(HttpStatusCode.NotFound);
        (await ExportAsync(anna)).Dispose();
        (await ben.GetAsync("/api/me/export")).Is(HttpStatusCode.NotFound);
        (await ben.GetAsync("/api/me/export/file")).Is(HttpStatusCode.NotFound);
        (await _server.Anybody.GetAsync("/api/me/export/file")).Is(HttpStatusCode.Unauthorized);
        (await anna.DeleteAsync("/api/me/export")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me/export/file")).Is(HttpStatusCode.NotFound);
        Answer answer;
        var made = 1;
        while ((answer = await anna.PostAsync("/api/me/export")).Status == HttpStatusCode.Created)
        {
            await FinishedAsync(anna);
            Assert.InRange(++made, 1, 10);
        }

        Assert.Equal("throttled", answer.Is(HttpStatusCode.TooManyRequests).Code);
    }

    [Fact]
    public async Task Many_messages_are_written_a_page_at_a_time()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var count = (ExportWriter.Page * 2) + 1;
        foreach (var batch in Enumerable.Range(0, count).Chunk(100))
        {
            await Task.WhenAll(batch.Select(i => anna.SayAsync(conversation, $"message {i}")));
        }

        using var zip = await ExportAsync(anna);
        Assert.Equal(Enumerable.Range(1, count).Select(i => (long)i), Json(zip, "conversations/0001.json").EnumerateArray().Select(m => m.GetProperty("seq").GetInt64()));
    }

    private async Task<ZipArchive> ExportAsync(Someone person)
    {
        (await person.PostAsync("/api/me/export", new { language = "zh" })).Is(HttpStatusCode.Created);
        var status = await FinishedAsync(person);
        Assert.Equal("ready", status.GetProperty("state").GetString());
        var (message, bytes) = await person.BytesAsync("/api/me/export/file");
        Assert.Equal(("application/zip", "attachment", bytes.LongLength), (message.Content.Headers.ContentType!.MediaType, message.Content.Headers.ContentDisposition!.DispositionType, status.GetProperty("size").GetInt64()));
        return new ZipArchive(new MemoryStream(bytes));
    }

    private static async Task<JsonElement> FinishedAsync(Someone person)
    {
        JsonElement status = default;
        await Patience.HoldsAsync(async () =>
        {
            status = (await person.GetAsync("/api/me/export")).Is(HttpStatusCode.OK).Json;
            return status.GetProperty("state").GetString() is "ready" or "failed";
        });
        return status;
    }

    private static string Text(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open(), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static JsonElement Json(ZipArchive zip, string name) => JsonDocument.Parse(Text(zip, name)).RootElement;
}

public sealed class ExportRestTests
{
    [Fact]
    public async Task What_a_stop_interrupted_is_made_after_the_next_start_and_what_is_old_or_belongs_to_nobody_is_deleted()
    {
        var folder = Directory.CreateTempSubdirectory("weir-export-").FullName;
        var clock = new JumpingClock();
        string handle;
        Guid id;
        var first = await Server.StartAsync(options: o => o with { DataDirectory = folder }, configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        var anna = await first.PersonAsync("Anna", admin: true);
        (handle, id) = (anna.Handle, Guid.Parse(anna.Id));
        await first.Plane.StopAsync();
        await first.ReadAsync(async db =>
        {
            // As a process leaves it that ended in the middle of its work.
            db.Exports.Add(new Export { AccountId = id, FileId = Guid.NewGuid(), Language = "en", CreatedAt = clock.Now(), State = ExportState.Working });
            return await db.SaveChangesAsync();
        });
        var exports = Path.Combine(folder, "exports");
        Directory.CreateDirectory(exports);
        await File.WriteAllTextAsync(Path.Combine(exports, Guid.NewGuid().ToString("N") + ".zip.part"), "half");
        var kept = folder + ".kept";
        Directory.Move(folder, kept);
        Directory.CreateDirectory(folder);
        await first.DisposeAsync();

        await using var second = await Server.StartAsync(options: o => o with { DataDirectory = kept }, configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        anna = await Someone.OfAsync(second, await second.Anybody.PostAsync("/api/sessions", new { handle, password = Someone.Password }));
        exports = Path.Combine(kept, "exports");
        await Until.HoldsAsync(async () => (await anna.GetAsync("/api/me/export")).Text("state") == "ready");
        Assert.Single(Directory.EnumerateFiles(exports));
        clock.Jump(Export.KeptFor + TimeSpan.FromMinutes(1));
        (await anna.GetAsync("/api/me/export/file")).Is(HttpStatusCode.NotFound);
        second.Plane.App.Services.GetRequiredService<ExportDesk>().Wake();
        await Until.HoldsAsync(() => Task.FromResult(!Directory.EnumerateFiles(exports).Any()));
        (await anna.GetAsync("/api/me/export")).Is(HttpStatusCode.NotFound);
    }
}
