using System.Net;
using System.Text.RegularExpressions;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>HTTPS, by Weir itself and by a proxy in front: every address that is handed out works, in a browser too.</summary>
public sealed partial class SecureStory
{
    [Fact]
    public async Task With_tls_self_every_listener_and_every_address_is_secure()
    {
        await using var stage = await Stage.SetAsync("--tls", "self");
        Assert.Contains($"Weir is ready at https://localhost:{stage.Server.Http}", stage.Server.Output);
        var broadcast = await stage.AnnounceAsync();
        Assert.StartsWith("rtmps://", Stage.PublishUrl(broadcast));
        await using var publisher = await stage.GoLiveAsync(broadcast);
        var id = Stage.Text(broadcast, "id");
        var watch = await Stage.WatchAsync(stage.Friend, id);
        Assert.All(watch.EnumerateObject(), address => Assert.Matches("^(https|wss|rtmps)://", address.Value.GetString()!));
        foreach (var outlet in new[] { "flv", "rtmp", "hls" })
        {
            var (code, output) = await Ffmpeg.ProbeAsync(Stage.Text(watch, outlet));
            Assert.True(code == 0 && output.Contains("h264") && output.Contains("aac"), $"{outlet}: {output}");
        }

        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync("friend");
        await chromium.TellAsync(
            async () =>
            {
                await WatchInBrowserAsync(seat, stage.Server.Url, id);
                await HearAtOnceAsync(seat, stage);
                await seat.GoAsync($"{stage.Server.Url}/b/{id}?player=whep");
                await seat.MovingPictureAsync();
                Assert.Equal("whep", await seat.Player.GetAttributeAsync("data-transport"));
            },
            () => stage.Server.Output);

        // Whoever types the address without the s, on either plane.
        using var plain = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        foreach (var port in new[] { stage.Server.Http, stage.Server.LiveHttp })
        {
            using var answer = await plain.GetAsync($"http://localhost:{port}/somewhere?x=1");
            Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
            Assert.Equal($"https://localhost:{port}/somewhere?x=1", answer.Headers.Location?.ToString());
            using var post = await plain.PostAsync($"http://localhost:{port}/api/sessions", null);
            Assert.Equal(HttpStatusCode.BadRequest, post.StatusCode);
        }
    }

    [Fact]
    public async Task Behind_nginx_as_the_installation_guide_sets_it_up()
    {
        var port = WeirServer.FreePort();
        await using var stage = await ProxiedAsync(port);
        await using var nginx = await Nginx.StartAsync((await Guide.BlocksAsync("Behind nginx", "nginx")).Single(), port, stage.Server);
        await EverythingWorksAsync(stage, port, () => nginx.Output);
        var log = await File.ReadAllTextAsync(nginx.AccessLog);
        Assert.Contains("/api/", log);
        Assert.DoesNotContain("ticket=", log);
    }

    [Fact]
    public async Task Behind_Caddy_as_the_installation_guide_sets_it_up()
    {
        var port = WeirServer.FreePort();
        await using var stage = await ProxiedAsync(port);
        await using var caddy = await Caddy.StartAsync((await Guide.BlocksAsync("Behind Caddy", "caddyfile")).Single(), port, stage.Server);
        await EverythingWorksAsync(stage, port, () => caddy.Output);
        Assert.DoesNotContain("ticket=", caddy.Output);
    }

    private static Task<Stage> ProxiedAsync(int port)
    {
        var url = $"https://localhost:{port}";
        return Stage.SetAsync("--public-url", url, "--live-public-url", url, "--trusted-proxy", "127.0.0.1/32", "--rtc-public-ip", Unreachable);
    }

    private static async Task EverythingWorksAsync(Stage stage, int port, Func<string> proxy)
    {
        var url = $"https://localhost:{port}";
        Assert.Contains($"Weir is ready at {url}", stage.Server.Output);
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        var id = Stage.Text(broadcast, "id");
        var watch = await Stage.WatchAsync(stage.Friend, id);
        foreach (var outlet in new[] { "flv", "hls" })
        {
            Assert.StartsWith(url, Stage.Text(watch, outlet));
            var (code, output) = await Ffmpeg.ProbeAsync(Stage.Text(watch, outlet));
            Assert.True(code == 0 && output.Contains("h264"), $"{outlet}: {output}");
        }

        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync("friend");
        // Asked for by the host and agreed through the proxy, but UDP does not get through: the picture comes all the same.
        Assert.True((await stage.Host.PatchAsync($"/api/broadcasts/{id}", new { conversational = true })).GetProperty("conversational").GetBoolean());
        await chromium.TellAsync(
            async () =>
            {
                await WatchInBrowserAsync(seat, url, id);
                await HearAtOnceAsync(seat, stage);
                var answer = await seat.Page.EvaluateAsync<string>(OfferToPlay, Stage.Text(watch, "whep"));
                Assert.StartsWith("201 ", answer);
                Assert.All(Candidate().Matches(answer), candidate => Assert.Equal(Unreachable, candidate.Groups[1].Value));
                Assert.Contains(Unreachable, answer);
            },
            () => stage.Server.Output + proxy());
    }

    /// <summary>For documentation (RFC 5737): nobody is there.</summary>
    private const string Unreachable = "198.51.100.1";

    private const string OfferToPlay =
        """
        async (url) => {
          const connection = new RTCPeerConnection();
          connection.addTransceiver('video', { direction: 'recvonly' });
          await connection.setLocalDescription();
          const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
          connection.close();
          return `${answer.status} ${await answer.text()}`;
        }
        """;

    /// <summary>What is written to somebody is on their page without a reload: the connection for it comes through as well.</summary>
    private static async Task HearAtOnceAsync(Seat seat, Stage stage)
    {
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Host.TellAsync(conversation, "Good morning");
        await seat.ClickAsync("nav-chats");
        await seat.OpenChatAsync("Hanna Host");
        await seat.SeesAsync("Good morning");
        await stage.Host.TellAsync(conversation, "Good night");
        await seat.SeesAsync("Good night");
    }

    private static async Task WatchInBrowserAsync(Seat seat, string url, string broadcast)
    {
        await seat.GoAsync($"{url}/sign-in?next=/b/{broadcast}");
        await seat.TypeAsync("handle", "friend");
        await seat.TypeAsync("password", Api.Password);
        await seat.ClickAsync("submit");
        await seat.MovingPictureAsync();
        Assert.Equal("ws", await seat.Player.GetAttributeAsync("data-transport"));
        Assert.True(await seat.Page.EvaluateAsync<bool>("() => window.isSecureContext"));
        var cookie = Assert.Single(await seat.Page.Context.CookiesAsync(), c => c.Name == "__Host-weir");
        Assert.True(cookie.Secure && cookie.HttpOnly);
    }

    [GeneratedRegex(@"a=candidate:\S+ \d \S+ \d+ (\S+) ")]
    private static partial Regex Candidate();
}
