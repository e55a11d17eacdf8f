using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.Reporting;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.Administration;

public sealed class ReportsOnSqlite(SqliteServer shared) : ReportTests(shared);

public sealed class ReportsOnPostgres(PostgresServer shared) : ReportTests(shared);

/// <summary>Report, look, decide. The administrator of the shared server sees the reports of all tests; each looks for its own.</summary>
public abstract class ReportTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task A_message_is_reported_by_who_sees_it_and_only_it_is_shown_to_the_administrator_also_after_it_was_recalled()
    {
        var (anna, ben, eve) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Eve"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        await ben.SayAsync(conversation, "something private before");
        var picture = (await ben.UploadAsync(TestPictures.Png(), "p.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        var said = (await ben.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "bad", text = "<b>bad words</b>", pictures = new[] { picture } })).Is(HttpStatusCode.Created).Text("id");

        (await eve.ReportAsync("message", said)).Is(HttpStatusCode.NotFound);
        (await anna.ReportAsync("message", Guid.NewGuid().ToString("N"))).Is(HttpStatusCode.NotFound);
        Assert.Equal("report-own", (await ben.ReportAsync("message", said)).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("kind-shape", (await anna.PostAsync("/api/reports", new { id = said, reason = "spam" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("reason-shape", (await anna.PostAsync("/api/reports", new { kind = "message", id = said })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("note-shape", (await anna.PostAsync("/api/reports", new { kind = "message", id = said, reason = "spam", note = new string('x', 1001) })).Is(HttpStatusCode.BadRequest).Code);
        var report = (await anna.ReportAsync("message", said, "He wrote this\nto me")).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal(report, (await anna.ReportAsync("message", said)).Is(HttpStatusCode.Created).Text("id"));

        (await ben.PostAsync($"/api/conversations/{conversation}/messages/{said}/recall")).Is(HttpStatusCode.NoContent);
        var entry = await EntryAsync(report);
        Assert.Equal(("<b>bad words</b>", ben.Handle, "He wrote this\nto me"), (
            entry.GetProperty("snapshot").GetProperty("text").GetString(),
            entry.GetProperty("accused").GetProperty("handle").GetString(),
            entry.GetProperty("words")[0].GetProperty("note").GetString()));
        Assert.DoesNotContain("private before", entry.GetRawText());
        var shown = entry.GetProperty("snapshot").GetProperty("pictures")[0].GetProperty("id").GetString();
        Assert.Equal(picture, shown);
        (await shared.Admin.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.OK);
        (await anna.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        (await eve.GetAsync("/api/admin/reports")).Is(HttpStatusCode.Forbidden);
        (await eve.PostAsync($"/api/admin/reports/{report}/decision", new { remove = false, suspend = false })).Is(HttpStatusCode.Forbidden);

        (await DecideAsync(report)).Is(HttpStatusCode.NoContent);
        Assert.Equal("already-decided", (await DecideAsync(report)).Is(HttpStatusCode.Conflict).Code);
        (await shared.Admin.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        Assert.Equal("dismissed", (await EntryAsync(report, "closed")).GetProperty("outcome").GetString());
        Assert.False((await anna.GetAsync("/api/reports")).Json[0].GetProperty("open").GetBoolean());
    }

    [Fact]
    public async Task What_was_reported_is_kept_for_ninety_days_after_the_decision()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var (old, young, open) = (await ReportedAsync("old"), await ReportedAsync("young"), await ReportedAsync("open"));
        (await DecideAsync(old)).Is(HttpStatusCode.NoContent);
        (await DecideAsync(young)).Is(HttpStatusCode.NoContent);
        await DecidedAgoAsync(old, TimeSpan.FromDays(91));
        await DecidedAgoAsync(young, TimeSpan.FromDays(89));
        await SweepAsync();
        Assert.Equal((false, true, true), (await KeptAsync(old), await KeptAsync(young), await KeptAsync(open)));

        // With the account of whom it is about goes all that is decided.
        (await ben.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        Assert.Equal((false, true), (await KeptAsync(young), await KeptAsync(open)));
        (await DecideAsync(open)).Is(HttpStatusCode.NoContent);
        await SweepAsync();
        Assert.False(await KeptAsync(open));

        async Task<string> ReportedAsync(string text)
        {
            var said = (await ben.SayAsync(conversation, text)).Is(HttpStatusCode.Created).Text("id");
            return (await anna.ReportAsync("message", said)).Is(HttpStatusCode.Created).Text("id");
        }

        Task<int> DecidedAgoAsync(string report, TimeSpan ago) => _server.ReadAsync(db => db.Reports.Where(r => r.Id == Guid.Parse(report))
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.DecidedAt, TimeProvider.System.Now() - ago)));

        Task<bool> KeptAsync(string report) => _server.ReadAsync(db =>
            db.Reports.Where(r => r.Id == Guid.Parse(report)).Select(r => r.Snapshot != null).SingleAsync());

        Task SweepAsync() => _server.Plane.App.Services.GetRequiredService<ReportRetention>().SweepAsync(default);
    }

    [Fact]
    public async Task One_decision_answers_everybody_who_reported_it_takes_it_away_and_suspends_and_is_in_the_trail()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await ben.BefriendAsync(cleo);
        var group = (await ben.PostAsync("/api/conversations", new { members = new[] { anna.Handle, cleo.Handle }, name = "Three" })).Is(HttpStatusCode.Created).Text("id");
        var said = (await ben.SayAsync(group, "very bad")).Text("id");
        var first = (await anna.ReportAsync("message", said)).Text("id");
        var second = (await cleo.ReportAsync("message", said, "me too")).Text("id");
        var entry = await EntryAsync(first);
        Assert.Equal((2, "Three"), (entry.GetProperty("words").GetArrayLength(), entry.GetProperty("snapshot").GetProperty("place").GetString()));
        Assert.Null(await FindAsync(second, "open"));

        (await DecideAsync(first, remove: true, suspend: true)).Is(HttpStatusCode.NoContent);
        Assert.Equal(JsonValueKind.Null, (await anna.GetAsync($"/api/conversations/{group}/messages")).Json.EnumerateArray().Single(m => m.GetProperty("id").GetString() == said).GetProperty("text").ValueKind);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        Assert.False((await cleo.GetAsync("/api/reports")).Json[0].GetProperty("open").GetBoolean());
        var trail = (await shared.Admin.GetAsync("/api/admin/audit?limit=200")).Json.GetProperty("entries").EnumerateArray().Where(e => e.GetProperty("subject").GetString() == ben.Handle).ToList();
        Assert.Equal(["reportSettled", "contentRemoved", "accountSuspended"], trail.Select(e => e.GetProperty("action").GetString()));
        Assert.DoesNotContain(trail, e => e.GetRawText().Contains("very bad", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Broadcasts_people_articles_and_accounts_are_reported_and_taken_away()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var broadcast = await ben.BroadcastAsync(new { kind = "friends" }, "Not nice");
        (await anna.ReportAsync("broadcast", broadcast)).Is(HttpStatusCode.NotFound);
        await anna.BefriendAsync(ben);
        var report = (await anna.ReportAsync("broadcast", broadcast)).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal("Not nice", (await EntryAsync(report)).GetProperty("snapshot").GetProperty("title").GetString());
        (await DecideAsync(report, remove: true)).Is(HttpStatusCode.NoContent);
        await ben.SeesAsync(broadcast, false);

        var person = (await anna.ReportAsync("person", ben.Id)).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal("cannot-remove", (await DecideAsync(person, remove: true)).Is(HttpStatusCode.Conflict).Code);
        Assert.NotNull(await FindAsync(person, "open"));

        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var account = (await anna.GetAsync($"/api/official/{publishing.Handle}")).Is(HttpStatusCode.OK).Text("id");
        var (article, path) = await publishing.PublishAsync("A bad article");
        var (aboutArticle, aboutAccount) = ((await anna.ReportAsync("article", article)).Is(HttpStatusCode.Created).Text("id"), (await anna.ReportAsync("official", account)).Is(HttpStatusCode.Created).Text("id"));
        Assert.Equal(publishing.Owner.Handle, (await EntryAsync(aboutArticle)).GetProperty("accused").GetProperty("handle").GetString());
        (await DecideAsync(aboutArticle, remove: true)).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.NotFound);
        (await DecideAsync(aboutAccount, remove: true)).Is(HttpStatusCode.NoContent);
        (await anna.ReportAsync("official", account)).Is(HttpStatusCode.NotFound);
        (await DecideAsync(person)).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Moments_and_their_comments_are_reported_by_who_sees_them_and_taken_away()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await ben.BefriendAsync(cleo);
        var picture = (await ben.UploadAsync(TestPictures.Png(), "p.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        var moment = (await ben.PostAsync("/api/moments", new { text = "a bad moment", audience = new { kind = "friends" }, pictures = new[] { picture } })).Is(HttpStatusCode.Created).Text("id");
        var comment = await cleo.CommentAsync(moment, "a bad comment");
        var seen = await ben.CommentAsync(moment, "another one");

        // Anna is no friend of Cleo's: what Cleo said is not there for her.
        (await anna.PostAsync("/api/reports", new { kind = "momentComment", id = moment, part = comment, reason = "spam" })).Is(HttpStatusCode.NotFound);
        (await anna.PostAsync("/api/reports", new { kind = "momentComment", id = moment, reason = "spam" })).Is(HttpStatusCode.NotFound);
        (await (await _server.PersonAsync("Eve")).ReportAsync("moment", moment)).Is(HttpStatusCode.NotFound);
        Assert.Equal("report-own", (await ben.ReportAsync("moment", moment)).Is(HttpStatusCode.Conflict).Code);
        var aboutComment = (await ben.PostAsync("/api/reports", new { kind = "momentComment", id = moment, part = comment, reason = "harassment" })).Is(HttpStatusCode.Created).Text("id");
        var aboutSeen = (await anna.PostAsync("/api/reports", new { kind = "momentComment", id = moment, part = seen, reason = "harassment" })).Is(HttpStatusCode.Created).Text("id");
        var aboutMoment = (await anna.ReportAsync("moment", moment)).Is(HttpStatusCode.Created).Text("id");

        var entry = await EntryAsync(aboutComment);
        Assert.Equal((cleo.Handle, "a bad comment"), (entry.GetProperty("accused").GetProperty("handle").GetString(), entry.GetProperty("snapshot").GetProperty("text").GetString()));
        Assert.DoesNotContain("a bad moment", entry.GetRawText());
        (await DecideAsync(aboutComment, remove: true)).Is(HttpStatusCode.NoContent);
        Assert.Equal(["another one"], await ben.CommentsAsync(moment));
        Assert.NotNull(await FindAsync(aboutSeen, "open"));

        (await ben.DeleteAsync($"/api/moments/{moment}")).Is(HttpStatusCode.NoContent);
        Assert.Equal("a bad moment", (await EntryAsync(aboutMoment)).GetProperty("snapshot").GetProperty("text").GetString());
        (await shared.Admin.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.OK);
        (await anna.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        (await DecideAsync(aboutMoment, remove: true)).Is(HttpStatusCode.NoContent);
        (await DecideAsync(aboutSeen, remove: true)).Is(HttpStatusCode.NoContent);
        (await shared.Admin.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);

        var second = await ben.PostMomentAsync("one more");
        (await DecideAsync((await anna.ReportAsync("moment", second)).Is(HttpStatusCode.Created).Text("id"), remove: true)).Is(HttpStatusCode.NoContent);
        (await ben.GetAsync($"/api/moments/{second}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_live_comment_is_reported_with_the_live_planes_signed_word_for_it()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" });
        var said = new CommentStatement(Guid.Parse(broadcast), Guid.NewGuid().ToString("N"), Guid.Parse(ben.Id), "Ben", "a bad comment", 1000, DateTimeOffset.UtcNow);
        var statement = said.Sign(_server.Plane.NodeKey);
        foreach (var forged in new[] { null, "", "a.b", statement[..^2], statement.Replace('.', '-'), (said with { Text = "worse" }).Sign(new NodeKey(new byte[32])), (said with { Broadcast = Guid.NewGuid() }).Sign(_server.Plane.NodeKey) })
        {
            (await anna.PostAsync("/api/reports", new { kind = "liveComment", id = broadcast, statement = forged, reason = "harassment" })).Is(HttpStatusCode.NotFound);
        }

        var report = (await anna.PostAsync("/api/reports", new { kind = "liveComment", id = broadcast, statement, reason = "harassment" })).Is(HttpStatusCode.Created).Text("id");
        var entry = await EntryAsync(report);
        Assert.Equal(("a bad comment", ben.Handle), (entry.GetProperty("snapshot").GetProperty("text").GetString(), entry.GetProperty("accused").GetProperty("handle").GetString()));
        await using var node = await FakeNode.ConnectAsync(_server);
        Assert.Empty((await node.RulesAsync(broadcast)).RemovedComments);
        (await DecideAsync(report, remove: true, suspend: true)).Is(HttpStatusCode.NoContent);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        // The node is told with the rules, now and whenever it connects.
        var removed = (await node.RulesAsync(broadcast, rules => rules.RemovedComments.Count > 0)).RemovedComments;
        Assert.Equal(said.Comment, Ids.FromWire(Assert.Single(removed)).ToText());
    }

    [Fact]
    public async Task Reporting_a_person_does_not_tell_whether_there_is_one()
    {
        var (anna, stranger, blocks, suspended, gone) = (
            await _server.PersonAsync("Anna"), await _server.PersonAsync("Stranger"), await _server.PersonAsync("Blocks"),
            await _server.PersonAsync("Suspended"), await _server.PersonAsync("Gone"));
        await anna.BefriendAsync(blocks);
        (await blocks.PutAsync($"/api/blocks/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        (await shared.Admin.PutAsync($"/api/admin/accounts/{suspended.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await gone.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        var nobody = Guid.NewGuid().ToString("N");
        var reports = new List<string>();
        foreach (var id in new[] { nobody, stranger.Id, blocks.Id, suspended.Id, gone.Id })
        {
            var made = (await anna.ReportAsync("person", id)).Is(HttpStatusCode.Created);
            Assert.Equal(["id"], made.Json.EnumerateObject().Select(member => member.Name));
            // The same while it is open.
            Assert.Equal(made.Text("id"), (await anna.ReportAsync("person", id)).Is(HttpStatusCode.Created).Text("id"));
            reports.Add(made.Text("id"));
        }

        var mine = (await anna.GetAsync("/api/reports")).Json.EnumerateArray()
            .Select(r => (r.GetProperty("kind").GetString(), r.GetProperty("open").GetBoolean())).ToList();
        Assert.Equal(5, mine.Count);
        Assert.Single(mine.Distinct());
        (await anna.ReportAsync("person", "no id")).Is(HttpStatusCode.NotFound);
        (await anna.ReportAsync("person", Guid.Empty.ToString("N"))).Is(HttpStatusCode.NotFound);

        // Administrators are told, and decide it as any other.
        var entry = await EntryAsync(reports[0]);
        Assert.Equal(JsonValueKind.Null, entry.GetProperty("accused").ValueKind);
        Assert.Equal("Nobody has this id", entry.GetProperty("snapshot").GetProperty("title").GetString());
        Assert.Equal(stranger.Handle, (await EntryAsync(reports[1])).GetProperty("accused").GetProperty("handle").GetString());
        foreach (var report in reports)
        {
            (await DecideAsync(report)).Is(HttpStatusCode.NoContent);
        }

        Assert.All((await anna.GetAsync("/api/reports")).Json.EnumerateArray(), r => Assert.False(r.GetProperty("open").GetBoolean()));
    }

    [Fact]
    public async Task Reporting_without_end_is_throttled()
    {
        var anna = await _server.PersonAsync("Anna");
        Answer answer;
        var made = 0;
        while ((answer = await anna.ReportAsync("person", shared.Admin.Id)).Status == HttpStatusCode.Created)
        {
            Assert.InRange(++made, 1, 100);
        }

        Assert.Equal("throttled", answer.Is(HttpStatusCode.TooManyRequests).Code);
        Assert.Equal(1, (await anna.GetAsync("/api/reports")).Json.GetArrayLength());
        (await DecideAsync((await anna.GetAsync("/api/reports")).Json[0].GetProperty("id").GetString()!)).Is(HttpStatusCode.NoContent);
    }

    private Task<Answer> DecideAsync(string report, bool remove = false, bool suspend = false) => shared.Admin.PostAsync($"/api/admin/reports/{report}/decision", new { remove, suspend });

    private async Task<JsonElement> EntryAsync(string report, string state = "open") => await FindAsync(report, state) ?? throw new InvalidOperationException("The report is not listed.");

    private async Task<JsonElement?> FindAsync(string report, string state)
    {
        var from = "";
        while (true)
        {
            var page = (await shared.Admin.GetAsync($"/api/admin/reports?state={state}{from}")).Is(HttpStatusCode.OK).Json;
            foreach (var entry in page.GetProperty("reports").EnumerateArray())
            {
                if (entry.GetProperty("id").GetString() == report)
                {
                    return entry;
                }
            }

            if (page.GetProperty("next").GetString() is not { } next)
            {
                return null;
            }

            from = "&from=" + Uri.EscapeDataString(next);
        }
    }
}

internal static class Reporting
{
    public static Task<Answer> ReportAsync(this Someone by, string kind, string id, string? note = null) => by.PostAsync("/api/reports", new { kind, id, reason = "spam", note });
}
