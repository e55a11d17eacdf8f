using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;

namespace Weir.Media.Rtmp;

/// <summary>Sends one viewer the broadcast from the newest keyframe on, until it ends, is cut or stays behind.</summary>
internal sealed class RtmpPlayer(Viewer viewer, RtmpOutput output, DirectSocket? direct, LagPolicy policy, TimeProvider clock)
{
    internal static readonly FrameForm Form = new(ChunkWriter.Frames.Of, Opening, Configuration, Goodbye, "rtmp");

    /// <param name="closing">Ends at once, without a word to the peer.</param>
    public async Task<RtmpEnd> RunAsync(CancellationToken closing)
    {
        var feed = new FrameFeed(viewer.Timeline, Form, policy, clock);
        var end = direct is null
            ? await output.PlayAsync(feed, policy, closing)
            : await SendDirectlyAsync(feed, direct, closing);
        switch (end)
        {
            case FlowEnd.Ended:
                return RtmpEnd.Ended;
            case FlowEnd.TooSlow:
                MediaMeter.ViewersTooSlow.Add(1, new KeyValuePair<string, object?>("outlet", Form.Outlet));
                return RtmpEnd.TooSlow;
            default:
                return RtmpEnd.PeerClosed;
        }
    }

    private async Task<FlowEnd> SendDirectlyAsync(FrameFeed feed, DirectSocket socket, CancellationToken closing)
    {
        var flow = await output.GiveAsync(feed, socket, policy, closing);
        return await flow.CompleteAsync(closing);
    }

    private static byte[] Opening(Track? video, Track? audio) =>
    [
        .. RtmpReplies.Metadata(FlvForms.Metadata(video, audio)),
        .. video is null ? [] : Configuration(video, 0),
        .. audio is null ? [] : Configuration(audio, 0),
    ];

    private static byte[] Configuration(Track track, uint timestamp) => ChunkWriter.Message(
        track.Kind == TrackKind.Video ? RtmpMessageType.Video : RtmpMessageType.Audio,
        ChunkWriter.MessageStream,
        timestamp,
        FlvForms.SequenceStart(track));

    private static byte[] Goodbye() =>
    [
        .. RtmpReplies.OnStatus("status", "NetStream.Play.UnpublishNotify", "The broadcast has ended."),
        .. RtmpReplies.UserControl(UserControlEvent.StreamEof, ChunkWriter.MessageStream),
        .. RtmpReplies.OnStatus("status", "NetStream.Play.Stop", "The broadcast has ended."),
    ];
}
