using System.Net;
using Microsoft.Extensions.Logging;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Transport.Dtls;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Media.WebRtc.Transport;

public enum RtcPeerState
{
    AwaitingCheck,
    AwaitingHandshake,
    Handshaking,
    Connected,
    Closed,
}

/// <summary>
/// One session of an endpoint. Sending takes packets in plain, protects them and hands them to the kernel: nothing waits here, and what the
/// kernel has no room for is lost and counted, as on any network. Safe from any thread.
/// </summary>
/// <remarks>
/// Four locks, each for one thing, none held while another but the last is taken: paths and credentials (_ice), the handshake's connection (_dtls),
/// what is sent (_send), and the calls of <see cref="IRtcPackets"/> (_calls). A call may take any of the others, so nothing here waits for a call to end.
/// </remarks>
public sealed partial class RtcPeer
{
    /// <summary>Packets kept until the keys are there: the peer has them a moment before us.</summary>
    private const int MaxEarly = 64;

    private readonly RtcEndpoint _endpoint;
    private readonly RtcPeerOptions _options;
    private readonly CertificateFingerprint _promised;
    private readonly IRtcPackets _packets;
    private readonly Lock _send = new();
    private readonly Lock _calls = new();
    private readonly List<byte[]> _early = [];
    private SrtpSender? _sender;
    private SrtpReceiver? _receiver;
    private int _state = (int)RtcPeerState.AwaitingCheck;

    internal RtcPeer(RtcEndpoint endpoint, RtcPeerOptions options, CertificateFingerprint promised, IRtcPackets packets)
    {
        _endpoint = endpoint;
        _options = options;
        _promised = promised;
        _packets = packets;

        // Here, because the endpoint's clock sees a peer from the moment that it is counted.
        _began = endpoint.Now;
        _generation = new IceGeneration(this, 1, options.Local, options.Remote);
        _channel = new DtlsChannel(endpoint.Time, options.Role, datagram =>
        {
            if (_selected is { } path)
            {
                _endpoint.Send(datagram, path.Address);
            }
        });
    }

    public RtcPeerState State => (RtcPeerState)Volatile.Read(ref _state);

    /// <summary>Where packets go now; null before the first check.</summary>
    public IPEndPoint? RemoteAddress => _selected?.Address.ToEndPoint();

    /// <summary>
    /// Sends one RTP packet. Each sequence number of an SSRC only once: a second packet with it is refused, because it would break the
    /// encryption; retransmit as RTX (RFC 4588).
    /// </summary>
    /// <returns>False when nothing was sent: not connected, malformed, or a sequence number used before.</returns>
    public bool SendRtp(ReadOnlySpan<byte> packet)
    {
        if (!RtpHeader.TryRead(packet, out var header))
        {
            return false;
        }

        Span<byte> protectedPacket = stackalloc byte[RtcEndpoint.MaxDatagram];
        lock (_send)
        {
            if (_sender is not { } sender || _selected is not { } path)
            {
                return false;
            }

            var length = sender.ProtectRtp(packet[..header.HeaderLength], packet[header.HeaderLength..], protectedPacket);
            if (length > 0)
            {
                _endpoint.Send(protectedPacket[..length], path.Address);
            }

            return length > 0;
        }
    }

    /// <summary>Puts one RTP packet into a batch that leaves later; the quickest way to many peers.</summary>
    /// <param name="header">The packet's header with its extensions, own to this peer.</param>
    /// <param name="payload">The payload, shared by all.</param>
    public bool SendRtp(RtcBatch batch, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        lock (_send)
        {
            if (_sender is not { } sender || _selected is not { } path)
            {
                return false;
            }

            var room = batch.Reserve();
            var length = sender.ProtectRtp(header, payload, room);
            if (length > 0 && path.Address.IsTcp)
            {
                // A connection's own queue is its batch.
                _endpoint.Send(room[..length], path.Address);
            }
            else if (length > 0)
            {
                batch.Add(length, path.Address);
            }

            return length > 0;
        }
    }

    /// <summary>Sends one compound RTCP packet.</summary>
    public bool SendRtcp(ReadOnlySpan<byte> compound)
    {
        Span<byte> protectedPacket = stackalloc byte[RtcEndpoint.MaxDatagram];
        lock (_send)
        {
            if (_sender is not { } sender || _selected is not { } path)
            {
                return false;
            }

            var length = sender.ProtectRtcp(compound, protectedPacket);
            if (length > 0)
            {
                _endpoint.Send(protectedPacket[..length], path.Address);
            }

            return length > 0;
        }
    }

    /// <summary>Says goodbye and ends; <see cref="IRtcPackets.OnClosed"/> comes soon after, on another thread. Again is harmless.</summary>
    public void Close() => Close(RtcClosed.Here);

    internal void ReceivePacket(Span<byte> datagram, long now)
    {
        lock (_calls)
        {
            if (_receiver is not null)
            {
                Open(datagram, now);
            }
            else if (State is RtcPeerState.Handshaking or RtcPeerState.Connected && _early.Count < MaxEarly)
            {
                _early.Add(datagram.ToArray());
            }
            else
            {
                _endpoint.Drop(RtcDrop.TooEarly);
            }
        }
    }

    private void Open(Span<byte> datagram, long now)
    {
        // RFC 5761 4: the second byte tells RTCP from RTP.
        var isRtcp = datagram.Length > 1 && datagram[1] is >= 192 and <= 223;
        var verdict = isRtcp ? _receiver!.UnprotectRtcp(datagram, out var length) : _receiver!.UnprotectRtp(datagram, out length);
        switch (verdict)
        {
            case SrtpVerdict.Good when isRtcp:
                _packets.OnRtcp(datagram[..length]);
                break;
            case SrtpVerdict.Good:
                _packets.OnRtp(datagram[..length], now);
                break;
            case SrtpVerdict.Malformed:
                _endpoint.Drop(RtcDrop.MalformedPacket);
                break;
            case SrtpVerdict.Replayed:
                _endpoint.Drop(RtcDrop.ReplayedPacket);
                break;
            case SrtpVerdict.Forged:
                _endpoint.Drop(RtcDrop.ForgedPacket);
                break;
            case SrtpVerdict.TooManyStreams:
                _endpoint.Drop(RtcDrop.TooManyStreams);
                break;
        }
    }

    private bool Move(RtcPeerState from, RtcPeerState to) => Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;

    private void Connected(DtlsResult result)
    {
        var server = _options.Role == DtlsRole.Server;
        var sender = new SrtpSender(SrtpCipher.Create(result.Profile, server ? result.Server : result.Client));
        var receiver = new SrtpReceiver(SrtpCipher.Create(result.Profile, server ? result.Client : result.Server));
        lock (_calls)
        {
            lock (_send)
            {
                if (!Move(RtcPeerState.Handshaking, RtcPeerState.Connected))
                {
                    sender.Dispose();
                    receiver.Dispose();
                    return;
                }

                _sender = sender;
            }

            _endpoint.Log.LogDebug("WebRTC session with {Address} is up, {Profile}", RemoteAddress, result.Profile);
            _packets.OnConnected();
            _receiver = receiver;
            foreach (var packet in _early)
            {
                Open(packet, _endpoint.Now);
            }

            _early.Clear();
        }
    }

    private void Close(RtcClosed reason)
    {
        if (Interlocked.Exchange(ref _state, (int)RtcPeerState.Closed) == (int)RtcPeerState.Closed)
        {
            return;
        }

        _endpoint.Log.LogDebug("WebRTC session with {Address} ended: {Reason}", RemoteAddress, reason);
        SayGoodbye();
        ForgetPaths();
        _endpoint.Remove(this, reason);
        lock (_send)
        {
            _sender?.Dispose();
            _sender = null;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static ended =>
            {
                lock (ended.Peer._calls)
                {
                    ended.Peer._receiver?.Dispose();
                    ended.Peer._receiver = null;
                    ended.Peer._early.Clear();
                    ended.Peer._packets.OnClosed(ended.Reason);
                }
            },
            (Peer: this, Reason: reason),
            preferLocal: false);
    }
}
