using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>Going live from a browser's camera, and watching without delay.</summary>
[Collection(nameof(Timed))]
public sealed class WebRtcStory
{
    [Fact]
    public async Task A_camera_is_seen_on_every_outlet_and_a_stranger_sees_nothing()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var host = await RtcPage.OpenAsync(chromium, "host");
        await using var friend = await RtcPage.OpenAsync(chromium, "friend");
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await chromium.TellAsync(
            async () =>
            {
                Assert.Equal(201, await host.PublishAsync(broadcast));
                await stage.StateAsync(id, "live");
                var watch = await Stage.WatchAsync(stage.Friend, id);
                Assert.Equal(201, await friend.PlayAsync(Stage.Text(watch, "whep")));
                await friend.MovingPictureAsync(() => stage.Server.Output);
                await friend.SoundAsync();

                await using (var socket = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket")))
                {
                    Assert.Matches("avc1\\.42[0-9a-f]{4},opus", Stage.Text(await socket.EventAsync("hello"), "mime"));
                    await socket.MediaAsync();
                }

                var (code, codecs) = await Ffmpeg.ProbeAsync(Stage.Text(watch, "hls"));
                Assert.True(code == 0 && codecs.Contains("h264") && codecs.Contains("opus"), codecs);

                // Players of FLV and RTMP that lack Opus get AAC.
                (code, codecs) = await Ffmpeg.ProbeAsync(Stage.Text(watch, "flv"));
                Assert.True(code == 0 && codecs.Contains("h264") && codecs.Contains("aac"), codecs);

                await StrangersAsync(stage, id, Stage.Text(broadcast.GetProperty("whip"), "token"));
                await CutAsync(stage, friend, id);
            },
            () => stage.Server.Output);
        Assert.DoesNotContain(Stage.Text(broadcast.GetProperty("whip"), "token"), stage.Server.Output);
    }

    [Fact]
    public async Task An_encoder_s_broadcast_is_heard_and_seen_by_WebRTC_until_it_ends()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var friend = await RtcPage.OpenAsync(chromium, "friend");
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await chromium.TellAsync(
            async () =>
            {
                var watch = await Stage.WatchAsync(stage.Friend, id);
                Assert.Equal(201, await friend.PlayAsync(Stage.Text(watch, "whep")));
                await friend.MovingPictureAsync(() => stage.Server.Output);
                await friend.SoundAsync();
                await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
                await StopsAsync(friend);
            },
            () => stage.Server.Output);
    }

    [Fact]
    public async Task Where_no_UDP_gets_through_camera_and_viewer_meet_over_TCP()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var host = await RtcPage.OpenAsync(chromium, "host", onlyTcp: true);
        await using var friend = await RtcPage.OpenAsync(chromium, "friend", onlyTcp: true);
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await chromium.TellAsync(
            async () =>
            {
                Assert.Equal(201, await host.PublishAsync(broadcast));
                await stage.StateAsync(id, "live");
                var watch = await Stage.WatchAsync(stage.Friend, id);
                Assert.Equal(201, await friend.PlayAsync(Stage.Text(watch, "whep")));
                await friend.MovingPictureAsync(() => stage.Server.Output);
                await friend.SoundAsync();
                foreach (var state in new[] { await host.StateAsync("publisher"), await friend.StateAsync() })
                {
                    Assert.Equal("tcp", Stage.Text(state, "protocol"));
                    Assert.Matches("a=candidate:\\S+ 1 tcp \\d+ \\S+ \\d+ typ host tcptype passive", Stage.Text(state, "sdp"));
                }

                // At least one for each session; a browser with two addresses has two.
                var open = await OpenConnectionsAsync(stage);
                Assert.InRange(open, 2, 16);
                await CutAsync(stage, friend, id);
                await Eventually.TrueAsync("the viewer's connections are closed", Eventually.Patience, async () => await OpenConnectionsAsync(stage) <= open / 2);

                // The camera is still on, and the server ends in time all the same.
                Assert.Equal("connected", Stage.Text(await host.StateAsync("publisher"), "connection"));
                await stage.Server.StopAsync();
            },
            () => stage.Server.Output);
    }

    private static async Task<int> OpenConnectionsAsync(Stage stage)
    {
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync($"{stage.Server.LiveUrl}/metrics");
        var line = metrics.Split('\n').Single(text => text.StartsWith("weir_rtc_tcp_connections", StringComparison.Ordinal)).Split(' ');
        return int.Parse(line[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task CutAsync(Stage stage, RtcPage friend, string id)
    {
        await stage.Host.DeleteAsync($"/api/circles/{stage.Circle}/members/friend");
        await StopsAsync(friend);
        Assert.Equal(HttpStatusCode.NotFound, await stage.Friend.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));
    }

    /// <summary>The session's URL is gone, and then no picture is painted any more.</summary>
    private static async Task StopsAsync(RtcPage page)
    {
        var state = await page.StateAsync();
        using var http = new HttpClient();
        await Eventually.TrueAsync(
            "the session is over", Eventually.Patience, async () => (await http.GetAsync(state.GetProperty("session").GetString())).StatusCode == HttpStatusCode.NotFound);
        var painted = -1;
        await Eventually.TrueAsync("the picture stands still", Eventually.Patience, async () =>
        {
            var before = painted;
            state = await page.StateAsync();
            painted = state.GetProperty("frames").GetInt32();
            await Task.Delay(300);
            return before == painted;
        });
    }

    private static async Task StrangersAsync(Stage stage, string id, string token)
    {
        using var http = new HttpClient();
        async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, string? bearer, string type = "application/sdp")
        {
            using var request = new HttpRequestMessage(method, stage.Server.LiveUrl + path) { Content = new StringContent("v=0", Encoding.UTF8, new MediaTypeHeaderValue(type)) };
            request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
            return await http.SendAsync(request);
        }

        var missing = Guid.NewGuid().ToString("N");
        using var absent = await AskAsync(HttpMethod.Post, $"/live/{missing}/whep", null);
        foreach (var (method, path, bearer) in new[]
        {
            (HttpMethod.Post, $"/live/{id}/whep", null), (HttpMethod.Post, $"/live/{id}/whep?ticket=AAAA", null), (HttpMethod.Post, $"/whip/{id}", null),
            (HttpMethod.Post, $"/whip/{id}", "wt_wrong"), (HttpMethod.Post, $"/whip/{missing}", token), (HttpMethod.Patch, $"/whip/{id}/abc", null),
            (HttpMethod.Delete, $"/live/{id}/whep/abc", null), (HttpMethod.Get, $"/live/{id}/whep", null),
        })
        {
            using var hidden = await AskAsync(method, path, bearer);
            Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
            Assert.Equal(await absent.Content.ReadAsStringAsync(), await hidden.Content.ReadAsStringAsync());
        }

        // Whoever has the token is told what is wrong.
        using var wrongType = await AskAsync(HttpMethod.Post, $"/whip/{id}", token, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, wrongType.StatusCode);
        using var noOffer = await AskAsync(HttpMethod.Post, $"/whip/{id}", token);
        Assert.Equal(HttpStatusCode.BadRequest, noOffer.StatusCode);
    }
}
