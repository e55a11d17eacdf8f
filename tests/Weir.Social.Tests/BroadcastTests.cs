using System.Net;
using System.Text.Json;
using Weir.Contracts;

namespace Weir.Social.Tests;

public sealed class BroadcastsOnSqlite(SqliteServer shared) : BroadcastTests(shared);

public sealed class BroadcastsOnPostgres(PostgresServer shared) : BroadcastTests(shared);

public abstract class BroadcastTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task The_host_gets_addresses_and_keys_and_the_same_ones_again()
    {
        var anna = await _server.PersonAsync("Anna");
        var made = (await anna.PostAsync("/api/broadcasts", new { title = " Hello ", audience = new { kind = "friends" } })).Is(HttpStatusCode.Created);
        Assert.Equal("ready", made.Text("state"));
        Assert.Equal("rtmp://127.0.0.1:1935/live", made["rtmp"].GetProperty("url").GetString());
        Assert.StartsWith("wk_", made["rtmp"].GetProperty("streamKey").GetString());
        Assert.Equal($"http://127.0.0.1:8081/whip/{made.Text("id")}", made["whip"].GetProperty("url").GetString());
        var again = (await anna.GetAsync($"/api/broadcasts/{made.Text("id")}/publish")).Is(HttpStatusCode.OK);
        Assert.Equal(made["rtmp"].GetRawText(), again["rtmp"].GetRawText());
        Assert.Equal(made["whip"].GetRawText(), again["whip"].GetRawText());
        var card = (await anna.GetAsync($"/api/broadcasts/{made.Text("id")}")).Is(HttpStatusCode.OK);
        Assert.Equal("Hello", card.Text("title"));
        Assert.True(card["isHost"].GetBoolean());
        Assert.Equal("friends", card["audience"].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_host_asks_for_the_shortest_delay_or_no_longer_and_viewers_are_told()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var plain = await anna.BroadcastAsync(new { kind = "friends" });
        Assert.False((await ben.GetAsync($"/api/broadcasts/{plain}")).Is(HttpStatusCode.OK)["conversational"].GetBoolean());
        var id = (await anna.PostAsync("/api/broadcasts", new { title = "Talk", audience = new { kind = "friends" }, conversational = true })).Is(HttpStatusCode.Created).Text("id");
        Assert.True((await ben.GetAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.OK)["conversational"].GetBoolean());
        Assert.True((await anna.PatchAsync($"/api/broadcasts/{id}", new { title = "Talk on" })).Is(HttpStatusCode.OK)["conversational"].GetBoolean());
        Assert.False((await anna.PatchAsync($"/api/broadcasts/{id}", new { conversational = false })).Is(HttpStatusCode.OK)["conversational"].GetBoolean());
        (await ben.PatchAsync($"/api/broadcasts/{id}", new { conversational = true })).Is(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_ticket_is_signed_for_its_viewer_and_comes_in_whole_urls()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var id = await anna.BroadcastAsync(new { kind = "friends" });
        var issued = (await ben.TicketAsync(id)).Is(HttpStatusCode.Created);
        var text = issued.Text("ticket");
        Assert.True(text.Length <= Ticket.MaxLength);
        Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, text, out var ticket));
        Assert.Equal((id, ben.Id, "Ben", TicketRights.Comment), (ticket.Broadcast.ToText(), ticket.Account.ToText(), ticket.Name, ticket.Rights));
        Assert.Equal(ticket.Expires, issued["expiresAt"].GetDateTimeOffset());
        var watch = issued["watch"];
        Assert.Equal($"ws://127.0.0.1:8081/live/{id}/watch?ticket={text}", watch.GetProperty("websocket").GetString());
        Assert.Equal($"http://127.0.0.1:8081/live/{id}/index.m3u8?ticket={text}", watch.GetProperty("hls").GetString());
        Assert.Equal($"http://127.0.0.1:8081/live/{id}.flv?ticket={text}", watch.GetProperty("flv").GetString());
        Assert.Equal($"rtmp://127.0.0.1:1935/live/{id}?ticket={text}", watch.GetProperty("rtmp").GetString());
        Assert.Equal($"http://127.0.0.1:8081/live/{id}/whep?ticket={text}", watch.GetProperty("whep").GetString());
        Assert.Equal($"http://127.0.0.1:8081/live/{id}/replay.m3u8?ticket={text}", watch.GetProperty("replay").GetString());
        Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, (await anna.TicketAsync(id)).Text("ticket"), out ticket) && ticket.IsHost && ticket.MayComment);
    }

    [Fact]
    public async Task Each_kind_of_audience_lets_in_whom_it_says()
    {
        var (anna, friend, inCircle, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Friend"), await _server.PersonAsync("Circle"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(friend);
        await anna.BefriendAsync(inCircle);
        var circle = await anna.CircleAsync(inCircle);
        var nobody = _server.Anybody;
        foreach (var (audience, friendSees, circleSees, strangerSees, nobodySees) in new (object, bool, bool, bool, bool)[]
        {
            (new { kind = "friends" }, true, true, false, false),
            (new { kind = "friends", except = new { circles = new[] { circle } } }, true, false, false, false),
            (new { kind = "circles", circles = new[] { circle } }, false, true, false, false),
            (new { kind = "circles", circles = new[] { circle }, except = new { accounts = new[] { inCircle.Handle } } }, false, false, false, false),
            (new { kind = "link" }, true, true, true, true),
            (new { kind = "public", except = new { accounts = new[] { friend.Handle } } }, false, true, true, true),
            (new { kind = "onlyMe" }, false, false, false, false),
        })
        {
            var id = await anna.BroadcastAsync(audience);
            await anna.SeesAsync(id, true);
            await friend.SeesAsync(id, friendSees);
            await inCircle.SeesAsync(id, circleSees);
            await stranger.SeesAsync(id, strangerSees);
            await nobody.SeesAsync(id, nobodySees);
            (await nobody.TicketAsync(id)).Is(nobodySees ? HttpStatusCode.Created : HttpStatusCode.NotFound);
            (await friend.TicketAsync(id)).Is(friendSees ? HttpStatusCode.Created : HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Insiders_who_are_not_the_host_are_forbidden_and_outsiders_find_nothing()
    {
        var (anna, friend, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Friend"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(friend);
        var id = await anna.BroadcastAsync(new { kind = "friends" });
        foreach (var call in new Func<Someone, Task<Answer>>[]
        {
            who => who.PatchAsync($"/api/broadcasts/{id}", new { title = "Mine now" }),
            who => who.PostAsync($"/api/broadcasts/{id}/end"),
            who => who.DeleteAsync($"/api/broadcasts/{id}"),
            who => who.GetAsync($"/api/broadcasts/{id}/publish"),
            who => who.PutAsync($"/api/broadcasts/{id}/mutes/{friend.Id}"),
            who => who.DeleteAsync($"/api/broadcasts/{id}/mutes/{friend.Id}"),
        })
        {
            (await call(friend)).Is(HttpStatusCode.Forbidden);
            (await call(stranger)).Is(HttpStatusCode.NotFound);
            (await call(_server.Anybody)).Is(HttpStatusCode.NotFound);
        }

        Assert.Equal(JsonValueKind.Null, (await friend.GetAsync($"/api/broadcasts/{id}"))["audience"].ValueKind);
    }

    [Fact]
    public async Task Lists_show_what_the_caller_may_watch_and_no_links()
    {
        var (anna, friend, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Friend"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(friend);
        var ids = new Dictionary<string, string>();
        foreach (var kind in new[] { "friends", "link", "public", "onlyMe" })
        {
            ids[kind] = await anna.BroadcastAsync(new { kind });
        }

        await _server.ReadAsync(async db =>
        {
            foreach (var broadcast in db.Broadcasts.Where(b => b.OwnerId == Guid.Parse(anna.Id)))
            {
                broadcast.State = Broadcasts.BroadcastState.Live;
            }

            return await db.SaveChangesAsync();
        });
        Assert.Equal([ids["onlyMe"], ids["public"], ids["link"], ids["friends"]], await Listed(anna, "live"));
        Assert.Equal([ids["public"], ids["friends"]], await Listed(friend, "live"));
        Assert.Empty(await Listed(stranger, "live"));
        Assert.Empty(await Listed(friend, "mine"));
        Assert.Empty(await Listed(friend, "replays"));
        (await friend.GetAsync("/api/broadcasts?scope=all")).Is(HttpStatusCode.BadRequest);
        // The live plane is away: what it called live last is shown as interrupted.
        var card = (await friend.GetAsync($"/api/broadcasts/{ids["friends"]}")).Json;
        Assert.Equal(("interrupted", false), (card.GetProperty("state").GetString(), card.GetProperty("liveAvailable").GetBoolean()));
        static async Task<string[]> Listed(Someone who, string scope) =>
            [.. (await who.GetAsync($"/api/broadcasts?scope={scope}")).Is(HttpStatusCode.OK).Json.EnumerateArray().Select(b => b.GetProperty("id").GetString()!)];
    }

    [Fact]
    public async Task Both_directions_of_the_friendship_are_needed()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var id = await anna.BroadcastAsync(new { kind = "friends" });
        await ben.SeesAsync(id, true);
        await ben.DeleteAsync($"/api/friends/{anna.Handle}");
        await ben.SeesAsync(id, false);
        await ben.BefriendAsync(anna);
        await ben.SeesAsync(id, true);
        await ben.PutAsync($"/api/blocks/{anna.Handle}");
        await ben.SeesAsync(id, false);
    }

    [Fact]
    public async Task A_handle_that_is_kept_out_before_it_exists_is_kept_out_when_it_does()
    {
        var anna = await _server.PersonAsync("Anna");
        var handle = "later_" + Guid.NewGuid().ToString("N")[..8];
        var id = await anna.BroadcastAsync(new { kind = "public", except = new { accounts = new[] { handle } } });
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        var later = await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/accounts", new { invitation = code, handle, name = "Later", password = Someone.Password }));
        await later.SeesAsync(id, false);
    }

    [Fact]
    public async Task Deleting_a_circle_that_was_kept_out_lets_nobody_in()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var circle = await anna.CircleAsync(ben);
        var id = await anna.BroadcastAsync(new { kind = "friends", except = new { circles = new[] { circle } } });
        await ben.SeesAsync(id, false);
        (await anna.DeleteAsync($"/api/circles/{circle}")).Is(HttpStatusCode.NoContent);
        await ben.SeesAsync(id, false);
        Assert.Equal(ben.Handle, (await anna.GetAsync($"/api/broadcasts/{id}"))["audience"].GetProperty("except").GetProperty("accounts")[0].GetString());
    }

    [Theory]
    [InlineData("public")]
    [InlineData("link")]
    [InlineData("friends")]
    [InlineData("conversation")]
    public async Task Leaving_a_circle_that_was_kept_out_lets_nobody_in(string kind)
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var made = await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle }, name = "Us" });
        var group = made.Is(HttpStatusCode.Created).Text("id");
        var circle = await anna.CircleAsync(ben, cleo);
        var id = await anna.BroadcastAsync(new { kind, conversation = group, except = new { circles = new[] { circle } } });
        (await anna.DeleteAsync($"/api/friends/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/circles/{circle}/members/{cleo.Handle}")).Is(HttpStatusCode.NoContent);
        await ben.SeesAsync(id, false);
        await cleo.SeesAsync(id, false);
        (await ben.TicketAsync(id)).Is(HttpStatusCode.NotFound);
        // The host sees who it is, and may let them in.
        var except = (await anna.GetAsync($"/api/broadcasts/{id}"))["audience"].GetProperty("except").GetProperty("accounts");
        Assert.Equal(new[] { ben.Handle, cleo.Handle }.Order(), except.EnumerateArray().Select(handle => handle.GetString()!).Order());
        var widened = await anna.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind, conversation = group }, widen = true });
        widened.Is(HttpStatusCode.OK);
        await cleo.SeesAsync(id, true);
        // What comes later keeps out who is in the circle then.
        var later = await anna.BroadcastAsync(new { kind, conversation = group, except = new { circles = new[] { circle } } });
        await cleo.SeesAsync(later, true);
    }

    [Fact]
    public async Task An_ended_broadcast_stays_ended_and_a_deleted_one_is_nowhere()
    {
        var anna = await _server.PersonAsync("Anna");
        var id = await anna.BroadcastAsync(new { kind = "friends" });
        (await anna.PostAsync($"/api/broadcasts/{id}/end")).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync($"/api/broadcasts/{id}/end")).Is(HttpStatusCode.NoContent);
        Assert.Equal("ended", (await anna.GetAsync($"/api/broadcasts/{id}")).Text("state"));
        (await anna.TicketAsync(id)).Is(HttpStatusCode.Created);
        (await anna.DeleteAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.NoContent);
        await anna.SeesAsync(id, false);
        Assert.Equal(0, (await anna.GetAsync("/api/broadcasts?scope=mine")).Json.GetArrayLength());
    }

    [Fact]
    public async Task The_encoder_key_stays_until_it_is_renewed()
    {
        var anna = await _server.PersonAsync("Anna");
        var first = (await anna.GetAsync("/api/encoder-key")).Is(HttpStatusCode.OK)["rtmp"].GetProperty("streamKey").GetString()!;
        Assert.Equal(first, (await anna.GetAsync("/api/encoder-key"))["rtmp"].GetProperty("streamKey").GetString());
        var renewed = (await anna.PostAsync("/api/encoder-key/renew")).Is(HttpStatusCode.OK);
        Assert.NotEqual(first, renewed["rtmp"].GetProperty("streamKey").GetString());
        Assert.DoesNotContain(renewed["rtmp"].GetProperty("streamKey").GetString()!, renewed.Text("masked"));
    }

    [Theory]
    [InlineData("{\"title\": \"\", \"audience\": {\"kind\": \"friends\"}}", "title-shape")]
    [InlineData("{\"title\": \"x\"}", "audience-kind")]
    [InlineData("{\"title\": \"x\", \"audience\": {\"kind\": \"everyone\"}}", "audience-kind")]
    [InlineData("{\"title\": \"x\", \"audience\": {\"kind\": \"circles\"}}", "audience-empty")]
    [InlineData("{\"title\": \"x\", \"audience\": {\"kind\": \"circles\", \"circles\": [\"nonsense\"]}}", "circle-unknown")]
    [InlineData("{\"title\": \"x\", \"audience\": {\"kind\": \"conversation\", \"conversation\": \"1\"}}", "conversation-unknown")]
    [InlineData("{\"title\": [1]}", "unreadable", "title")]
    [InlineData("nonsense", "bad-request")]
    public async Task A_broadcast_that_cannot_be_is_refused_with_a_problem_document(string body, string code, string? field = null)
    {
        var anna = await _server.PersonAsync("Anna");
        var answer = await anna.SendAsync(HttpMethod.Post, "/api/broadcasts", null, r => r.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(code, answer.Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("application/problem+json", answer.Message.Content.Headers.ContentType!.MediaType);
        if (field is not null)
        {
            Assert.Equal(code, answer["codes"].GetProperty(field).EnumerateArray().Single().GetString());
        }
    }
}
