using System.Globalization;
using System.Net;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>Each plane started by itself. The live one goes on with what it knows while the other is away.</summary>
public sealed class SeparatePlanesStory
{
    [Fact]
    public async Task After_kill_9_of_the_social_plane_those_inside_go_on_and_what_happened_is_told_later()
    {
        var data = Directory.CreateTempSubdirectory("weir-e2e-").FullName;
        var ports = new { Http = WeirServer.FreePort(), Live = WeirServer.FreePort(), Rtmp = WeirServer.FreePort(), Planes = WeirServer.FreePort() };
        string[] shared = ["--data", data, "--live-http", Text(ports.Live), "--rtmp", Text(ports.Rtmp)];
        var socialLog = new ServerLog("social");
        ChildProcess StartSocial() => new(
            Root.App,
            ["social", .. shared, "--http", Text(ports.Http), "--planes", Text(ports.Planes)],
            new Dictionary<string, string> { ["WEIR_SETUP_CODE"] = WeirServer.SetupCode },
            socialLog.Write);
        var url = $"http://localhost:{ports.Http}";
        var social = StartSocial();
        try
        {
            await ReadyAsync(url, social);
            await using var live = new ChildProcess(Root.App, ["live", .. shared, "--social", $"http://127.0.0.1:{ports.Planes}", "--loopback"], line: new ServerLog("live").Write);
            await ReadyAsync($"http://localhost:{ports.Live}", live);
            using var nobody = new Api(url);
            var token = Stage.Text(await nobody.PostAsync("/api/setup", new { code = WeirServer.SetupCode, handle = "host", name = "Hanna", password = Api.Password }), "token");
            using var host = new Api(url, token);
            using var friend = await host.InviteAsync("friend", "小明");
            await host.BefriendAsync(friend, "friend");
            var broadcast = await host.PostAsync("/api/broadcasts", new { title = "Through it all", audience = new { kind = "friends" } });
            var id = Stage.Text(broadcast, "id");
            await using var publisher = await Ffmpeg.PublishAsync(Stage.PublishUrl(broadcast), () => live.Output);
            await StateAsync(host, id, "live", live);
            var watch = await Stage.WatchAsync(friend, id);
            await using var socket = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket"));
            await socket.MediaAsync();

            social.Kill();
            await social.WaitAsync();
            await socket.SendAsync(new { type = "comment", clientId = "c1", text = "still here", at = 0 });
            await socket.EventAsync("comment");
            await socket.MediaAsync(100_000);
            // The ticket is good without asking anybody, for a viewer who comes back and for one with none it is as before.
            await using var again = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket"));
            await again.MediaAsync();
            Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(Stage.Text(watch, "hls")));
            Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync($"http://localhost:{ports.Live}/live/{id}/index.m3u8"));
            Assert.False(publisher.HasExited, publisher.Output);

            // The encoder stops while nobody can be told of it.
            publisher.Kill();
            await socket.EventAsync("state");
            await social.DisposeAsync();
            social = StartSocial();
            await ReadyAsync(url, social);
            await StateAsync(host, id, "interrupted", live);
            await using var back = await Ffmpeg.PublishAsync(Stage.PublishUrl(broadcast), () => live.Output);
            await StateAsync(host, id, "live", live);
            await again.MediaAsync(100_000);
            await host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
            await again.EventAsync("ended");
            await Eventually.TrueAsync(
                "the replay is there", Eventually.Patience, async () => await Stage.FetchAsync(Stage.Text(await Stage.WatchAsync(friend, id), "replay")) == HttpStatusCode.OK, () => live.Output);
        }
        finally
        {
            await social.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private static Task ReadyAsync(string url, ChildProcess process) => Eventually.TrueAsync(
        $"{url} is ready", Eventually.Patience, async () => await Stage.FetchAsync($"{url}/health/ready") == HttpStatusCode.OK, () => process.Output);

    private static Task StateAsync(Api host, string id, string state, ChildProcess live) => Eventually.TrueAsync(
        $"the broadcast is {state}", Eventually.Patience, async () => Stage.Text(await host.GetAsync($"/api/broadcasts/{id}"), "state") == state, () => live.Output);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
