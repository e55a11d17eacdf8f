using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

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
    public TimeSpan EndGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the other side may take to answer a close.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Bytes of waiting fragments put into one message, for a viewer who catches up.</summary>
    public int MaxMergedBytes { get; init; } = 256 << 10;

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

/// <summary>
/// One viewer on a WebSocket (docs/protocol.md): hello, the latest comments, then media and events as the packager
/// makes them, comments the other way. Holds a cursor into <see cref="Packager.Log"/> and no media of its own.
/// </summary>
/// <param name="media">False for <c>?media=none</c>: events only.</param>
/// <param name="epoch">The audience epoch of the viewer's ticket, repeated in <c>hello</c>.</param>
public sealed partial class WatchSession(
    WebSocket socket,
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

    private readonly Mailbox _mailbox = new();

    public Viewer Viewer => viewer;

    /// <summary>Tells the viewer that they may not, or may again, comment. May be called from anywhere; never lost, the last call wins.</summary>
    public void SetMuted(bool muted) => _mailbox.SetMuted(muted);

    /// <summary>Runs until the viewer leaves, is cut, or the broadcast ends. Closes the socket; disposes neither it nor the viewer.</summary>
    public async Task<WatchEnd> RunAsync()
    {
        Open.Add(1);
        using var goneSource = new CancellationTokenSource();
        var receiving = new WatchReceiver(socket, viewer, _mailbox, limits, clock).RunAsync(goneSource.Token);
        try
        {
            using var sender = new WatchSender(socket, viewer, packager, _mailbox, media, epoch, limits, clock);
            var end = await sender.RunAsync();
            await CloseAsync(end, receiving);
            return end;
        }
        finally
        {
            // The receiver ends with the socket; nothing may outlive this call.
            if (!receiving.IsCompleted)
            {
                socket.Abort();
                await goneSource.CancelAsync();
            }

            await receiving;
            Open.Add(-1);
        }
    }

    private async Task CloseAsync(WatchEnd end, Task receiving)
    {
        var (code, reason) = end switch
        {
            WatchEnd.Cut => ((WebSocketCloseStatus)4403, "cut"),
            WatchEnd.Ended => ((WebSocketCloseStatus)4410, "ended"),
            WatchEnd.Stopping => ((WebSocketCloseStatus)1012, "restart"),
            WatchEnd.TooSlow => ((WebSocketCloseStatus)4408, "too slow"),
            WatchEnd.ViewerAtFault => _mailbox.Fault ?? (WebSocketCloseStatus.ProtocolError, ""),
            _ => (WebSocketCloseStatus.NormalClosure, ""),
        };
        if (end == WatchEnd.TooSlow)
        {
            MediaMeter.ViewersTooSlow.Add(1, WatchSender.Outlet);
            LogTooSlow(viewer.Broadcast.Id);
        }
        else if (end == WatchEnd.ViewerAtFault)
        {
            Bad.Add(1, new KeyValuePair<string, object?>("code", (int)code));
            LogFault(viewer.Broadcast.Id, (int)code);
        }

        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }

        using var timeout = new CancellationTokenSource(limits.CloseTimeout, clock);
        try
        {
            await socket.CloseOutputAsync(code, reason, timeout.Token);
            await receiving.WaitAsync(timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException)
        {
            // It went without answering; aborting is all that is left.
            socket.Abort();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A viewer of {Broadcast:N} was too slow for too long")]
    private partial void LogTooSlow(Guid broadcast);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A viewer of {Broadcast:N} sent what the protocol does not allow, closed with {Code}")]
    private partial void LogFault(Guid broadcast, int code);
}
