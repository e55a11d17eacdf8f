using System.Buffers;
using System.IO.Pipelines;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.HttpFlv;

public sealed record FlvOptions
{
    /// <summary>How long a broadcast that has nothing to show yet is waited for.</summary>
    public TimeSpan FirstFramePatience { get; init; } = TimeSpan.FromSeconds(10);

    public LagPolicy Lag { get; init; } = new();
}

/// <summary>Why a session ended.</summary>
public enum FlvEnd
{
    /// <summary>The broadcast ended; everything was sent.</summary>
    Ended,
    PeerClosed,

    /// <summary>Abort the connection: there may be bytes that nobody will fetch.</summary>
    TooSlow,

    /// <summary>The viewer may no longer watch: abort the connection.</summary>
    Cut,
    Stopping,

    /// <summary>Nothing came within the patience; nothing was written.</summary>
    NothingToShow,
}

/// <summary>
/// One viewer's HTTP-FLV response body: header, metadata, configurations, then frames from the newest keyframe on. An
/// interruption of the publisher keeps it open. The host completes the pipe.
/// </summary>
public sealed class FlvSession(Viewer viewer, PipeWriter output, FlvOptions options, TimeProvider clock)
{
    private const int FlushThreshold = 128 << 10;

    private readonly LiveCursor _cursor = new(viewer.Broadcast.Timeline, options.Lag, clock);
    private Track? _video;
    private Track? _audio;
    private int _skips;

    /// <param name="cancellation">The request was aborted, or the node shuts down.</param>
    public static Task<FlvEnd> RunAsync(
        Viewer viewer, PipeWriter output, FlvOptions options, TimeProvider clock, CancellationToken cancellation) =>
        new FlvSession(viewer, output, options, clock).RunAsync(cancellation);

    public async Task<FlvEnd> RunAsync(CancellationToken cancellation)
    {
        // A cut ends also a write that is under way. The broadcast's end only ends the waiting: the rest is still sent.
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation, viewer.Closed);
        using var onClosed = viewer.Closed.UnsafeRegister(
            _ =>
            {
                if (viewer.End != ViewerEnd.Ended)
                {
                    closing.Cancel();
                }
            },
            null);
        try
        {
            return await JoinAsync(waiting.Token, closing.Token) ?? await FollowAsync(waiting.Token, closing.Token);
        }
        catch (OperationCanceledException) when (viewer.Closed.IsCancellationRequested || cancellation.IsCancellationRequested)
        {
            return (viewer.End, cancellation.IsCancellationRequested) switch
            {
                (ViewerEnd.Cut, _) => FlvEnd.Cut,
                (ViewerEnd.Stopping, _) => FlvEnd.Stopping,
                (_, true) => FlvEnd.PeerClosed,
                _ => FlvEnd.Ended,
            };
        }
        catch (IOException)
        {
            // The transport's way to say that the peer is gone.
            return FlvEnd.PeerClosed;
        }
    }

    private async Task<FlvEnd?> JoinAsync(CancellationToken waiting, CancellationToken closing)
    {
        using var patience = new CancellationTokenSource(options.FirstFramePatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waiting, patience.Token);
        (Track? Video, Track? Audio)? tracks;
        while ((tracks = _cursor.TracksAhead()) is null)
        {
            if (_cursor.IsEnded)
            {
                return FlvEnd.Ended;
            }

            try
            {
                await _cursor.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested && !waiting.IsCancellationRequested)
            {
                return FlvEnd.NothingToShow;
            }
        }

        (_video, _audio) = tracks.Value;
        output.Write(FlvWriter.FileHeader(audio: _audio is not null, video: _video is not null));
        output.Write(FlvWriter.Tag(FlvTagType.Script, 0, [], Amf0Writer.Write("onMetaData", FlvForms.Metadata(_video, _audio))));
        WriteConfiguration(_video, 0);
        WriteConfiguration(_audio, 0);
        return EndOf(await output.FlushAsync(options.Lag.WriteTimeout, clock, closing));
    }

    private async Task<FlvEnd> FollowAsync(CancellationToken waiting, CancellationToken closing)
    {
        while (!_cursor.IsEnded)
        {
            while (WriteWhatIsThere() > 0)
            {
                if (EndOf(await output.FlushAsync(options.Lag.WriteTimeout, clock, closing)) is { } end)
                {
                    return end;
                }
            }

            if (_cursor.IsTooSlow)
            {
                return TooSlow();
            }

            await _cursor.WaitAsync(waiting);
        }

        return FlvEnd.Ended;
    }

    private int WriteWhatIsThere()
    {
        var written = 0;
        while (written < FlushThreshold && _cursor.TryNext(out var frame))
        {
            ref var current = ref frame.Kind == FrameKind.Video ? ref _video : ref _audio;
            if (!ReferenceEquals(current, frame.Track))
            {
                if (!frame.Track!.Equals(current))
                {
                    WriteConfiguration(frame.Track, FlvForms.TimestampOf(frame.Dts));
                }

                current = frame.Track;
            }

            var tag = FlvForms.Tags.Of(frame);
            output.Write(tag);
            written += tag.Length;
        }

        if (_cursor.Skips > _skips)
        {
            MediaMeter.ViewerSkips.Add(_cursor.Skips - _skips, new KeyValuePair<string, object?>("outlet", "flv"));
            _skips = _cursor.Skips;
        }

        return written;
    }

    private void WriteConfiguration(Track? track, uint timestamp)
    {
        if (track is not null)
        {
            var type = track.Kind == TrackKind.Video ? FlvTagType.Video : FlvTagType.Audio;
            output.Write(FlvWriter.Tag(type, timestamp, FlvForms.SequenceStart(track), []));
        }
    }

    private static FlvEnd? EndOf(FlushOutcome outcome) => outcome switch
    {
        FlushOutcome.Closed => FlvEnd.PeerClosed,
        FlushOutcome.TimedOut => TooSlow(),
        _ => null,
    };

    private static FlvEnd TooSlow()
    {
        MediaMeter.ViewersTooSlow.Add(1, new KeyValuePair<string, object?>("outlet", "flv"));
        return FlvEnd.TooSlow;
    }
}
