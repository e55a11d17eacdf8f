using System.Net;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>Somebody goes live to their circle, the circle watches on every outlet, nobody else can.</summary>
public sealed class AudienceStory
{
    [Fact]
    public async Task The_circle_watches_on_every_outlet_and_a_stranger_finds_nothing()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);

        var watch = await Stage.WatchAsync(stage.Friend, id);
        foreach (var outlet in new[] { "flv", "rtmp", "hls" })
        {
            var (code, output) = await Ffmpeg.ProbeAsync(Stage.Text(watch, outlet));
            Assert.True(code == 0 && output.Contains("h264") && output.Contains("aac"), $"{outlet}: {output}");
        }

        await using (var socket = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket")))
        {
            Assert.StartsWith("video/mp4; codecs=", Stage.Text(await socket.EventAsync("hello"), "mime"));
            await socket.MediaAsync();
        }

        // The stranger, the signed-out and an id that never was: one answer.
        using var nobody = new Api(stage.Server.Url);
        var missing = Guid.NewGuid().ToString("N");
        foreach (var outsider in new[] { stage.Stranger, nobody })
        {
            foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Post, "/tickets"), (HttpMethod.Post, "/end") })
            {
                using var hidden = await outsider.RawAsync(method, $"/api/broadcasts/{id}{path}", method == HttpMethod.Post ? new { } : null);
                using var absent = await outsider.RawAsync(method, $"/api/broadcasts/{missing}{path}", method == HttpMethod.Post ? new { } : null);
                Assert.Equal(absent.StatusCode, hidden.StatusCode);
                Assert.Equal(await absent.Content.ReadAsStringAsync(), await hidden.Content.ReadAsStringAsync());
            }
        }

        Assert.Equal(HttpStatusCode.NotFound, await stage.Stranger.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));
        foreach (var url in new[] { $"/live/{id}/index.m3u8", $"/live/{id}.flv", $"/live/{id}/watch", $"/live/{id}/replay.m3u8", $"/live/{id}/events" })
        {
            Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync(stage.Server.LiveUrl + url));
            Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync($"{stage.Server.LiveUrl}{url}?ticket=AAAA"));
        }
    }

    [Fact]
    public async Task A_ticket_opens_its_own_broadcast_only()
    {
        await using var stage = await Stage.SetAsync();
        var first = await stage.AnnounceAsync("first");
        var second = await stage.AnnounceAsync("second");
        await using var publisher = await stage.GoLiveAsync(first);
        var own = Stage.Text(await Stage.WatchAsync(stage.Friend, Stage.Text(first, "id")), "hls");
        Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(own));
        Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync(own.Replace(Stage.Text(first, "id"), Stage.Text(second, "id"))));
        Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync(own[..^2] + (own[^2] == 'A' ? 'B' : 'A') + own[^1]));
    }

    [Theory]
    [InlineData("circle")]
    [InlineData("unfriend")]
    [InlineData("block")]
    [InlineData("narrow")]
    [InlineData("suspend")]
    public async Task Leaving_the_audience_cuts_every_outlet_and_nobody_else(string how)
    {
        await using var stage = await Stage.SetAsync();
        using var stays = await stage.Host.InviteAsync("stays", "Stays");
        await stage.Host.BefriendAsync(stays, "stays");
        await stage.Host.PutAsync($"/api/circles/{stage.Circle}/members/stays");
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);

        var watch = await Stage.WatchAsync(stage.Friend, id);
        await using var leaver = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket"));
        await using var stayer = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stays, id), "websocket"));
        await using var flv = new ChildProcess("ffmpeg", ["-loglevel", "error", "-i", Stage.Text(watch, "flv"), "-c", "copy", "-f", "null", "-"]);
        await using var rtmp = new ChildProcess("ffmpeg", ["-loglevel", "error", "-i", Stage.Text(watch, "rtmp"), "-c", "copy", "-f", "null", "-"]);
        var media = await MediaUrlAsync(Stage.Text(watch, "hls"));
        await leaver.MediaAsync();
        await stayer.MediaAsync();
        Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(media));
        Assert.False(flv.HasExited, flv.Output);
        Assert.False(rtmp.HasExited, rtmp.Output);

        await (how switch
        {
            "circle" => stage.Host.DeleteAsync($"/api/circles/{stage.Circle}/members/friend"),
            "unfriend" => stage.Friend.DeleteAsync("/api/friends/host"),
            "block" => stage.Host.PutAsync("/api/blocks/friend"),
            "narrow" => stage.Host.PatchAsync(
                $"/api/broadcasts/{id}", new { audience = new { kind = "circles", circles = new[] { stage.Circle }, except = new { accounts = new[] { "friend" } } } }),
            _ => stage.Host.PutAsync("/api/admin/accounts/friend/suspension"),
        });
        await leaver.CutAsync();
        await flv.WaitAsync();
        await rtmp.WaitAsync();
        Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync(Stage.Text(watch, "hls")));
        await Eventually.TrueAsync("a media address of before the cut is gone", Eventually.Patience, async () => await Stage.FetchAsync(media) == HttpStatusCode.NotFound);
        Assert.NotEqual(HttpStatusCode.Created, await stage.Friend.StatusAsync(HttpMethod.Post, $"/api/broadcasts/{id}/tickets", new { }));

        Assert.False(stayer.Closed.IsCompleted, "somebody who stays was cut too");
        await stayer.MediaAsync();
    }

    /// <summary>The address of some segment that a viewer of this playlist gets.</summary>
    private static async Task<string> MediaUrlAsync(string playlist)
    {
        using var http = new HttpClient();
        var url = new Uri(playlist);
        var text = await http.GetStringAsync(url);
        if (text.Contains("#EXT-X-STREAM-INF"))
        {
            url = new Uri(url, text.Split('\n').First(line => line.Length > 0 && line[0] != '#'));
            text = await http.GetStringAsync(url);
        }

        return new Uri(url, text.Split('\n').Last(line => line.Length > 0 && line[0] != '#')).ToString();
    }
}
