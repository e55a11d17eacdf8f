using System.Net;
using System.Text.Json;
using Weir.Contracts;
using Weir.Contracts.Planes;

namespace Weir.Social.Tests;

public sealed class NotificationsOnSqlite(SqliteServer shared) : NotificationTests(shared);

public sealed class NotificationsOnPostgres(PostgresServer shared) : NotificationTests(shared);

public abstract class NotificationTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task A_friend_request_is_listed_until_it_is_answered_and_the_answer_comes_quietly()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await using var atBen = await Listener.OpenAsync(_server, ben, "notification");
        var request = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Text("id");
        Assert.Equal("friendRequest", (await atBen.NextAsync()).Body.GetProperty("kind").GetString());

        var item = Assert.Single(await ben.NoticesAsync());
        Assert.Equal(("friendRequest", request, anna.Handle, false), (item.Kind(), item.Place("id"), item.Who(), item.GetProperty("read").GetBoolean()));
        Assert.Equal(1, await ben.UnreadAsync());
        (await ben.PostAsync($"/api/friend-requests/{request}/accept")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await ben.NoticesAsync());
        Assert.Equal(0, await ben.UnreadAsync());

        item = Assert.Single(await anna.NoticesAsync());
        Assert.Equal(("friendAccepted", ben.Handle, true), (item.Kind(), item.Who(), item.GetProperty("quiet").GetBoolean()));
        Assert.Equal(0, await anna.UnreadAsync());
        // A friendship that is over is nothing to tell of.
        (await ben.DeleteAsync($"/api/friends/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await anna.NoticesAsync());
    }

    [Fact]
    public async Task Mentions_and_replies_are_listed_with_their_place_and_go_with_the_message()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        await using var atBen = await Listener.OpenAsync(_server, ben, "notification");
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle }, name = "Garden" })).Text("id");
        var mine = (await ben.SayAsync(group, "Who waters?")).Text("id");
        await anna.SayAsync(group, "Nobody asked you");
        var reply = (await anna.PostAsync($"/api/conversations/{group}/messages", new { clientId = "r", text = "I do", replyTo = mine, mentions = new[] { ben.Id } })).Is(HttpStatusCode.Created).Text("id");
        await atBen.NextAsync();
        await cleo.PostAsync($"/api/conversations/{group}/messages", new { clientId = "m", text = "Thanks @Ben", mentions = new[] { ben.Id } });
        await atBen.NextAsync();

        var items = await ben.NoticesAsync();
        Assert.Equal(["mention", "reply"], items.Select(i => i.Kind()).Where(k => k is "mention" or "reply"));
        var first = items.First(i => i.Kind() == "reply");
        Assert.Equal((group, "Garden", 3, "I do"), (first.Place("id"), first.Place("name"), first.GetProperty("place").GetProperty("seq").GetInt32(), first.GetProperty("text").GetString()));
        Assert.Equal(2, await ben.UnreadAsync());
        Assert.DoesNotContain(await cleo.NoticesAsync(), i => i.Kind() is "mention" or "reply");

        (await anna.PostAsync($"/api/conversations/{group}/messages/{reply}/recall")).Is(HttpStatusCode.NoContent);
        Assert.DoesNotContain(await ben.NoticesAsync(), i => i.Kind() == "reply");
        // Reading the conversation is reading them.
        (await ben.PutAsync($"/api/conversations/{group}/read", new { seq = 4 })).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, await ben.UnreadAsync());
        (await anna.DeleteAsync($"/api/conversations/{group}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.DoesNotContain(await ben.NoticesAsync(), i => i.Kind() == "mention");
    }

    [Fact]
    public async Task Whoever_is_blocked_or_blocks_is_in_no_list()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle });
        Assert.Single(await ben.NoticesAsync());
        (await ben.PutAsync($"/api/blocks/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await ben.NoticesAsync());
    }

    [Fact]
    public async Task Live_is_told_to_those_with_a_star_who_may_watch_and_only_while_they_may()
    {
        await using var server = await StartAsync();
        var anna = await server.PersonAsync("Anna", admin: true);
        var (ben, cleo, dora) = (await server.PersonAsync("Ben"), await server.PersonAsync("Cleo"), await server.PersonAsync("Dora"));
        foreach (var friend in new[] { ben, cleo, dora })
        {
            await anna.BefriendAsync(friend);
        }

        (await ben.PutAsync($"/api/friends/{anna.Handle}/star")).Is(HttpStatusCode.NoContent);
        (await dora.PutAsync($"/api/friends/{anna.Handle}/star")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync("/api/friends/nobody_there/star")).Is(HttpStatusCode.NotFound);
        (await ben.PutAsync($"/api/friends/{cleo.Handle}/star")).Is(HttpStatusCode.NotFound);
        Assert.True((await ben.GetAsync("/api/friends")).Json[0].GetProperty("starred").GetBoolean());
        var id = await anna.BroadcastAsync(new { kind = "friends", except = new { accounts = new[] { dora.Handle } } }, "Sunrise");
        await using var node = await FakeNode.ReadyAsync(server);
        await node.ReportAsync(Report(id, 1, BroadcastPhase.Live));
        await node.ReportAsync(Report(id, 2, BroadcastPhase.Interrupted));
        await node.ReportAsync(Report(id, 3, BroadcastPhase.Live));

        var item = Assert.Single(await ben.NoticesAsync(), i => i.Kind() == "live");
        Assert.Equal((id, "Sunrise", "live", anna.Handle), (item.Place("id"), item.Place("name"), item.Place("state"), item.Who()));
        Assert.Equal(1, await ben.UnreadAsync());
        Assert.DoesNotContain(await cleo.NoticesAsync(), i => i.Kind() == "live");
        Assert.DoesNotContain(await dora.NoticesAsync(), i => i.Kind() == "live");

        (await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);
        Assert.DoesNotContain(await ben.NoticesAsync(), i => i.Kind() == "live");
        (await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" }, widen = true })).Is(HttpStatusCode.OK);
        Assert.Contains(await ben.NoticesAsync(), i => i.Kind() == "live");
        // Dora may watch now, and was not told then.
        Assert.DoesNotContain(await dora.NoticesAsync(), i => i.Kind() == "live");
        (await ben.DeleteAsync($"/api/friends/{anna.Handle}/star")).Is(HttpStatusCode.NoContent);
        Assert.False((await ben.GetAsync("/api/friends")).Json[0].GetProperty("starred").GetBoolean());
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_marked_as_read_up_to_what_was_seen()
    {
        var ben = await _server.PersonAsync("Ben");
        var others = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => _server.PersonAsync("Other")));
        foreach (var other in others)
        {
            await other.PostAsync("/api/friend-requests", new { handle = ben.Handle });
        }

        var all = new List<JsonElement>();
        string? next = null;
        do
        {
            var page = (await ben.GetAsync($"/api/notifications?limit=3{(next is null ? "" : $"&before={next}")}")).Is(HttpStatusCode.OK);
            all.AddRange(page["items"].EnumerateArray());
            next = page["next"].GetString();
        }
        while (next is not null);
        Assert.Equal(others.Reverse().Select(o => o.Handle), all.Select(i => i.Who()));
        Assert.Equal(7, await ben.UnreadAsync());

        await using var atBen = await Listener.OpenAsync(_server, ben, "notification");
        (await ben.PutAsync("/api/notifications/read", new { upTo = all[2].GetProperty("id").GetString() })).Is(HttpStatusCode.NoContent);
        Assert.Equal(JsonValueKind.Null, (await atBen.NextAsync()).Body.GetProperty("kind").ValueKind);
        Assert.Equal(2, await ben.UnreadAsync());
        (await others[0].PutAsync("/api/notifications/read", new { upTo = all[2].GetProperty("id").GetString() })).Is(HttpStatusCode.NotFound);
        (await ben.GetAsync("/api/notifications?before=x")).Is(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Everybody_chooses_what_is_listed_and_bad_choices_are_refused_whole()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var settings = (await ben.GetAsync("/api/notifications/settings")).Is(HttpStatusCode.OK);
        Assert.Equal(18 * 60, settings["summaryAt"].GetInt32());
        Assert.Equal("now", settings["kinds"].GetProperty("directMessage").GetProperty("push").GetString());
        Assert.Equal("never", settings["kinds"].GetProperty("groupMessage").GetProperty("push").GetString());
        Assert.False(settings["previews"].GetBoolean());

        var wanted = new
        {
            kinds = new { friendRequest = new { inApp = false, push = "never" } },
            quietHours = new { from = 22 * 60, to = 7 * 60 },
            summaryAt = 8 * 60,
            timeZone = "Asia/Shanghai",
        };
        Assert.Equal("Asia/Shanghai", (await ben.PutAsync("/api/notifications/settings", wanted)).Is(HttpStatusCode.OK).Text("timeZone"));
        await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle });
        Assert.Empty(await ben.NoticesAsync());
        Assert.Single((await ben.GetAsync("/api/friend-requests"))["incoming"].EnumerateArray());

        foreach (var (bad, code) in new (object, string)[]
        {
            (new { quietHours = new { from = -1, to = 5 } }, "minutes-shape"), (new { summaryAt = 1440 }, "minutes-shape"), (new { timeZone = "Nowhere/At_All" }, "time-zone-unknown"),
        })
        {
            Assert.Equal(code, (await ben.PutAsync("/api/notifications/settings", bad)).Is(HttpStatusCode.BadRequest).Code);
        }

        (await ben.PutAsync("/api/notifications/settings", new { kinds = new { nothing = new { inApp = true, push = "now" } } })).Is(HttpStatusCode.BadRequest);
        Assert.Equal(8 * 60, (await ben.GetAsync("/api/notifications/settings"))["summaryAt"].GetInt32());
        (await _server.Anybody.GetAsync("/api/notifications")).Is(HttpStatusCode.Unauthorized);
    }

    private Task<Server> StartAsync() => Server.StartAsync((shared as PostgresServer)?.Cluster);

    private static BroadcastReport Report(string id, long revision, BroadcastPhase phase) =>
        new() { Broadcast = Ids.TryParse(id, out var parsed) ? parsed.ToWire() : throw new InvalidOperationException(id), Revision = revision, Phase = phase, StartedAt = 1, ChangedAt = 1 };
}

internal static class Notified
{
    public static async Task<List<JsonElement>> NoticesAsync(this Someone who) =>
        [.. (await who.GetAsync("/api/notifications?limit=100")).Is(HttpStatusCode.OK)["items"].EnumerateArray()];

    public static async Task<int> UnreadAsync(this Someone who) => (await who.GetAsync("/api/notifications/unread")).Is(HttpStatusCode.OK)["count"].GetInt32();

    public static string Kind(this JsonElement item) => item.GetProperty("kind").GetString()!;

    public static string Who(this JsonElement item) => item.GetProperty("people")[0].GetProperty("handle").GetString()!;

    public static string? Place(this JsonElement item, string member) => item.GetProperty("place").GetProperty(member).GetString();
}
