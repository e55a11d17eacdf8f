using Weir.Media.Broadcasting;
using Weir.Media.Rtmp;
using Weir.Media.Tests.Formats;

namespace Weir.Media.Tests.Rtmp;

/// <summary>Programs nobody here wrote, over real sockets.</summary>
public class RealEncoderTests
{
    [Fact]
    public async Task What_ffmpeg_publishes_ffmpeg_plays_back_frame_by_frame()
    {
        await using var node = new TestNode();
        var played = Samples.Run(
            "ffmpeg", $"-hide_banner -loglevel error -rw_timeout 120000000 -i {node.PlayUrl} -map 0 -c copy -f framehash -hash md5 -");
        await WaitFor(() => !node.Viewers.IsEmpty);
        var file = await Samples.Path("h264.flv");

        // In real time, so that the player joins at the first keyframe.
        await Samples.Run("ffmpeg", $"-hide_banner -loglevel error -re -i {file} -c copy -f flv {node.PublishUrl}");
        await WaitFor(() => node.Ends.Contains(RtmpEnd.PeerClosed));
        Assert.Equal(BroadcastState.Interrupted, node.Broadcast.State);
        node.Broadcast.End();
        var hashes = Packets(await played);
        var original = Packets(await Samples.Run("ffmpeg", $"-hide_banner -loglevel error -i {file} -map 0 -c copy -f framehash -hash md5 -"));
        Assert.Equal(original, hashes);
        await WaitFor(() => node.Ends.Contains(RtmpEnd.Ended));
        Assert.All(node.Viewers, viewer => Assert.True(viewer.IsDisposed));
    }

    [Theory]
    [InlineData("rtmp2sink")]
    [InlineData("rtmpsink")]
    public async Task What_GStreamer_publishes_becomes_a_broadcast(string sink)
    {
        await using var node = new TestNode();
        await Samples.Run(
            "gst-launch-1.0",
            "-q videotestsrc num-buffers=75 is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc key-int-max=25 bframes=2 speed-preset=ultrafast ! h264parse "
            + "! flvmux name=mux streamable=true audiotestsrc num-buffers=130 is-live=true ! audioconvert ! voaacenc ! aacparse ! mux. "
            + $"mux. ! {sink} location={node.PublishUrl}");
        await WaitFor(() => !node.Ends.IsEmpty);
        Assert.Equal(RtmpEnd.PeerClosed, node.Ends.Single());
        Assert.Equal(BroadcastState.Interrupted, node.Broadcast.State);
        var timeline = node.Broadcast.Timeline;
        Assert.Equal((320, 180, Codec.H264), (timeline.Video!.Width, timeline.Video.Height, timeline.Video.Codec));
        Assert.Equal(Codec.Aac, timeline.Audio!.Codec);
        Assert.InRange(timeline.Edge, 2_500_000, 3_500_000);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_in_words_ffmpeg_shows()
    {
        await using var node = new TestNode();
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Samples.Run(
            "ffmpeg", $"-hide_banner -loglevel error -i {await Samples.Path("h264.flv")} -c copy -f flv rtmp://127.0.0.1:{node.Port}/live/wrong"));
        Assert.Contains("The stream key is not valid", refused.Message);
        await WaitFor(() => node.Ends.Contains(RtmpEnd.Refused));
        Assert.Equal(BroadcastState.Ready, node.Broadcast.State);
    }

    [Theory]
    [InlineData("?ticket=wrong")]
    [InlineData("")]
    public async Task A_player_without_a_valid_ticket_learns_nothing(string query)
    {
        await using var node = new TestNode();
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Samples.Run(
            "ffprobe", $"-hide_banner -loglevel error rtmp://127.0.0.1:{node.Port}/live/{node.Broadcast.Id:N}{query}"));
        Assert.Contains("There is no such stream", refused.Message);
    }

    internal static Task WaitFor(Func<bool> condition) => Patience.HoldsAsync(condition);

    /// <summary>Stream, presentation minus decoding time, and hash of every packet.</summary>
    private static List<string> Packets(string framehash) =>
    [
        .. framehash.Split('\n').Where(line => line.Split(',').Length == 6 && char.IsDigit(line[0])).Select(line =>
        {
            var fields = line.Split(',', StringSplitOptions.TrimEntries);
            return $"{fields[0]} {long.Parse(fields[2]) - long.Parse(fields[1])} {fields[^1]}";
        }).Order(),
    ];
}
