using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Weir.Media.Formats.Stun;
using Weir.Media.WebRtc.Transport.Dtls;
using Weir.Media.WebRtc.Transport.Tcp;
using Weir.Media.WebRtc.Transport.Udp;

namespace Weir.Media.WebRtc.Transport;

/// <summary>
/// Where all WebRTC sessions meet: one port, one certificate. It answers connectivity checks as an ICE-lite agent, agrees on keys by DTLS and passes on
/// the packets of each peer, decrypted. It does no I/O itself: datagrams come in by <see cref="Receive"/> and leave through its port, or over the
/// TCP connections that its host gives it.
/// </summary>
/// <remarks>
/// Everybody can send anything here. What is not from a known address is worth one look-up; only a check that is signed with a session's password makes
/// an address known, and nothing that is not signed gets an answer.
/// </remarks>
public sealed class RtcEndpoint : IDisposable
{
    /// <summary>The longest datagram taken or sent.</summary>
    internal const int MaxDatagram = 1500;

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, IceGeneration> _byUfrag = new();
    private readonly ConcurrentDictionary<string, IceGeneration>.AlternateLookup<ReadOnlySpan<char>> _byUfragChars;
    private readonly ConcurrentDictionary<RtcAddress, RtcPeer> _byAddress = new();
    private readonly ConcurrentDictionary<RtcPeer, byte> _peers = new();
    private readonly DtlsIdentity _identity;
    private readonly HandshakePool _handshakes;
    private readonly long[] _drops = new long[Enum.GetValues<RtcDrop>().Length];
    private readonly IRtcPort _port;
    private readonly TcpConnections _connections;
    private readonly ITimer _ticker;
    private readonly Lock _admission = new();
    private volatile bool _disposed;

    internal RtcEndpoint(RtcEndpointOptions options, TimeProvider time, ILogger log, Func<RtcEndpoint, IRtcPort> port, IReadOnlyList<RtcCandidate> candidates)
    {
        Options = options;
        Time = time;
        Log = log;
        _byUfragChars = _byUfrag.GetAlternateLookup<ReadOnlySpan<char>>();
        _identity = DtlsIdentity.Create(time);
        _handshakes = new HandshakePool(time);
        Candidates = candidates;
        _connections = new TcpConnections(this);
        _port = port(this);
        _ticker = time.CreateTimer(_ => Tick(), null, TickInterval, TickInterval);
    }

    /// <summary>For the SDP of every session.</summary>
    public IReadOnlyList<RtcCandidate> Candidates { get; internal set; }

    /// <summary>Our certificate's, as SDP carries it: <c>sha-256 AB:CD:...</c>.</summary>
    public string Fingerprint => _identity.Fingerprint;

    /// <summary>Microseconds of a clock that only goes forward.</summary>
    public long Now => (long)(Time.GetTimestamp() * (1e6 / Time.TimestampFrequency));

    public int PeerCount => _peers.Count;

    internal RtcEndpointOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ILogger Log { get; }

    internal DtlsIdentity Identity => _identity;

    internal HandshakePool Handshakes => _handshakes;

    /// <exception cref="SocketException">The port is taken.</exception>
    public static RtcEndpoint Start(RtcEndpointOptions options, TimeProvider time, ILogger<RtcEndpoint> log)
    {
        var sockets = UdpSockets.Open(options);
        var candidates = LocalAddresses.Candidates(options, sockets.Port);
        return new RtcEndpoint(options, time, log, endpoint => sockets.Start(endpoint), candidates);
    }

    /// <summary>Expects a peer. Null when there are too many already.</summary>
    /// <exception cref="ArgumentException">
    /// The remote fingerprint is none, or of a hash that nobody should use; or the credentials are in use.
    /// </exception>
    public RtcPeer? AddPeer(RtcPeerOptions options, IRtcPackets packets)
    {
        var peer = new RtcPeer(this, options, CertificateFingerprint.Parse(options.RemoteFingerprint), packets);
        lock (_admission)
        {
            if (_disposed || _peers.Count >= Options.MaxPeers)
            {
                return null;
            }

            _peers[peer] = 0;
        }

        RtcMeter.Peers.Add(1);
        if (!peer.TryBegin())
        {
            Remove(peer, RtcClosed.Here);
            throw new ArgumentException("Credentials are for one session.", nameof(options));
        }

        return peer;
    }

    /// <summary>Takes an accepted TCP connection (RFC 6544) and runs it to its end. Closing the pipe, and the connection behind it, is the host's.</summary>
    public Task<RtcTcpEnd> RunTcpAsync(IDuplexPipe pipe, IPEndPoint from) => _connections.RunAsync(pipe, from);

    /// <summary>Datagrams thrown away for this reason.</summary>
    public long Dropped(RtcDrop reason) => Interlocked.Read(ref _drops[(int)reason]);

    /// <summary>Takes one datagram; it may be decrypted in place. One thread of a door, or of a connection, at a time.</summary>
    internal void Receive(Span<byte> datagram, RtcAddress from, long now)
    {
        // RFC 7983 7: what it is by the first byte.
        switch (datagram.IsEmpty ? (byte)255 : datagram[0])
        {
            case <= 3:
                ReceiveStun(datagram, from, now);
                break;
            case >= 20 and <= 63:
                if (_byAddress.TryGetValue(from, out var shaking))
                {
                    shaking.ReceiveDtls(datagram, from);
                }
                else
                {
                    Drop(RtcDrop.UnknownAddress);
                }

                break;
            case >= 128 and <= 191:
                if (_byAddress.TryGetValue(from, out var talking))
                {
                    talking.ReceivePacket(datagram, now);
                }
                else
                {
                    Drop(RtcDrop.UnknownAddress);
                }

                break;
            default:
                Drop(RtcDrop.UnknownKind);
                break;
        }
    }

    internal void Drop(RtcDrop reason, long count = 1)
    {
        Interlocked.Add(ref _drops[(int)reason], count);
        RtcMeter.Dropped.Add(count, RtcMeter.Tag(reason));
    }

    internal void Send(ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        if (to.IsTcp)
        {
            _connections.Send(datagram, to);
        }
        else
        {
            _port.Send(datagram, to);
        }
    }

    internal void Send(RtcBatch batch) => _port.Send(batch);

    internal RtcAddress Reach(IPEndPoint end) => _port.Reach(end);

    internal bool Register(IceGeneration generation) => _byUfrag.TryAdd(generation.Local.Ufrag, generation);

    internal void Unregister(IceGeneration generation) => _byUfrag.TryRemove(new(generation.Local.Ufrag, generation));

    /// <summary>
    /// Packets from there belong to this peer from now on. False when they belong to another: a check is signed, but where it seems to come from is
    /// not, so nobody can take another's address with it.
    /// </summary>
    internal bool TryRegister(RtcAddress address, RtcPeer peer)
    {
        if (_byAddress.GetOrAdd(address, peer) != peer)
        {
            return false;
        }

        if (address.IsTcp)
        {
            _connections.Prove(address);
        }

        return true;
    }

    internal void Unregister(RtcAddress address, RtcPeer peer)
    {
        if (_byAddress.TryRemove(new(address, peer)) && address.IsTcp)
        {
            _connections.End(address, RtcTcpEnd.SessionOver);
        }
    }

    /// <summary>A TCP connection ended.</summary>
    internal void Lose(RtcAddress address)
    {
        if (_byAddress.TryGetValue(address, out var peer))
        {
            peer.Lose(address);
        }
    }

    internal void Remove(RtcPeer peer, RtcClosed reason)
    {
        if (_peers.TryRemove(peer, out _))
        {
            RtcMeter.Peers.Add(-1);
            RtcMeter.Closed.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        }
    }

    /// <summary>Closes every peer with a goodbye and frees the port.</summary>
    public void Dispose()
    {
        lock (_admission)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _ticker.Dispose();
        foreach (var (peer, _) in _peers)
        {
            peer.Close();
        }

        _connections.Stop();
        _port.Dispose();
    }

    private void Tick()
    {
        var now = Now;
        foreach (var (peer, _) in _peers)
        {
            peer.Tick(now);
        }

        _handshakes.Tick();
    }

    private void ReceiveStun(ReadOnlySpan<byte> datagram, RtcAddress from, long now)
    {
        if (!StunMessage.TryRead(datagram, out var message))
        {
            Drop(RtcDrop.MalformedStun);
            return;
        }

        switch (message.Type)
        {
            case StunType.BindingRequest:
                // RFC 8445 7.2.2: our fragment, a colon, theirs. Ours finds the session, before anything is computed.
                if (!message.TryFind(StunAttribute.Username, out var name) || name.Length > 300)
                {
                    Drop(RtcDrop.MalformedStun);
                    return;
                }

                var colon = name.IndexOf((byte)':');
                Span<char> ufrag = stackalloc char[Math.Max(colon, 0)];
                System.Text.Ascii.ToUtf16(name[..ufrag.Length], ufrag, out _);
                if (!_byUfragChars.TryGetValue(ufrag, out var generation))
                {
                    Drop(RtcDrop.UnknownUfrag);
                    return;
                }

                generation.Peer.ReceiveCheck(message, generation, from, now);
                break;
            case StunType.BindingSuccess or StunType.BindingError:
                if (_byAddress.TryGetValue(from, out var peer))
                {
                    peer.ReceiveAnswer(message, from, now);
                }
                else
                {
                    Drop(RtcDrop.UnknownAddress);
                }

                break;
            case StunType.BindingIndication:
                // RFC 8445 11: it keeps an address translation alive and wants nothing.
                break;
            default:
                Drop(RtcDrop.MalformedStun);
                break;
        }
    }
}
