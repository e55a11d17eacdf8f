using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Cmaf;
using Weir.Media.Formats;

namespace Weir.Media.WebSockets;

/// <summary>Bounds of one viewer's WebSocket.</summary>
public sealed record WatchLimits
{
    /// <summary>A viewer further behind than this skips to the newest keyframe.</summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A send that takes longer ends the session (close code 4408).</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a session that was told to go may still take; a cut must be over within a second.</summary>
    public TimeSpan CutGrace { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>After the broadcast ended, how long the rest may take to arrive.</summary>
    public TimeSpan EndGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the other side may take to answer a close.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Bytes of a message from a viewer.</summary>
    public int MaxIncomingBytes { get; init; } = 4096;

    /// <summary>Messages from a viewer within ten seconds.</summary>
    public int MaxIncomingPerTenSeconds { get; init; } = 40;
}

/// <summary>How a watch session ended.</summary>
public enum WatchEnd
{
    ViewerLeft,
    Cut,
    Ended,
    Stopping,
    TooSlow,

    /// <summary>The viewer sent what the protocol does not allow.</summary>
    ViewerAtFault,
}

internal static class WatchEnds
{
    /// <summary>How a session ends whose viewer must go.</summary>
    public static WatchEnd Of(ViewerEnd end) => end switch
    {
        ViewerEnd.Cut => WatchEnd.Cut,
        ViewerEnd.Stopping => WatchEnd.Stopping,
        _ => WatchEnd.Ended,
    };
}

/// <summary>
/// One viewer on a WebSocket (docs/protocol.md): hello, the latest comments, then media and events as the packager
/// makes them, comments the other way. Holds a cursor into <see cref="Packager.Log"/> and no media of its own.
/// </summary>
/// <param name="media">False for <c>?media=none</c>: events only.</param>
/// <param name="epoch">The audience epoch of the viewer's ticket, repeated in <c>hello</c>.</param>
/// <param name="socket">Reads what comes in, over <paramref name="wire"/>; what it wants to say itself waits for its turn.</param>
/// <param name="direct">The connection's socket where it may be written to without anything between; null writes to the stream.</param>
/// <param name="abort">Breaks the connection.</param>
public sealed partial class WatchSession(
    WebSocket socket,
    SplitStream wire,
    DirectSocket? direct,
    Action abort,
    WatchKeepAlive keepAlive,
    Viewer viewer,
    Packager packager,
    bool media,
    long epoch,
    WatchLimits limits,
    TimeProvider clock,
    ILogger<WatchSession> logger)
{
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly UpDownCounter<int> Open = Meter.CreateUpDownCounter<int>("weir_websocket_sessions", description: "Open watch sessions");
    private static readonly Counter<long> Bad = Meter.CreateCounter<long>("weir_websocket_bad_input", description: "Viewers closed for what they sent");

    private static readonly byte[] Ping = WebSocketFrame.Message(WebSocketOpcode.Ping, []);

    private readonly Mailbox _mailbox = new();
    private readonly LagPolicy _policy = new() { MaxLag = (long)limits.MaxLag.TotalMicroseconds, WriteTimeout = limits.SendTimeout };

    public Viewer Viewer => viewer;

    /// <summary>Tells the viewer that they may not, or may again, comment. May be called from anywhere; never lost, the last call wins.</summary>
    public void SetMuted(bool muted) => _mailbox.SetMuted(muted);

    /// <summary>Runs until the viewer leaves, is cut, or the broadcast ends. Closes the connection; disposes neither the socket nor the viewer.</summary>
    public async Task<WatchEnd> RunAsync()
    {
        Open.Add(1);
        var feed = new WatchFeed(viewer, packager, _mailbox, media, epoch, limits);
        wire.HandOver(feed.Reply);
        using var kept = keepAlive.Watch(wire, () => feed.Reply(Ping), LetGo);
        using var gone = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var receiving = new WatchReceiver(socket, viewer, _mailbox, limits, clock).RunAsync(gone.Token);
        await using var grace = clock.CreateTimer(
            _ =>
            {
                feed.EndGrace();
                giveUp.Cancel();
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        await using var onClosed = viewer.Closed.UnsafeRegister(
            _ =>
            {
                grace.Change(viewer.End == ViewerEnd.Ended ? limits.EndGrace : limits.CutGrace, Timeout.InfiniteTimeSpan);
                _mailbox.Nudge();
            },
            null);
        try
        {
            var (end, isClosing) = await SendAsync(feed, giveUp.Token);
            Count(end);
            if (isClosing)
            {
                await AwaitCloseAsync(receiving);
            }

            return end;
        }
        finally
        {
            // The receiver ends with the connection; nothing may outlive this call.
            if (!receiving.IsCompleted)
            {
                abort();
                await gone.CancelAsync();
            }

            await receiving;
            Open.Add(-1);
        }
    }

    /// <returns>How it ended, and whether the close was sent.</returns>
    private async Task<(WatchEnd End, bool IsClosing)> SendAsync(WatchFeed feed, CancellationToken giveUp)
    {
        try
        {
            return await DriveAsync(feed, giveUp) switch
            {
                FlowEnd.Ended => (feed.End!.Value, true),
                FlowEnd.TooSlow => (WatchEnd.TooSlow, false),
                _ => (feed.Leaving() ?? WatchEnd.ViewerLeft, false),
            };
        }
        catch (OperationCanceledException)
        {
            // The grace is over, or the senders stop: what waits is not waited for.
            return (feed.Leaving() ?? WatchEnd.Ended, false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            return (feed.Leaving() ?? WatchEnd.ViewerLeft, false);
        }
    }

    private async Task<FlowEnd> DriveAsync(WatchFeed feed, CancellationToken giveUp)
    {
        if (direct is null)
        {
            var output = PipeWriter.Create(wire.Inner, new StreamPipeWriterOptions(leaveOpen: true));
            try
            {
                return await PipeFlow.RunAsync(feed, output, _policy, clock, turn: null, giveUp);
            }
            finally
            {
                // With a fault, so that it does not try once more to send what nobody fetches; what was to arrive has been flushed.
                await output.CompleteAsync(new OperationCanceledException());
            }
        }

        var flow = direct.FanOut.Begin(feed, direct.Socket, _policy);
        _mailbox.OnNews = flow.Nudge;
        flow.Nudge(); // for what came before
        return await flow.CompleteAsync(giveUp);
    }

    private void LetGo()
    {
        MediaMeter.ViewersSilent.Add(1, WatchFeed.Outlet);
        abort();
    }

    private void Count(WatchEnd end)
    {
        if (end == WatchEnd.TooSlow)
        {
            MediaMeter.ViewersTooSlow.Add(1, WatchFeed.Outlet);
            LogTooSlow(viewer.Broadcast.Id);
        }
        else if (end == WatchEnd.ViewerAtFault)
        {
            var code = WatchCloses.Of(end, _mailbox.Fault).Code;
            Bad.Add(1, new KeyValuePair<string, object?>("code", code));
            LogFault(viewer.Broadcast.Id, code);
        }
    }

    /// <summary>The other side answers the close, or is let go without.</summary>
    private async Task AwaitCloseAsync(Task receiving)
    {
        try
        {
            await receiving.WaitAsync(limits.CloseTimeout, clock);
        }
        catch (TimeoutException)
        {
            abort();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A viewer of {Broadcast:N} was too slow for too long")]
    private partial void LogTooSlow(Guid broadcast);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A viewer of {Broadcast:N} sent what the protocol does not allow, closed with {Code}")]
    private partial void LogFault(Guid broadcast, int code);
}
