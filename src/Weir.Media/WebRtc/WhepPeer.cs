using Weir.Media.Broadcasting;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Sending;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc;

/// <summary>
/// A WHEP viewer's connection: sends from the moment that keys are agreed until either side is done, the broadcast ends or the viewer is
/// cut. Before that moment the viewer may be nobody, so nothing is made for them: their timeline, whose sound may need a process, is not
/// asked for.
/// </summary>
public sealed class WhepPeer : IRtcPackets, IRtcSession
{
    private readonly RtcEndpoint _endpoint;
    private readonly RtcSenders _senders;
    private readonly Viewer _viewer;
    private readonly Action<RtcClosed, WhepEnd> _onClosed;
    private readonly RtcOffer _offer;
    private readonly RtcSources _sources;
    private readonly WhepLimits _limits;
    private readonly TimeProvider _time;
    private readonly PeerOutput _output = new();
    private readonly CancellationTokenRegistration _cut;
    private volatile Sendee? _sendee;
    private WhepEnd _end;

    /// <param name="viewer">Belongs to the connection from here on.</param>
    /// <param name="onClosed">Called once, at the end.</param>
    public WhepPeer(
        RtcEndpoint endpoint, RtcSenders senders, Viewer viewer, RtcOffer offer, RtcSources sources, WhepLimits limits, TimeProvider time, Action<RtcClosed, WhepEnd> onClosed)
    {
        (_endpoint, _senders, _viewer, _onClosed) = (endpoint, senders, viewer, onClosed);
        (_offer, _sources, _limits, _time) = (offer, sources, limits, time);
        _cut = viewer.Closed.UnsafeRegister(static peer => ((WhepPeer)peer!).Peer?.Close(), this);
    }

    public RtcPeer? Peer
    {
        get => _output.Peer;
        set
        {
            _output.Peer = value;
            if (_viewer.Closed.IsCancellationRequested)
            {
                // Cut between the check and now.
                value?.Close();
            }
        }
    }

    public void OnConnected()
    {
        if (Peer is { } peer)
        {
            // Without sound there is nothing to transcode.
            var timeline = _offer.Audio is null ? _viewer.Broadcast.Timeline : _viewer.Timeline;
            var session = new WhepSession(_viewer.Broadcast, timeline, _offer.Video, _offer.Audio, _sources, _output, _limits, _time);
            var sendee = new Sendee(session, peer, timeline.Log, Finish);
            _sendee = sendee;
            _senders.Add(sendee);
        }
    }

    public void OnRtp(Span<byte> packet, long arrival)
    {
        // A viewer has nothing to show.
    }

    public void OnRtcp(ReadOnlySpan<byte> compound) => _sendee?.Session.TakeRtcp(compound, _endpoint.Now);

    public void OnClosed(RtcClosed reason)
    {
        if (_sendee is { } sendee)
        {
            RtcSenders.Remove(sendee);
        }

        _cut.Unregister();
        _viewer.Dispose();
        _onClosed(reason, _end);
    }

    private void Finish(WhepEnd end)
    {
        _end = end;
        Peer?.Close();
    }
}
