using System.Net;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>What a host and an administrator have in hand besides the one broadcast: the permanent key, the switches, rehearsal, an end.</summary>
public sealed class StudioStory
{
    [Fact]
    public async Task The_permanent_encoder_key_feeds_the_prepared_broadcast_until_it_is_renewed()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        var key = await stage.Host.GetAsync("/api/encoder-key");
        await using var publisher = await stage.GoLiveAsync(broadcast, key);

        await stage.Host.PostAsync("/api/encoder-key/renew", new { }, HttpStatusCode.OK);
        await publisher.WaitAsync();
        await stage.StateAsync(id, "interrupted");

        await using var old = Ffmpeg.Publish(Stage.PublishUrl(key));
        await old.WaitAsync();
        Assert.NotEqual(0, old.ExitCode);
        await using var renewed = await stage.GoLiveAsync(broadcast, await stage.Host.GetAsync("/api/encoder-key"));
    }

    [Fact]
    public async Task One_switch_stops_all_live_while_everything_social_goes_on()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);

        await PutLiveAsync(stage.Host, new { enabled = false, mode = "everyone", handles = Array.Empty<string>() });
        await publisher.WaitAsync();
        await stage.StateAsync(id, "interrupted");
        await using (var refused = Ffmpeg.Publish(Stage.PublishUrl(broadcast)))
        {
            await refused.WaitAsync();
            Assert.NotEqual(0, refused.ExitCode);
        }

        await stage.Friend.GetAsync("/api/friends");
        await stage.Host.PostAsync("/api/circles", new { name = "While live is off", members = Array.Empty<string>() });

        await PutLiveAsync(stage.Host, new { enabled = true, mode = "everyone", handles = Array.Empty<string>() });
        await using var again = await stage.GoLiveAsync(broadcast);
    }

    [Fact]
    public async Task Live_can_be_opened_to_named_accounts_first()
    {
        await using var stage = await Stage.SetAsync();
        var mine = new { title = "mine", audience = new { kind = "friends" } };
        await PutLiveAsync(stage.Host, new { enabled = true, mode = "named", handles = new[] { "host" } });
        Assert.Equal(HttpStatusCode.Forbidden, await stage.Friend.StatusAsync(HttpMethod.Post, "/api/broadcasts", mine));
        Assert.Equal(HttpStatusCode.Created, await stage.Host.StatusAsync(HttpMethod.Post, "/api/broadcasts", mine));
        await PutLiveAsync(stage.Host, new { enabled = true, mode = "named", handles = new[] { "host", "friend" } });
        Assert.Equal(HttpStatusCode.Created, await stage.Friend.StatusAsync(HttpMethod.Post, "/api/broadcasts", mine));
    }

    [Fact]
    public async Task A_rehearsal_is_seen_by_its_host_alone_and_becomes_the_real_thing_without_a_restart()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.Host.PostAsync("/api/broadcasts", new { title = "rehearsal", audience = new { kind = "onlyMe" } });
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await using var host = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Host, id), "websocket"));
        await host.MediaAsync();
        Assert.Equal(HttpStatusCode.NotFound, await stage.Friend.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));

        await stage.Host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" }, widen = true });
        await using var friend = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "websocket"));
        await friend.MediaAsync();
        Assert.False(host.Closed.IsCompleted);
        Assert.False(publisher.HasExited, publisher.Output);
    }

    [Fact]
    public async Task A_link_opens_a_broadcast_without_an_account_until_the_audience_narrows()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.Host.PostAsync("/api/broadcasts", new { title = "by link", audience = new { kind = "link" } });
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        using var nobody = new Api(stage.Server.Url);
        await using var guest = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(nobody, id), "websocket"));
        await guest.MediaAsync();

        // Friends find it now who never had the link.
        await stage.Host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" }, widen = true });
        await guest.CutAsync();
        Assert.Equal(HttpStatusCode.NotFound, await nobody.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));
    }

    [Fact]
    public async Task The_host_mutes_and_deletes_and_sees_who_is_watching_while_viewers_see_their_friends()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await using var host = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Host, id), "websocket"));
        var watch = await Stage.WatchAsync(stage.Friend, id);
        await using var friend = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket"));
        await friend.SendAsync(new { type = "comment", clientId = "1", text = "hello", at = 0 });
        var comment = await host.EventAsync("comment");
        Assert.Equal("小明", Stage.Text(comment, "name"));

        var health = await host.EventAsync("health");
        Assert.True(health.GetProperty("videoKbps").GetInt32() > 0);
        await Eventually.TrueAsync("the host sees who is watching", Eventually.Patience, async () =>
            (await stage.Host.GetAsync($"/api/broadcasts/{id}/viewers")).GetProperty("people").EnumerateArray().Any(person => Stage.Text(person, "handle") == "friend"));

        await stage.Host.PutAsync($"/api/broadcasts/{id}/mutes/{Stage.Text(comment, "account")}");
        Assert.True((await friend.EventAsync("muted")).GetProperty("muted").GetBoolean());
        await friend.SendAsync(new { type = "comment", clientId = "2", text = "still here?", at = 0 });
        Assert.Equal("muted", Stage.Text(await friend.EventAsync("refused"), "reason"));

        var hostWatch = Stage.Text(await Stage.WatchAsync(stage.Host, id), "events");
        using var http = new HttpClient();
        using var deleted = await http.DeleteAsync(hostWatch.Replace("/events?", $"/comments/{Stage.Text(comment, "id")}?"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(Stage.Text(comment, "id"), Stage.Text(await friend.EventAsync("deleted"), "id"));
        Assert.DoesNotContain("hello", await http.GetStringAsync(Stage.Text(watch, "events")));
    }

    private static async Task PutLiveAsync(Api admin, object settings)
    {
        using var answer = await admin.RawAsync(HttpMethod.Put, "/api/admin/live", settings);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
