using Weir.Media.Tests.Formats;

namespace Weir.Media.Tests.Rtmp;

/// <summary>Players nobody here wrote, joining a broadcast that runs.</summary>
public class RealPlayerTests
{
    [Theory]
    [InlineData("ffprobe", "-hide_banner -loglevel error -show_entries stream=codec_name -of csv=p=0 -read_intervals %+1 {0}", "h264")]
    [InlineData("mpv", "--no-config --vo=null --ao=null --frames=30 {0}", "Video --vid=1 (h264 322x180")]
    [InlineData("gst-launch-1.0", "-v rtmp2src num-buffers=40 location={0} ! fakesink sync=false", "video/x-flv")]
    [InlineData("gst-launch-1.0", "-v rtmpsrc num-buffers=40 location={0} ! fakesink sync=false", "Got EOS")]
    [InlineData("cvlc", "-vv -I dummy --no-audio --vout dummy --run-time 10 --play-and-exit {0} vlc://quit", "using video decoder module")]
    public async Task It_plays_the_ticket_address(string program, string arguments, string said)
    {
        if (program == "cvlc" && Environment.IsPrivilegedProcess)
        {
            // VLC refuses to run as root.
            (program, arguments) = ("setpriv", $"--reuid=65534 --regid=65534 --clear-groups env HOME=/tmp cvlc {arguments}");
        }

        await using var node = new TestNode();
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        using var enough = new CancellationTokenSource();
        await using var publisher = await RtmpClient.ConnectAsync("127.0.0.1", node.Port);
        await publisher.PublishAsync(TestNode.Key);
        var publishing = publisher.SendAsync(sample, loops: 100, TimeProvider.System, enough.Token);
        await RealEncoderTests.WaitFor(() => node.Broadcast.Timeline.JoinIndex >= 0);
        var output = await Samples.Run(program, string.Format(arguments, node.PlayUrl));
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }
}
