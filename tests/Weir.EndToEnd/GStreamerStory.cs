using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>A second implementation of WebRTC, not a browser's: GStreamer's webrtcbin publishes and plays.</summary>
public sealed class GStreamerStory
{
    [Fact]
    public async Task Webrtcbin_publishes_by_WHIP_and_plays_by_WHEP()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        var whip = broadcast.GetProperty("whip");
        var (code, output) = await RunAsync("publish", Stage.Text(whip, "url"), "wt_of_nobody");
        Assert.True(code == 1 && output.Contains("answered 404"), output);

        await using var publisher = new ChildProcess("/usr/bin/python3", [Script, "publish", Stage.Text(whip, "url"), Stage.Text(whip, "token")]);
        await stage.StateAsync(id, "live", () => publisher.Output + stage.Server.Output);
        var watch = await Stage.WatchAsync(stage.Friend, id);
        (code, output) = await RunAsync("play", Stage.Text(watch, "whep"));
        Assert.True(code == 0, output + publisher.Output + stage.Server.Output);
        Assert.Contains("deleted 200", output);
        // The first sound may come some time after the first picture.
        await Eventually.TrueAsync("its picture and its sound are in HLS", Eventually.Patience, async () =>
        {
            (code, output) = await Ffmpeg.ProbeAsync(Stage.Text(watch, "hls"));
            return code == 0 && output.Contains("h264") && output.Contains("opus");
        });

        // Whoever says goodbye is gone at once.
        publisher.Terminate();
        await stage.StateAsync(id, "interrupted", () => publisher.Output + stage.Server.Output);
    }

    [Fact]
    public async Task Webrtcbin_plays_what_an_encoder_publishes_by_RTMP()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        var watch = await Stage.WatchAsync(stage.Friend, Stage.Text(broadcast, "id"));
        var (code, output) = await RunAsync("play", Stage.Text(watch, "whep"));
        Assert.True(code == 0, output + stage.Server.Output);
    }

    private static string Script => Path.Combine(Root.Path, "tests", "Weir.EndToEnd", "Harness", "GStreamer", "webrtc.py");

    // Debian's Python, whatever else is first in the path: it has the bindings.
    private static Task<(int Code, string Output)> RunAsync(params string[] arguments) => Ffmpeg.RunAsync("/usr/bin/python3", Patience.Limit, [Script, .. arguments]);
}
