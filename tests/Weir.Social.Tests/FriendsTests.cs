using System.Net;
using System.Text.Json;

namespace Weir.Social.Tests;

public sealed class FriendsOnSqlite(SqliteServer shared) : FriendsTests(shared);

public sealed class FriendsOnPostgres(PostgresServer shared) : FriendsTests(shared);

public abstract class FriendsTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Friendship_needs_both_and_shows_on_both_sides()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var request = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal(0, (await ben.GetAsync("/api/friends")).Json.GetArrayLength());
        Assert.Equal(anna.Handle, (await ben.GetAsync("/api/friend-requests"))["incoming"][0].GetProperty("from").GetProperty("handle").GetString());
        (await anna.PostAsync($"/api/friend-requests/{request}/accept")).Is(HttpStatusCode.NotFound);
        (await ben.PostAsync($"/api/friend-requests/{request}/accept")).Is(HttpStatusCode.NoContent);
        Assert.Equal(ben.Handle, (await anna.GetAsync("/api/friends")).Json[0].GetProperty("handle").GetString());
        Assert.Equal(anna.Handle, (await ben.GetAsync("/api/friends")).Json[0].GetProperty("handle").GetString());
        Assert.Equal(0, (await anna.GetAsync("/api/friend-requests"))["outgoing"].GetArrayLength());
    }

    [Fact]
    public async Task Asking_whoever_asked_me_makes_us_friends()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle });
        (await ben.PostAsync("/api/friend-requests", new { handle = anna.Handle })).Is(HttpStatusCode.Created);
        Assert.Equal(1, (await anna.GetAsync("/api/friends")).Json.GetArrayLength());
        Assert.Equal("already-friends", (await ben.PostAsync("/api/friend-requests", new { handle = anna.Handle })).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task Both_asking_and_accepting_at_once_make_one_friendship()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var request = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Text("id");
        var answers = await Task.WhenAll(
            ben.PostAsync($"/api/friend-requests/{request}/accept"),
            ben.PostAsync($"/api/friend-requests/{request}/accept"),
            ben.PostAsync("/api/friend-requests", new { handle = anna.Handle }),
            ben.PostAsync($"/api/friend-requests/{request}/accept"));
        Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { HttpStatusCode.NoContent, HttpStatusCode.Created, HttpStatusCode.NotFound, HttpStatusCode.Conflict }));
        Assert.Contains(answers, answer => answer.Status is HttpStatusCode.NoContent or HttpStatusCode.Created);
        Assert.Equal(1, (await anna.GetAsync("/api/friends")).Json.GetArrayLength());
        Assert.Equal(1, (await ben.GetAsync("/api/friends")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Unknown_and_blocking_handles_answer_a_request_alike()
    {
        var (anna, ben, hidden) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), "nobody_" + Guid.NewGuid().ToString("N")[..8]);
        (await ben.PutAsync($"/api/blocks/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        foreach (var handle in new[] { ben.Handle, hidden })
        {
            var asked = (await anna.PostAsync("/api/friend-requests", new { handle })).Is(HttpStatusCode.Created);
            Assert.Equal(["id"], asked.Json.EnumerateObject().Select(m => m.Name));
            // Nor does whoever blocked the handle learn from being asked that somebody has it.
            Assert.Equal(JsonValueKind.Null, (await ben.GetAsync("/api/blocks")).Json[0].GetProperty("name").ValueKind);
            Assert.Equal(asked.Text("id"), (await anna.PostAsync("/api/friend-requests", new { handle })).Is(HttpStatusCode.Created).Text("id"));
            var outgoing = (await anna.GetAsync("/api/friend-requests"))["outgoing"][0];
            Assert.Equal(["handle"], outgoing.GetProperty("to").EnumerateObject().Select(m => m.Name));
            Assert.Equal(handle, outgoing.GetProperty("to").GetProperty("handle").GetString());
            (await anna.PutAsync($"/api/blocks/{handle}")).Is(HttpStatusCode.NoContent);
            var block = (await anna.GetAsync("/api/blocks")).Json[0];
            Assert.Equal((handle, JsonValueKind.Null, JsonValueKind.Null), (block.GetProperty("handle").GetString(), block.GetProperty("id").ValueKind, block.GetProperty("name").ValueKind));
            (await anna.DeleteAsync($"/api/blocks/{handle}")).Is(HttpStatusCode.NoContent);
            (await anna.DeleteAsync($"/api/friends/{handle}")).Is(HttpStatusCode.NotFound);
            Assert.Equal("not-a-friend", (await anna.PostAsync("/api/circles", new { name = "Circle", members = new[] { handle } })).Is(HttpStatusCode.BadRequest).Code);
            (await anna.DeleteAsync($"/api/friend-requests/{asked.Text("id")}")).Is(HttpStatusCode.NoContent);
        }

        Assert.Equal(0, (await ben.GetAsync("/api/friend-requests"))["incoming"].GetArrayLength());
    }

    [Fact]
    public async Task A_request_can_be_withdrawn_and_declined_by_its_two_sides_only()
    {
        var (anna, ben, eve) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Eve"));
        var first = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Text("id");
        (await eve.DeleteAsync($"/api/friend-requests/{first}")).Is(HttpStatusCode.NotFound);
        (await ben.DeleteAsync($"/api/friend-requests/{first}")).Is(HttpStatusCode.NoContent);
        (await ben.DeleteAsync($"/api/friend-requests/{first}")).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync($"/api/friend-requests/{first}")).Is(HttpStatusCode.NoContent);
        var second = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Text("id");
        Assert.NotEqual(first, second);
        (await anna.DeleteAsync($"/api/friend-requests/{second}")).Is(HttpStatusCode.NoContent);
        (await ben.PostAsync($"/api/friend-requests/{second}/accept")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Who_declined_sees_the_request_no_more_and_may_still_change_their_mind()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var request = (await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Text("id");
        (await ben.GetAsync($"/api/people/{anna.Handle}")).Is(HttpStatusCode.OK);
        (await ben.DeleteAsync($"/api/friend-requests/{request}")).Is(HttpStatusCode.NoContent);
        var again = await anna.PostAsync("/api/friend-requests", new { handle = ben.Handle });
        Assert.Equal(request, again.Is(HttpStatusCode.Created).Text("id"));
        Assert.Equal(0, (await ben.GetAsync("/api/friend-requests"))["incoming"].GetArrayLength());
        Assert.Empty(await ben.NoticesAsync());
        (await ben.GetAsync($"/api/people/{anna.Handle}")).Is(HttpStatusCode.NotFound);
        (await ben.PostAsync($"/api/friend-requests/{request}/accept")).Is(HttpStatusCode.NotFound);
        Assert.Equal(request, (await anna.GetAsync("/api/friend-requests"))["outgoing"][0].GetProperty("id").GetString());

        (await ben.PostAsync("/api/friend-requests", new { handle = anna.Handle })).Is(HttpStatusCode.Created);
        Assert.Equal(1, (await anna.GetAsync("/api/friends")).Json.GetArrayLength());
        Assert.Equal(0, (await anna.GetAsync("/api/friend-requests"))["outgoing"].GetArrayLength());
    }

    [Fact]
    public async Task Removing_a_friend_takes_them_out_of_my_circles_and_leaves_their_list_alone()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var circle = await anna.CircleAsync(ben);
        Assert.Equal(circle, (await anna.GetAsync("/api/friends")).Json[0].GetProperty("circles")[0].GetString());
        (await anna.DeleteAsync($"/api/friends/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, (await anna.GetAsync("/api/circles")).Json[0].GetProperty("members").GetArrayLength());
        Assert.Equal(1, (await ben.GetAsync("/api/friends")).Json.GetArrayLength());
        (await anna.PutAsync($"/api/circles/{circle}/members/{ben.Handle}")).Is(HttpStatusCode.BadRequest);
        await anna.BefriendAsync(ben);
        Assert.Equal(1, (await anna.GetAsync("/api/friends")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_circle_is_its_owners_alone()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var circle = await anna.CircleAsync(ben);
        (await ben.PatchAsync($"/api/circles/{circle}", new { name = "Mine" })).Is(HttpStatusCode.NotFound);
        (await ben.DeleteAsync($"/api/circles/{circle}")).Is(HttpStatusCode.NotFound);
        (await ben.DeleteAsync($"/api/circles/{circle}/members/{ben.Handle}")).Is(HttpStatusCode.NotFound);
        Assert.Equal("circle-unknown", (await ben.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "circles", circles = new[] { circle } } })).Is(HttpStatusCode.BadRequest).Code);
        (await anna.PatchAsync($"/api/circles/{circle}", new { name = "家人" })).Is(HttpStatusCode.NoContent);
        Assert.Equal("家人", (await anna.GetAsync("/api/circles")).Json[0].GetProperty("name").GetString());
        (await anna.DeleteAsync($"/api/circles/{circle}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/circles/{circle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, (await anna.GetAsync("/api/circles")).Json.GetArrayLength());
    }

    [Fact]
    public async Task The_preview_names_who_would_see_it_and_who_is_kept_out()
    {
        var (anna, ben, cleo, dan) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"), await _server.PersonAsync("Dan"));
        foreach (var friend in new[] { ben, cleo, dan })
        {
            await anna.BefriendAsync(friend);
        }

        await dan.DeleteAsync($"/api/friends/{anna.Handle}");
        var family = await anna.CircleAsync(ben, cleo);
        var preview = (await anna.PostAsync("/api/audience-preview", new { audience = new { kind = "circles", circles = new[] { family }, except = new { accounts = new[] { cleo.Handle } } } })).Is(HttpStatusCode.OK);
        Assert.Equal(1, preview["count"].GetInt32());
        Assert.Equal(ben.Handle, preview["people"][0].GetProperty("handle").GetString());
        Assert.Equal(cleo.Handle, Assert.Single(preview["except"].EnumerateArray()).GetProperty("handle").GetString());
        Assert.Equal(2, (await anna.PostAsync("/api/audience-preview", new { audience = new { kind = "friends" } }))["count"].GetInt32());
        Assert.Equal(0, (await anna.PostAsync("/api/audience-preview", new { audience = new { kind = "onlyMe" } }))["count"].GetInt32());
        Assert.Equal("official-account-unknown", (await anna.PostAsync("/api/audience-preview", new { audience = new { kind = "followers", officialAccount = "x" } })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task Ten_thousand_friend_requests_of_one_person_are_slowed_and_bounded_and_do_no_harm()
    {
        // What is refused never reaches the database: its kind makes no difference after the first few.
        var count = this is FriendsOnSqlite ? 10_000 : 1_000;
        // 250 at once, then one in 20 seconds: more than this get through in no run of this test.
        const int Through = 300;
        var (flood, ben) = (await _server.PersonAsync("Flood"), await _server.PersonAsync("Ben"));
        var answers = new System.Collections.Concurrent.ConcurrentBag<(HttpStatusCode Status, bool SaysWhen)>();
        var tag = Guid.NewGuid().ToString("N")[..6];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var answer = await flood.PostAsync("/api/friend-requests", new { handle = $"x{tag}_{i}" });
            answers.Add((answer.Status, answer.Message.Headers.RetryAfter is not null));
        });
        var made = answers.Count(a => a.Status == HttpStatusCode.Created);
        Assert.InRange(made, 1, Friends.FriendRequest.MaxOpen);
        Assert.All(answers, a => Assert.Contains(a.Status, new[] { HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable }));
        // Those that get through are bounded however long it takes; the others are told when.
        Assert.InRange(answers.Count(a => a is { Status: HttpStatusCode.TooManyRequests, SaysWhen: true }), count - Through, count);
        Assert.Equal(made, (await flood.GetAsync("/api/friend-requests"))["outgoing"].GetArrayLength());
        // Nobody else waits for it, and asking and taking back in turns does not get round it.
        (await ben.PostAsync("/api/friend-requests", new { handle = "somebody_else" })).Is(HttpStatusCode.Created);
        (await flood.DeleteAsync($"/api/friend-requests/{(await flood.GetAsync("/api/friend-requests"))["outgoing"][0].GetProperty("id").GetString()}")).Is(HttpStatusCode.NoContent);
        (await flood.PostAsync("/api/friend-requests", new { handle = ben.Handle })).Is(HttpStatusCode.TooManyRequests);
    }
}
