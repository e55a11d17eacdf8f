using System.Net;
using System.Text.Json;

namespace Weir.Social.Tests.Moments;

public sealed class MomentsOnSqlite(SqliteServer shared) : MomentTests(shared);

public sealed class MomentsOnPostgres(PostgresServer shared) : MomentTests(shared);

public abstract class MomentTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task A_moment_is_shown_to_whom_it_is_for_and_is_not_there_for_others()
    {
        var (anna, ben, cleo, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var circle = await anna.CircleAsync(ben);
        var all = await anna.PostMomentAsync("For all of you");
        var some = await anna.PostMomentAsync("For Ben", new { kind = "circles", circles = new[] { circle } });
        var others = await anna.PostMomentAsync("Not for Ben", new { kind = "friends", except = new { accounts = new[] { ben.Handle } } });
        var mine = await anna.PostMomentAsync("For me", new { kind = "onlyMe" });
        Assert.Equal([mine, others, some, all], (await anna.FeedAsync()).Select(m => m.Id()));
        Assert.Equal([some, all], (await ben.FeedAsync()).Select(m => m.Id()));
        Assert.Equal([others, all], (await cleo.FeedAsync()).Select(m => m.Id()));
        Assert.Empty(await stranger.FeedAsync());
        Assert.Equal([some, all], (await ben.GetAsync($"/api/people/{anna.Handle}/moments")).Is(HttpStatusCode.OK).Json.EnumerateArray().Select(m => m.Id()));
        (await stranger.GetAsync($"/api/people/{anna.Handle}/moments")).Is(HttpStatusCode.NotFound);
        foreach (var id in new[] { others, mine, Guid.NewGuid().ToString("N"), "nonsense" })
        {
            // Nor is it a place in the list.
            Assert.Equal("cursor-shape", (await ben.GetAsync($"/api/moments?before={id}")).Is(HttpStatusCode.BadRequest).Code);
            Assert.Equal("cursor-shape", (await ben.GetAsync($"/api/people/{anna.Handle}/moments?before={id}")).Is(HttpStatusCode.BadRequest).Code);
            (await ben.GetAsync($"/api/moments/{id}")).Is(HttpStatusCode.NotFound);
            (await ben.PutAsync($"/api/moments/{id}/like")).Is(HttpStatusCode.NotFound);
            (await ben.DeleteAsync($"/api/moments/{id}/like")).Is(HttpStatusCode.NotFound);
            (await ben.PostAsync($"/api/moments/{id}/comments", new { text = "x", clientId = "x" })).Is(HttpStatusCode.NotFound);
            (await ben.DeleteAsync($"/api/moments/{id}/comments/{id}")).Is(HttpStatusCode.NotFound);
            (await ben.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "friends" } })).Is(HttpStatusCode.NotFound);
            (await ben.DeleteAsync($"/api/moments/{id}")).Is(HttpStatusCode.NotFound);
        }

        Assert.Equal("not-yours", (await ben.DeleteAsync($"/api/moments/{all}")).Is(HttpStatusCode.Forbidden).Code);
        // The audience is its owner's to know, and to change.
        Assert.Equal(JsonValueKind.Null, (await ben.MomentAsync(all)).GetProperty("audience").ValueKind);
        var changed = (await anna.PatchAsync($"/api/moments/{all}", new { audience = new { kind = "circles", circles = new[] { circle } } })).Is(HttpStatusCode.OK);
        Assert.Equal(("circles", circle), (changed["audience"].GetProperty("kind").GetString(), changed["audience"].GetProperty("circles")[0].GetString()));
        (await cleo.GetAsync($"/api/moments/{all}")).Is(HttpStatusCode.NotFound);
        // Who comes into the circle sees what was posted before.
        (await anna.PutAsync($"/api/circles/{circle}/members/{cleo.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal([others, some, all], (await cleo.FeedAsync()).Select(m => m.Id()));
    }

    [Fact]
    public async Task Likes_and_comments_are_seen_by_their_authors_friends_only_and_survive_one_goodbye()
    {
        var (owner, ben, cleo, dora) = (await _server.PersonAsync("Owner"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"), await _server.PersonAsync("Dora"));
        foreach (var friend in new[] { ben, cleo, dora })
        {
            await owner.BefriendAsync(friend);
        }

        await ben.BefriendAsync(cleo);
        var id = await owner.PostMomentAsync("A walk");
        var question = await ben.CommentAsync(id, "Where?");
        await ben.LikeAsync(id);
        await ben.LikeAsync(id);
        await owner.CommentAsync(id, "By the weir", question);
        await cleo.CommentAsync(id, "I know it", question);
        Assert.Equal(["Where?", "By the weir", "I know it"], await owner.CommentsAsync(id));
        Assert.Equal(["Where?", "By the weir", "I know it"], await cleo.CommentsAsync(id));
        Assert.Equal([ben.Handle], await cleo.LikesAsync(id));
        // Dora is a friend of the owner alone: Ben said nothing as far as she can tell.
        Assert.Equal(["By the weir"], await dora.CommentsAsync(id));
        Assert.Empty(await dora.LikesAsync(id));
        Assert.Equal(JsonValueKind.Null, (await dora.MomentAsync(id)).GetProperty("comments")[0].GetProperty("replyTo").ValueKind);
        Assert.Equal(ben.Handle, (await cleo.MomentAsync(id)).GetProperty("comments")[1].GetProperty("replyTo").GetProperty("handle").GetString());
        (await dora.PostAsync($"/api/moments/{id}/comments", new { text = "x", clientId = "x", replyTo = question })).Is(HttpStatusCode.BadRequest);
        (await dora.DeleteAsync($"/api/moments/{id}/comments/{question}")).Is(HttpStatusCode.NotFound);
        (await cleo.DeleteAsync($"/api/moments/{id}/comments/{question}")).Is(HttpStatusCode.Forbidden);

        // One ends it: what was said stays on both sides. Both end it: only one's own stays. Friends again: all is back.
        (await ben.DeleteAsync($"/api/friends/{cleo.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(3, (await cleo.CommentsAsync(id)).Count);
        Assert.Equal(3, (await ben.CommentsAsync(id)).Count);
        (await cleo.DeleteAsync($"/api/friends/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(["By the weir", "I know it"], await cleo.CommentsAsync(id));
        Assert.Equal(["Where?", "By the weir"], await ben.CommentsAsync(id));
        Assert.Empty(await cleo.LikesAsync(id));
        Assert.Equal(ben.Handle, (await cleo.MomentAsync(id)).GetProperty("comments")[1].GetProperty("replyTo").GetProperty("handle").GetString());
        await ben.BefriendAsync(cleo);
        Assert.Equal(3, (await cleo.CommentsAsync(id)).Count);

        // The owner may take away what others said, and everybody their own.
        (await owner.DeleteAsync($"/api/moments/{id}/comments/{question}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(["By the weir", "I know it"], await ben.CommentsAsync(id));
        (await ben.DeleteAsync($"/api/moments/{id}/like")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await owner.LikesAsync(id));
    }

    [Fact]
    public async Task Windows_and_both_ways_of_hiding_hold_for_moments_and_nothing_else()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var moment = await anna.PostMomentAsync("Hello");
        var reply = await ben.PostMomentAsync("Hello yourself");
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" });
        (await anna.PutAsync($"/api/moment-hiding/mine-from/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.GetAsync($"/api/moments/{moment}")).Is(HttpStatusCode.NotFound);
        (await anna.GetAsync($"/api/moments/{reply}")).Is(HttpStatusCode.OK);
        await ben.SeesAsync(broadcast, true);
        (await anna.DeleteAsync($"/api/moment-hiding/mine-from/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/moment-hiding/theirs/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal([moment], (await anna.FeedAsync()).Select(m => m.Id()));
        Assert.Equal([reply, moment], (await ben.FeedAsync()).Select(m => m.Id()));
        var person = (await anna.GetAsync($"/api/people/{ben.Handle}")).Is(HttpStatusCode.OK);
        Assert.Equal((false, true, "mutual"), (person["hidesMine"].GetBoolean(), person["hidesTheirs"].GetBoolean(), person.Text("friend")));
        Assert.Equal(ben.Handle, (await anna.GetAsync("/api/moment-hiding"))["theirs"][0].GetProperty("handle").GetString());
        (await anna.PutAsync("/api/moment-hiding/theirs/nobody_at_all")).Is(HttpStatusCode.NotFound);
        (await anna.PatchAsync("/api/me/moments", new { window = "threeDays" })).Is(HttpStatusCode.OK);
        Assert.Equal("threeDays", (await anna.GetAsync("/api/me/moments")).Text("window"));
        (await anna.PatchAsync("/api/me/moments", new { window = "century" })).Is(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Pictures_are_read_by_the_audience_and_go_with_the_moment_whose_id_still_leads_on()
    {
        var (anna, ben, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        var older = await anna.PostMomentAsync("Before");
        var picture = (await anna.UploadAsync(TestPictures.Jpeg(40, 30), "a.jpg", "picture")).Is(HttpStatusCode.Created).Text("id");
        var body = new { text = "", audience = new { kind = "friends" }, pictures = new[] { picture }, clientId = "once" };
        var id = (await anna.PostAsync("/api/moments", body)).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal(id, (await anna.PostAsync("/api/moments", body)).Is(HttpStatusCode.Created).Text("id"));
        var shown = (await ben.MomentAsync(id)).GetProperty("pictures");
        Assert.Equal((picture, 40), (shown[0].Id(), shown[0].GetProperty("width").GetInt32()));
        (await ben.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.OK);
        (await stranger.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        await anna.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "onlyMe" } });
        (await ben.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        await anna.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "friends" }, widen = true });
        Assert.Equal([id], (await ben.FeedAsync("?limit=1")).Select(m => m.Id()));
        var place = $"before={id}&at={Uri.EscapeDataString((await ben.MomentAsync(id)).GetProperty("createdAt").GetString()!)}";
        Assert.Equal([older], (await ben.FeedAsync($"?limit=1&before={id}")).Select(m => m.Id()));
        foreach (var gone in new Func<Task<Answer>>[]
        {
            () => anna.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "onlyMe" } }),
            () => anna.DeleteAsync($"/api/moments/{id}"),
        })
        {
            Assert.True((await gone()).Status is HttpStatusCode.OK or HttpStatusCode.NoContent);
            // Hidden or deleted: the page goes on, and nothing tells which it was.
            Assert.Equal([older], (await ben.FeedAsync($"?limit=1&{place}")).Select(m => m.Id()));
            Assert.Equal([older], (await ben.GetAsync($"/api/people/{anna.Handle}/moments?{place}")).Json.EnumerateArray().Select(m => m.Id()));
            Assert.Equal("cursor-shape", (await ben.GetAsync($"/api/moments?before={id}")).Is(HttpStatusCode.BadRequest).Code);
            (await ben.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.NotFound);
        }

        (await ben.GetAsync($"/api/moments?before={Guid.NewGuid():N}")).Is(HttpStatusCode.BadRequest);
        // Sent again after all: it is the one that is gone.
        Assert.Equal(id, (await anna.PostAsync("/api/moments", body)).Is(HttpStatusCode.Created).Text("id"));
        Assert.DoesNotContain(await anna.FeedAsync(), m => m.Id() == id);
    }

    [Theory]
    [InlineData("""{"text": "", "audience": {"kind": "friends"}}""", "text-shape")]
    [InlineData("""{"text": "x"}""", "audience-kind")]
    [InlineData("""{"text": "x", "audience": {"kind": "public"}}""", "audience-kind")]
    [InlineData("""{"text": "x", "audience": {"kind": "friends"}, "pictures": ["00000000000000000000000000000001"]}""", "file-unknown")]
    [InlineData("""{"text": "x", "audience": {"kind": "friends"}, "card": {"kind": "broadcast", "id": "00000000000000000000000000000001"}}""", "card-unknown")]
    [InlineData("""{"text": "x", "audience": {"kind": "friends"}, "clientId": ""}""", "client-id-shape")]
    public async Task A_moment_that_cannot_be_is_refused_with_its_field(string body, string code)
    {
        var anna = await _server.PersonAsync("Anna");
        var answer = await anna.SendAsync(HttpMethod.Post, "/api/moments", null, r => r.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(code, answer.Is(HttpStatusCode.BadRequest).Code);
        Assert.Empty(await anna.FeedAsync());
    }

    [Fact]
    public async Task Who_is_answered_hears_of_it_quietly_and_devices_get_a_hint_of_what_their_people_see()
    {
        var (owner, ben, cleo) = (await _server.PersonAsync("Owner"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await owner.BefriendAsync(ben);
        await owner.BefriendAsync(cleo);
        await using var atOwner = await Listener.OpenAsync(_server, owner, "moment");
        await using var atCleo = await Listener.OpenAsync(_server, cleo, "moment");
        var id = await owner.PostMomentAsync("A walk");
        await ben.LikeAsync(id);
        var comment = await ben.CommentAsync(id, "Where?");
        await owner.CommentAsync(id, "There", comment);
        Assert.Equal(["posted", "liked", "commented", "commented"], [await What(atOwner), await What(atOwner), await What(atOwner), await What(atOwner)]);
        // Cleo does not know Ben: of what he did she hears nothing.
        Assert.Equal(["posted", "commented"], [await What(atCleo), await What(atCleo)]);
        var notices = await owner.NoticesAsync();
        Assert.Equal(["momentComment", "momentLike"], notices.Select(n => n.Kind()).Where(k => k.StartsWith("moment", StringComparison.Ordinal)));
        Assert.All(notices.Where(n => n.Kind().StartsWith("moment", StringComparison.Ordinal)), n => Assert.True(n.GetProperty("quiet").GetBoolean() && n.Place("id") == id));
        Assert.Equal("There", (await ben.NoticesAsync()).Single(n => n.Kind() == "momentReply").GetProperty("text").GetString());
        (await owner.PutAsync($"/api/moment-hiding/mine-from/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.DoesNotContain(await ben.NoticesAsync(), n => n.Kind() == "momentReply");

        static async Task<string> What(Listener listener) => (await listener.NextAsync()).Body.GetProperty("what").GetString()!;
    }

    [Fact]
    public async Task A_broadcast_for_a_group_is_for_who_is_in_it_and_one_for_followers_for_who_follows()
    {
        var (host, ben, cleo) = (await _server.PersonAsync("Host"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await host.BefriendAsync(ben);
        await host.BefriendAsync(cleo);
        var group = (await host.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle }, name = "Garden" })).Is(HttpStatusCode.Created).Text("id");
        var id = await host.BroadcastAsync(new { kind = "conversation", conversation = group });
        Assert.Equal(group, (await host.GetAsync($"/api/broadcasts/{id}"))["audience"].GetProperty("conversation").GetString());
        (await ben.TicketAsync(id)).Is(HttpStatusCode.Created);
        (await host.DeleteAsync($"/api/conversations/{group}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.TicketAsync(id)).Is(HttpStatusCode.NotFound);
        Assert.Single(await _server.ReadAsync(db => Task.FromResult(db.Cuts.Where(c => c.BroadcastId == Guid.Parse(id)).ToList())));
        await cleo.SeesAsync(id, true);
        (await ben.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "conversation", conversation = group } })).Is(HttpStatusCode.BadRequest);
        var preview = (await host.PostAsync("/api/audience-preview", new { audience = new { kind = "conversation", conversation = group } })).Is(HttpStatusCode.OK);
        Assert.Equal(cleo.Handle, preview["people"][0].GetProperty("handle").GetString());

        var paper = await Articles.Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var official = (await reader.GetAsync($"/api/official/{paper.Handle}")).Text("id");
        var audience = new { kind = "followers", officialAccount = official };
        (await reader.PostAsync("/api/broadcasts", new { title = "x", audience })).Is(HttpStatusCode.BadRequest);
        var press = await paper.Owner.BroadcastAsync(audience);
        (await reader.TicketAsync(press)).Is(HttpStatusCode.Created);
        Assert.Equal(paper.Handle, (await reader.GetAsync($"/api/broadcasts/{press}"))["officialAccount"].GetProperty("handle").GetString());
        (await reader.DeleteAsync($"/api/official/{paper.Handle}/follow")).Is(HttpStatusCode.NoContent);
        (await reader.TicketAsync(press)).Is(HttpStatusCode.NotFound);
        Assert.Single(await _server.ReadAsync(db => Task.FromResult(db.Cuts.Where(c => c.BroadcastId == Guid.Parse(press)).ToList())));
    }
}
