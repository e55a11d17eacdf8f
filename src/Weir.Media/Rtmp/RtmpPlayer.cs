using Weir.Media.Broadcasting;

namespace Weir.Media.Rtmp;

/// <summary>Sends one viewer the broadcast from the newest keyframe on, until it ends, is cut or stays behind.</summary>
internal sealed class RtmpPlayer(Viewer viewer, RtmpOutput output, LagPolicy policy, TimeProvider clock)
{
    /// <summary>Written before a flush; keeps a joining viewer's burst in pieces.</summary>
    private const int FlushThreshold = 128 << 10;

    private readonly LiveCursor _cursor = new(viewer.Broadcast.Timeline, policy, clock);
    private Track? _video;
    private Track? _audio;
    private int _skips;

    /// <param name="closing">Ends at once, without a word to the peer.</param>
    public async Task<RtmpEnd> RunAsync(CancellationToken closing)
    {
        // Only waiting ends by the broadcast's end; a message that is being sent is finished.
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(closing, viewer.Closed);
        try
        {
            if (await JoinAsync(waiting.Token, closing) is { } gone)
            {
                return gone;
            }

            while (!_cursor.IsEnded)
            {
                if (await SendWhatIsThereAsync(closing) is { } end)
                {
                    return end;
                }

                await _cursor.WaitAsync(waiting.Token);
            }
        }
        catch (OperationCanceledException) when (!closing.IsCancellationRequested && viewer.End == ViewerEnd.Ended)
        {
            // Said below.
        }

        byte[] goodbye =
        [
            .. RtmpReplies.OnStatus("status", "NetStream.Play.UnpublishNotify", "The broadcast has ended."),
            .. RtmpReplies.UserControl(UserControlEvent.StreamEof, ChunkWriter.MessageStream),
            .. RtmpReplies.OnStatus("status", "NetStream.Play.Stop", "The broadcast has ended."),
        ];
        return EndOf(await output.SendAsync(goodbye, closing)) ?? RtmpEnd.Ended;
    }

    private async Task<RtmpEnd?> JoinAsync(CancellationToken waiting, CancellationToken closing)
    {
        (Track? Video, Track? Audio)? tracks;
        while ((tracks = _cursor.TracksAhead()) is null)
        {
            if (_cursor.IsEnded)
            {
                return null;
            }

            await _cursor.WaitAsync(waiting);
        }

        byte[] opening =
        [
            .. RtmpReplies.Metadata(FlvForms.Metadata(tracks.Value.Video, tracks.Value.Audio)),
            .. Configuration(tracks.Value.Video, 0),
            .. Configuration(tracks.Value.Audio, 0),
        ];
        (_video, _audio) = tracks.Value;
        return EndOf(await output.SendAsync(opening, closing));
    }

    private async ValueTask<RtmpEnd?> SendWhatIsThereAsync(CancellationToken closing)
    {
        var more = true;
        while (more)
        {
            using var turn = await output.TakeTurnAsync(closing);
            var written = 0;
            while (written < FlushThreshold && (more = _cursor.TryNext(out var frame)))
            {
                written += WriteFrame(turn, frame!);
            }

            CountSkips();
            if (_cursor.IsTooSlow)
            {
                return TooSlow();
            }

            if (written > 0 && EndOf(await turn.FlushAsync(closing)) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    private int WriteFrame(RtmpOutput.Turn turn, Frame frame)
    {
        ref var current = ref frame.Kind == FrameKind.Video ? ref _video : ref _audio;
        if (!ReferenceEquals(current, frame.Track))
        {
            if (!frame.Track!.Equals(current))
            {
                turn.Write(Configuration(frame.Track, FlvForms.TimestampOf(frame.Dts)));
            }

            current = frame.Track;
        }

        var chunks = ChunkWriter.Frames.Of(frame);
        turn.Write(chunks);
        return chunks.Length;
    }

    private void CountSkips()
    {
        if (_cursor.Skips > _skips)
        {
            MediaMeter.ViewerSkips.Add(_cursor.Skips - _skips, new KeyValuePair<string, object?>("outlet", "rtmp"));
            _skips = _cursor.Skips;
        }
    }

    private static byte[] Configuration(Track? track, uint timestamp) => track is null
        ? []
        : ChunkWriter.Message(
            track.Kind == TrackKind.Video ? RtmpMessageType.Video : RtmpMessageType.Audio,
            ChunkWriter.MessageStream,
            timestamp,
            FlvForms.SequenceStart(track));

    private static RtmpEnd? EndOf(FlushOutcome outcome) => outcome switch
    {
        FlushOutcome.Closed => RtmpEnd.PeerClosed,
        FlushOutcome.TimedOut => TooSlow(),
        _ => null,
    };

    private static RtmpEnd TooSlow()
    {
        MediaMeter.ViewersTooSlow.Add(1, new KeyValuePair<string, object?>("outlet", "rtmp"));
        return RtmpEnd.TooSlow;
    }
}
