using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests;

public sealed class WideningOnSqlite(SqliteServer shared) : WideningTests(shared);

public sealed class WideningOnPostgres(PostgresServer shared) : WideningTests(shared);

/// <summary>A change of an audience that lets in anybody who was out must say so; any other need not.</summary>
public abstract class WideningTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task What_lets_somebody_in_is_refused_unless_it_says_so_and_what_lets_nobody_in_is_not()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var (circle, empty) = (await anna.CircleAsync(ben), await anna.CircleAsync());
        var made = await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" });
        var group = made.Is(HttpStatusCode.Created).Text("id");
        var another = await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "The same people" });
        object friends = new { kind = "friends" };
        object open = new { kind = "public" };
        object link = new { kind = "link" };
        object onlyMe = new { kind = "onlyMe" };
        object circles = new { kind = "circles", circles = new[] { circle } };
        object conversation = new { kind = "conversation", conversation = group };
        object other = new { kind = "conversation", conversation = another.Is(HttpStatusCode.Created).Text("id") };
        (object From, object To, bool Widens)[] changes =
        [
            (friends, circles, false),
            (circles, friends, true),
            (friends, conversation, true),
            (conversation, friends, true),
            (conversation, circles, false),
            (circles, conversation, true),
            (conversation, conversation, false),
            (conversation, other, true),
            (open, conversation, false),
            (link, conversation, true),
            (Except(open, ben), conversation, true),
            (Except(open, ben), Except(conversation, ben), false),
            (Except(conversation, cleo), conversation, true),
            (conversation, Except(conversation, cleo), false),
            (onlyMe, circles, true),
            (onlyMe, new { kind = "circles", circles = new[] { empty } }, false),
            (friends, onlyMe, false),
            (open, friends, false),
            (open, link, false),
            (link, open, true),
            (friends, link, true),
            (Except(friends, ben), friends, true),
            (friends, Except(friends, ben), false),
            (circles, new { kind = "friends", except = new { accounts = new[] { cleo.Handle } } }, false),
            (new { kind = "friends", except = new { circles = new[] { circle } } }, friends, true),
            (new { kind = "friends", except = new { circles = new[] { empty } } }, friends, false),
            (new { kind = "public", except = new { circles = new[] { circle } } }, open, true),
            (new { kind = "public", except = new { accounts = new[] { ben.Handle } } }, friends, true),
        ];
        foreach (var (from, to, widens) in changes)
        {
            var id = await anna.BroadcastAsync(from);
            var before = (await anna.GetAsync($"/api/broadcasts/{id}"))["audience"].GetRawText();
            var answer = await anna.PatchAsync($"/api/broadcasts/{id}", new { title = "Another", audience = to });
            Assert.True(
                widens ? answer.Status == HttpStatusCode.BadRequest && answer.Code == "widens" : answer.Status == HttpStatusCode.OK,
                $"from {from} to {to}: {answer.Body}");
            var after = await anna.GetAsync($"/api/broadcasts/{id}");
            if (widens)
            {
                Assert.Equal(("A broadcast", before), (after.Text("title"), after["audience"].GetRawText()));
                (await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = to, widen = true })).Is(HttpStatusCode.OK);
            }

            (await anna.DeleteAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.NoContent);
        }
    }

    [Fact]
    public async Task Every_change_from_one_kind_to_another_is_known()
    {
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var (anna, ben) = (publishing.Owner, await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(await _server.PersonAsync("Cleo"));
        var circle = await anna.CircleAsync(ben);
        var made = await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" });
        var group = made.Is(HttpStatusCode.Created).Text("id");
        var account = (await anna.GetAsync($"/api/official/{publishing.Handle}")).Is(HttpStatusCode.OK).Text("id");
        object[] audiences =
        [
            new { kind = "onlyMe" },
            new { kind = "circles", circles = new[] { circle } },
            new { kind = "friends" },
            new { kind = "conversation", conversation = group },
            new { kind = "followers", officialAccount = account },
            new { kind = "link" },
            new { kind = "public" },
        ];
        // A line for each kind as it was, in this order, a column for each as it becomes. Ben is in all of them, Cleo a friend alone.
        string[] widens =
        [
            ".wwwwww",
            "..wwwww",
            "...wwww",
            "..w.www",
            ".www.ww",
            ".wwww.w",
            ".......",
        ];
        for (var from = 0; from < audiences.Length; from++)
        {
            for (var to = 0; to < audiences.Length; to++)
            {
                var id = await anna.BroadcastAsync(audiences[from]);
                var answer = await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = audiences[to] });
                var refused = answer.Status == HttpStatusCode.BadRequest && answer.Code == "widens";
                Assert.True(
                    widens[from][to] == 'w' ? refused : answer.Status == HttpStatusCode.OK,
                    $"from {audiences[from]} to {audiences[to]}: {answer.Body}");
                (await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = audiences[to], widen = true })).Is(HttpStatusCode.OK);
                (await anna.DeleteAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.NoContent);
            }
        }
    }

    [Fact]
    public async Task Followers_are_let_in_and_shut_out_like_everybody_else()
    {
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await publishing.FollowerAsync();
        var account = (await publishing.Owner.GetAsync($"/api/official/{publishing.Handle}")).Is(HttpStatusCode.OK).Text("id");
        object followers = new { kind = "followers", officialAccount = account };
        var id = await publishing.Owner.BroadcastAsync(new { kind = "friends" });
        await RefusedAsync(publishing.Owner, $"/api/broadcasts/{id}", followers);
        await reader.SeesAsync(id, false);
        (await publishing.Owner.PatchAsync($"/api/broadcasts/{id}", new { audience = followers, widen = true })).Is(HttpStatusCode.OK);
        await reader.SeesAsync(id, true);
        (await publishing.Owner.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } })).Is(HttpStatusCode.OK);
        await reader.SeesAsync(id, false);
    }

    [Fact]
    public async Task Who_may_come_by_themselves_later_is_let_in_by_those_who_say_so()
    {
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var later = await _server.PersonAsync("Later");
        var account = (await publishing.Owner.GetAsync($"/api/official/{publishing.Handle}")).Is(HttpStatusCode.OK).Text("id");
        object followers = new { kind = "followers", officialAccount = account };
        var id = await publishing.Owner.BroadcastAsync(new { kind = "friends" });
        await RefusedAsync(publishing.Owner, $"/api/broadcasts/{id}", followers);
        await RefusedAsync(publishing.Owner, $"/api/broadcasts/{id}", Except(followers, later));
        (await later.PutAsync($"/api/official/{publishing.Handle}/follow")).Is(HttpStatusCode.NoContent);
        await later.SeesAsync(id, false);
        (await later.DeleteAsync($"/api/official/{publishing.Handle}/follow")).Is(HttpStatusCode.NoContent);

        // Whoever is kept out by name and does not follow yet is let in as well when the name goes.
        var kept = await publishing.Owner.BroadcastAsync(Except(followers, later));
        (await publishing.Owner.PatchAsync($"/api/broadcasts/{kept}", new { audience = Except(followers, later) })).Is(HttpStatusCode.OK);
        await RefusedAsync(publishing.Owner, $"/api/broadcasts/{kept}", followers);
        (await publishing.Owner.PatchAsync($"/api/broadcasts/{kept}", new { audience = followers, widen = true })).Is(HttpStatusCode.OK);
        (await publishing.Owner.PatchAsync($"/api/broadcasts/{kept}", new { audience = Except(followers, later) })).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_moment_is_widened_by_those_who_say_so()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var id = await anna.PostMomentAsync("Mine", new { kind = "onlyMe" });
        await RefusedAsync(anna, $"/api/moments/{id}", new { kind = "friends" });
        (await ben.GetAsync($"/api/moments/{id}")).Is(HttpStatusCode.NotFound);
        (await anna.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "friends" }, widen = true })).Is(HttpStatusCode.OK);
        (await ben.GetAsync($"/api/moments/{id}")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Articles_are_opened_to_strangers_by_those_who_say_so()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin, open: false);
        var (_, url) = await paper.PublishAsync();
        var path = $"/api/official/{paper.Handle}";
        var refused = (await paper.Owner.PatchAsync(path, new { open = true, name = "Another" })).Is(HttpStatusCode.BadRequest);
        Assert.Equal("widens", refused.Code);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.NotFound);
        Assert.Equal("The Paper", (await paper.Owner.GetAsync(path)).Text("name"));
        (await paper.Owner.PatchAsync(path, new { open = true, widen = true })).Is(HttpStatusCode.OK);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK);
        (await paper.Owner.PatchAsync(path, new { open = true, name = "Another" })).Is(HttpStatusCode.OK);
        (await paper.Owner.PatchAsync(path, new { open = false })).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Older_moments_are_shown_by_those_who_say_so()
    {
        var anna = await _server.PersonAsync("Anna");
        string[] windows = ["all", "sixMonths", "month", "threeDays"];
        foreach (var narrower in windows)
        {
            (await anna.PatchAsync("/api/me/moments", new { window = narrower })).Is(HttpStatusCode.OK);
            foreach (var wider in windows.TakeWhile(window => window != narrower))
            {
                Assert.Equal("widens", (await anna.PatchAsync("/api/me/moments", new { window = wider })).Is(HttpStatusCode.BadRequest).Code);
                Assert.Equal(narrower, (await anna.GetAsync("/api/me/moments")).Text("window"));
            }
        }

        (await anna.PatchAsync("/api/me/moments", new { window = "all", widen = true })).Is(HttpStatusCode.OK);
        Assert.Equal("all", (await anna.GetAsync("/api/me/moments")).Text("window"));
    }

    [Fact]
    public async Task The_answer_tells_neither_who_blocked_nor_whether_a_handle_exists()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        (await ben.PutAsync($"/api/blocks/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        var friends = await anna.BroadcastAsync(Except(new { kind = "friends" }, ben));
        await RefusedAsync(anna, $"/api/broadcasts/{friends}", new { kind = "friends" });
        var nobody = $"nobody_{Guid.NewGuid():N}"[..20];
        friends = await anna.BroadcastAsync(new { kind = "friends", except = new { accounts = new[] { nobody } } });
        await RefusedAsync(anna, $"/api/broadcasts/{friends}", new { kind = "friends" });
        var open = await anna.BroadcastAsync(new { kind = "public", except = new { accounts = new[] { nobody } } });
        await RefusedAsync(anna, $"/api/broadcasts/{open}", new { kind = "public" });
    }

    private static async Task RefusedAsync(Someone owner, string path, object audience) =>
        Assert.Equal("widens", (await owner.PatchAsync(path, new { audience })).Is(HttpStatusCode.BadRequest).Code);

    private static JsonObject Except(object audience, Someone one)
    {
        var but = JsonSerializer.SerializeToNode(audience)!.AsObject();
        but["except"] = new JsonObject { ["accounts"] = new JsonArray(one.Handle) };
        return but;
    }
}
