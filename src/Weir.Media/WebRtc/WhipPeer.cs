using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc;

/// <summary>
/// A WHIP publisher's connection: publishes from the moment that keys are agreed, so that whoever never arrives replaces nobody, until either side is done.
/// </summary>
public sealed class WhipPeer : IRtcPackets, IRtcSession
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(15);

    private readonly Lock _lock = new();
    private readonly RtcEndpoint _endpoint;
    private readonly RtcOffer _offer;
    private readonly Func<Publisher?> _publish;
    private readonly WhipLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action<RtcClosed, bool> _onClosed;
    private readonly PeerOutput _output = new();
    private WhipSession? _session;
    private Publisher? _publisher;
    private CancellationTokenRegistration _replaced;
    private ITimer? _timer;

    /// <param name="publish">Takes the place of the publisher; null when the broadcast takes none any more.</param>
    /// <param name="onClosed">Called once, at the end; true when another publisher had taken over.</param>
    public WhipPeer(RtcEndpoint endpoint, RtcOffer offer, Func<Publisher?> publish, WhipLimits limits, TimeProvider time, ILogger log, Action<RtcClosed, bool> onClosed)
    {
        (_endpoint, _offer, _publish, _limits, _time, _log, _onClosed) = (endpoint, offer, publish, limits, time, log, onClosed);
    }

    public RtcPeer? Peer
    {
        get => _output.Peer;
        set => _output.Peer = value;
    }

    public void OnConnected()
    {
        var publisher = _publish();
        if (publisher is null)
        {
            Peer?.Close();
            return;
        }

        lock (_lock)
        {
            _publisher = publisher;
            _session = new WhipSession(publisher, _offer.Video, _offer.Audio, _output, _limits, _log);
            _timer = _time.CreateTimer(static state => ((WhipPeer)state!).Tick(), this, TickInterval, TickInterval);
        }

        // Off the thread of whoever replaces it, which may hold locks.
        _replaced = publisher.Replaced.UnsafeRegister(
            static peer => ThreadPool.UnsafeQueueUserWorkItem(static that => that.Peer?.Close(), (WhipPeer)peer!, preferLocal: false), this);
    }

    public void OnRtp(Span<byte> packet, long arrival)
    {
        lock (_lock)
        {
            _session?.TakeRtp(packet, arrival);
        }
    }

    public void OnRtcp(ReadOnlySpan<byte> compound)
    {
        lock (_lock)
        {
            _session?.TakeRtcp(compound, _endpoint.Now);
        }
    }

    public void OnClosed(RtcClosed reason)
    {
        Publisher? publisher;
        lock (_lock)
        {
            (publisher, _publisher, _session) = (_publisher, null, null);
            _timer?.Dispose();
        }

        _replaced.Unregister();
        var replaced = publisher is { Replaced.IsCancellationRequested: true, Broadcast.State: not BroadcastState.Ended };
        publisher?.Dispose();
        _onClosed(reason, replaced);
    }

    private void Tick()
    {
        lock (_lock)
        {
            _session?.Tick(_endpoint.Now);
        }
    }
}
