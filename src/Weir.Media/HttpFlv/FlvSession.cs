using System.IO.Pipelines;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;

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
/// interruption of the publisher keeps it open. First <see cref="WaitAsync"/>, then one of the two ways of sending.
/// </summary>
public sealed class FlvSession : IDisposable
{
    private readonly Viewer _viewer;
    private readonly FlvOptions _options;
    private readonly TimeProvider _clock;
    private readonly CancellationToken _gone;
    private readonly CancellationTokenSource _closing;
    private readonly CancellationTokenRegistration _onClosed;
    private readonly FrameFeed _plain;

    /// <param name="gone">The request was aborted, or the node shuts down.</param>
    public FlvSession(Viewer viewer, FlvOptions options, TimeProvider clock, CancellationToken gone)
    {
        (_viewer, _options, _clock, _gone) = (viewer, options, clock, gone);
        _plain = new FrameFeed(viewer.Timeline, FlvBody.Plain, options.Lag, clock);
        // A cut ends also a write that is under way. After the broadcast's end the rest is still sent.
        _closing = CancellationTokenSource.CreateLinkedTokenSource(gone);
        _onClosed = viewer.Closed.UnsafeRegister(
            _ =>
            {
                if (viewer.End != ViewerEnd.Ended)
                {
                    _closing.Cancel();
                }
            },
            null);
    }

    /// <summary>The whole of a session that writes to a pipe. The host completes the pipe.</summary>
    public static async Task<FlvEnd> RunAsync(Viewer viewer, PipeWriter output, FlvOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        using var session = new FlvSession(viewer, options, clock, cancellation);
        return await session.WaitAsync() ?? await session.SendAsync(output);
    }

    /// <summary>Waits until there is something to send; gives why there never will be.</summary>
    public Task<FlvEnd?> WaitAsync() => GuardAsync<FlvEnd?>(async () =>
    {
        using var patience = new CancellationTokenSource(_options.FirstFramePatience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, patience.Token);
        try
        {
            while (!_plain.IsReady)
            {
                await _plain.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !_closing.IsCancellationRequested)
        {
            return FlvEnd.NothingToShow;
        }

        return _plain.IsEmpty ? FlvEnd.Ended : null;
    }, end => end);

    /// <summary>Sends through a pipe.</summary>
    public Task<FlvEnd> SendAsync(PipeWriter output) =>
        GuardAsync(async () => EndOf(await PipeFlow.RunAsync(_plain, output, _options.Lag, _clock, turn: null, _closing.Token)), end => end);

    /// <summary>Has a sender write to the response's socket. The response's head must be in the kernel.</summary>
    /// <param name="chunked">As the body of a chunked response (RFC 9112 7.1), whose last chunk the host writes.</param>
    public Task<FlvEnd> SendAsync(DirectSocket socket, bool chunked) => GuardAsync(
        async () =>
        {
            var feed = chunked ? new FrameFeed(_viewer.Timeline, FlvBody.Chunked, _options.Lag, _clock) : _plain;
            return EndOf(await socket.FanOut.Begin(feed, socket.Socket, _options.Lag).CompleteAsync(_closing.Token));
        },
        end => end);

    public void Dispose()
    {
        _onClosed.Dispose();
        _closing.Dispose();
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> body, Func<FlvEnd, T> end)
    {
        try
        {
            return await body();
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested || _viewer.Closed.IsCancellationRequested)
        {
            return end((_viewer.End, _gone.IsCancellationRequested) switch
            {
                (ViewerEnd.Cut, _) => FlvEnd.Cut,
                (ViewerEnd.Stopping, _) => FlvEnd.Stopping,
                (_, true) => FlvEnd.PeerClosed,
                _ => FlvEnd.Ended,
            });
        }
        catch (IOException)
        {
            // The transport's way to say that the peer is gone.
            return end(FlvEnd.PeerClosed);
        }
    }

    private static FlvEnd EndOf(FlowEnd end)
    {
        if (end == FlowEnd.TooSlow)
        {
            MediaMeter.ViewersTooSlow.Add(1, new KeyValuePair<string, object?>("outlet", FlvBody.Plain.Outlet));
        }

        return end switch
        {
            FlowEnd.TooSlow => FlvEnd.TooSlow,
            FlowEnd.PeerClosed => FlvEnd.PeerClosed,
            _ => FlvEnd.Ended,
        };
    }
}
