using System.Net;
using System.Net.Sockets;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>Processes die, publishers drop, garbage arrives: the social plane and other broadcasts go on.</summary>
[Collection(nameof(Timed))]
public sealed class ResilienceStory
{
    [Fact]
    public async Task After_kill_9_of_the_live_plane_the_same_broadcast_goes_on_and_its_replay_holds_both_parts()
    {
        await using var stage = await Stage.SetAsync();
        var server = stage.Server;
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        var publisher = await stage.GoLiveAsync(broadcast);
        var socket = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "websocket"));
        await socket.SendAsync(new { type = "comment", clientId = "c1", text = "before the crash", at = 0 });
        await socket.EventAsync("comment");
        await socket.MediaAsync(300_000);

        var first = server.LiveProcess();
        ChildProcess.Signal(first, "KILL");
        await Eventually.TrueAsync("the live plane is gone", Eventually.Patience, () => Task.FromResult(!Directory.Exists($"/proc/{first}")));

        // Every social call works while it is away.
        Assert.Equal(id, Stage.Text(await stage.Friend.GetAsync($"/api/broadcasts/{id}"), "id"));
        await stage.Friend.GetAsync("/api/friends");
        await Stage.WatchAsync(stage.Friend, id);

        await Eventually.TrueAsync(
            "the live plane is back", Eventually.Patience, async () => await Stage.FetchAsync($"{server.LiveUrl}/health/ready") == HttpStatusCode.OK, () => server.Output);
        Assert.NotEqual(first, server.LiveProcess());
        // Of a plane that had served for a while nothing but its own start is waited for.
        await Eventually.TrueAsync("the pause is told", Eventually.Patience, () => Task.FromResult(server.Output.Contains("it starts again in 0.0 s")), () => server.Output);
        await socket.DisposeAsync();
        await publisher.DisposeAsync();

        await using var again = await Ffmpeg.PublishAsync(Stage.PublishUrl(broadcast), () => server.Output);
        await stage.StateAsync(id, "live");
        var watch = await Stage.WatchAsync(stage.Friend, id);
        await using var second = await WatchSocket.OpenAsync(Stage.Text(watch, "websocket"));
        await second.MediaAsync(300_000);
        await second.SendAsync(new { type = "comment", clientId = "c2", text = "after the crash", at = 0 });
        // It is in the timeline when it comes back; those from before the crash come first.
        while ((await second.EventAsync("comment")).GetProperty("text").GetString() != "after the crash")
        {
        }

        await Task.WhenAll(second.EventAsync("ended"), stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent));
        await second.Closed;
        Assert.Equal(4410, second.CloseCode);

        watch = await Stage.WatchAsync(stage.Friend, id);
        await Eventually.TrueAsync(
            "the replay is there", Eventually.Patience, async () => await Stage.FetchAsync(Stage.Text(watch, "replay")) == HttpStatusCode.OK);
        var (code, output) = await Ffmpeg.RunAsync(
            "ffprobe", Eventually.Patience, "-v", "error", "-show_entries", "format=duration:stream=codec_name", "-of", "csv=p=0", Stage.Text(watch, "replay"));
        Assert.True(code == 0 && output.Contains("h264") && output.Contains("aac"), output);
        using var http = new HttpClient();
        var events = await http.GetStringAsync(Stage.Text(watch, "events"));
        Assert.Contains("before the crash", events);
        Assert.Contains("after the crash", events);
        Assert.Equal(HttpStatusCode.NotFound, await Stage.FetchAsync($"{server.LiveUrl}/live/{id}/replay.m3u8"));
    }

    [Fact]
    public async Task A_live_plane_that_hangs_is_replaced_and_the_same_broadcast_goes_on()
    {
        await using var stage = await Stage.SetAsync("--silence-limit", "3");
        var server = stage.Server;
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using (await stage.GoLiveAsync(broadcast))
        {
            var first = server.LiveProcess();
            ChildProcess.Signal(first, "STOP");
            // It is there, accepts connections as the system does for it, and answers none: only whoever asks finds out.
            await Eventually.TrueAsync(
                "the live plane that hangs is gone",
                Eventually.Patience,
                () => Task.FromResult(!Directory.Exists($"/proc/{first}")),
                () => server.Output);
            await Eventually.TrueAsync(
                "another one serves",
                Eventually.Patience,
                async () => await Stage.FetchAsync($"{server.LiveUrl}/health/ready") == HttpStatusCode.OK,
                () => server.Output);
            Assert.NotEqual(first, server.LiveProcess());
        }

        Assert.Contains("answered nothing for 3 s and is killed", server.Output);
        using var http = new HttpClient();
        Assert.Contains("weir_live_plane_hung_total", await http.GetStringAsync($"{server.Url}/metrics"));
        await using var again = await stage.GoLiveAsync(broadcast);
        await Stage.WatchAsync(stage.Friend, id);
    }

    [Fact]
    public async Task A_live_plane_that_hangs_is_replaced_with_tls_and_when_it_hangs_at_its_start()
    {
        await using var server = new WeirServer();
        await server.StartAsync("--tls", "self", "--silence-limit", "2");
        var first = server.LiveProcess();
        ChildProcess.Signal(first, "STOP");
        // Perhaps before it answered anything.
        var second = await AfterAsync(first);
        ChildProcess.Signal(second, "STOP");
        await AfterAsync(second);
        await Eventually.TrueAsync(
            "another one serves",
            Eventually.Patience,
            async () => await Stage.FetchAsync($"{server.LiveUrl}/health/ready") == HttpStatusCode.OK,
            () => server.Output);

        async Task<int> AfterAsync(int one)
        {
            var found = 0;
            await Eventually.TrueAsync(
                $"another one than {one} runs",
                Eventually.Patience,
                () => Task.FromResult(!Directory.Exists($"/proc/{one}") && (found = server.LiveProcesses().FirstOrDefault()) > 0),
                () => server.Output);
            return found;
        }
    }

    [Fact]
    public async Task A_live_plane_that_was_stopped_for_less_than_the_limit_is_left_alone()
    {
        await using var stage = await Stage.SetAsync("--silence-limit", "600");
        var process = stage.Server.LiveProcess();
        ChildProcess.Signal(process, "STOP");
        await Task.Delay(TimeSpan.FromSeconds(1));
        ChildProcess.Signal(process, "CONT");
        await Eventually.TrueAsync(
            "it answers again",
            Eventually.Patience,
            async () => await Stage.FetchAsync($"{stage.Server.LiveUrl}/health/ready") == HttpStatusCode.OK);
        Assert.Equal(process, stage.Server.LiveProcess());
    }

    [Fact]
    public async Task A_publisher_who_drops_comes_back_into_the_same_broadcast_and_one_who_stays_away_ends_it()
    {
        await using var stage = await Stage.SetAsync("--interruption-limit", "20");
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        var publisher = await stage.GoLiveAsync(broadcast);
        await using var socket = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "websocket"));
        await socket.MediaAsync();
        publisher.Kill();
        await stage.StateAsync(id, "interrupted");
        await publisher.DisposeAsync();

        publisher = await stage.GoLiveAsync(broadcast);
        await socket.MediaAsync(100_000);
        publisher.Kill();
        await publisher.DisposeAsync();
        await stage.StateAsync(id, "ended");
        await socket.Closed;
        Assert.Equal(4410, socket.CloseCode);

        await using var late = Ffmpeg.Publish(Stage.PublishUrl(broadcast));
        await late.WaitAsync();
        Assert.NotEqual(0, late.ExitCode);
    }

    [Fact]
    public async Task A_wrong_stream_key_is_refused_and_never_logged()
    {
        await using var stage = await Stage.SetAsync();
        var key = "wk_" + Guid.NewGuid().ToString("N");
        await using var publisher = Ffmpeg.Publish($"rtmp://localhost:{stage.Server.Rtmp}/live/{key}");
        await publisher.WaitAsync();
        Assert.NotEqual(0, publisher.ExitCode);
        await Eventually.TrueAsync("the refusal is logged", Eventually.Patience, () => Task.FromResult(stage.Server.Output.Contains("refused", StringComparison.OrdinalIgnoreCase)), () => stage.Server.Output);
        Assert.DoesNotContain(key, stage.Server.Output);
    }

    [Fact]
    public async Task Garbage_on_every_port_leaves_a_running_broadcast_untouched()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await using var socket = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, Stage.Text(broadcast, "id")), "websocket"));
        var random = new Random(7);
        foreach (var port in new[] { stage.Server.Http, stage.Server.LiveHttp, stage.Server.Rtmp })
        {
            for (var attempt = 0; attempt < 20; attempt++)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                var garbage = new byte[random.Next(1, 8000)];
                random.NextBytes(garbage);
                if (attempt % 2 == 0)
                {
                    garbage[0] = 3;
                }

                await client.GetStream().WriteAsync(garbage);
            }
        }

        await socket.MediaAsync(200_000);
        Assert.Equal("live", Stage.Text(await stage.Host.GetAsync($"/api/broadcasts/{Stage.Text(broadcast, "id")}"), "state"));
        Assert.False(publisher.HasExited, publisher.Output);
    }

    [Fact]
    public async Task It_ends_by_itself_with_a_broadcast_running_and_starts_again_with_everything()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using (var publisher = await stage.GoLiveAsync(broadcast))
        {
            await using var socket = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "websocket"));
            await socket.MediaAsync(100_000);
            await stage.Server.StopAsync();
            Assert.Equal(0, stage.Server.Process.ExitCode);
        }

        await stage.Server.StartAsync();
        await using var again = await stage.GoLiveAsync(broadcast);
        await stage.Friend.GetAsync($"/api/broadcasts/{id}");
        Assert.DoesNotContain("Set it up", stage.Server.Output);
    }

    [Fact]
    public async Task A_second_Weir_on_the_same_data_is_refused_in_one_line()
    {
        await using var server = new WeirServer();
        await server.StartAsync();
        var (code, output) = await Ffmpeg.RunAsync(
            Root.App, Eventually.Patience, "up", "--data", server.Data, "--http", "0", "--live-http", "0", "--rtmp", "0", "--web", Root.Web);
        Assert.NotEqual(0, code);
        Assert.Contains("another Weir is using", output);
        Assert.DoesNotContain("   at ", output);
    }
}
