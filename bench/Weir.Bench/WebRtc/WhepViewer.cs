using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Bench.Load;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Bench.WebRtc;

/// <summary>
/// A viewer that costs little: offer, connectivity checks, DTLS and reports are real (by the media core's own code in the client's role), packets of
/// media are counted as they come and not decrypted. One socket, because the server tells viewers apart by their address.
/// </summary>
internal sealed class WhepViewer : IRtcPort, IRtcPackets
{
    private const int Video = 102;
    private const int VideoRtx = 103;
    private const int Audio = 111;
    private const uint OwnSsrc = 1;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly RtcEndpoint _endpoint;
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RtcAddress _server;
    private RtcPeer? _peer;
    private RtcpTemplate _report;

    public WhepViewer() => _endpoint = new RtcEndpoint(
        new RtcEndpointOptions { ConnectLimit = ConnectLimit }, TimeProvider.System, NullLogger.Instance, _ => this, []);

    private record struct RtcpTemplate(uint Ssrc, uint Highest);

    public int Handle => (int)_socket.Handle;

    public PacketCount Pictures { get; } = new();

    public PacketCount Sounds { get; } = new();

    /// <summary>UDP payload of media, headers and encryption's tags included.</summary>
    public long Bytes { get; private set; }

    /// <summary>The session ended although nobody here wanted it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>When a picture's last packet came, against its place in the stream: milliseconds, only their differences mean something. Null: not kept.</summary>
    public List<double>? Arrivals { get; set; }

    /// <param name="begin">Called when the socket has to be read.</param>
    public async Task JoinAsync(HttpClient http, string url, Action begin)
    {
        var local = IceCredentials.Create();
        using var body = new StringContent(Offer(local));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/sdp");
        using var answer = await http.PostAsync(new Uri(url), body);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            throw new LoadException($"WHEP: {(int)answer.StatusCode} {text}");
        }

        var media = SessionDescription.Read(text).Media.First(media => media.Port > 0);
        var candidate = media.Attributes.First(a => a.Name == "candidate").Value.Split(' ');
        var server = new IPEndPoint(IPAddress.Loopback, int.Parse(candidate[5], System.Globalization.CultureInfo.InvariantCulture));
        _socket.Connect(server);
        _socket.Blocking = false;
        _server = RtcAddress.From(server);
        begin();
        _peer = _endpoint.AddPeer(
            new RtcPeerOptions
            {
                Local = local,
                Remote = new IceCredentials(media.Attribute("ice-ufrag")!, media.Attribute("ice-pwd")!),
                RemoteFingerprint = media.Attribute("fingerprint")!,
                Role = DtlsRole.Client,
                Connect = server,
            },
            this);
        await _connected.Task.WaitAsync(ConnectLimit);
    }

    /// <summary>Takes what has come. False when nothing more can.</summary>
    public bool Read(byte[] buffer)
    {
        while (true)
        {
            var length = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                return true;
            }

            if (error != SocketError.Success)
            {
                IsGone = true;
                return false;
            }

            var datagram = buffer.AsSpan(0, length);
            if (length > 12 && datagram[0] >> 6 == 2)
            {
                Count(datagram);
            }
            else
            {
                _endpoint.Receive(datagram, _server, _endpoint.Now);
            }
        }
    }

    /// <summary>A receiver report, as browsers send one about every second: without it a viewer would cost too little.</summary>
    public void Report()
    {
        if (_report.Ssrc != 0)
        {
            Span<byte> buffer = stackalloc byte[64];
            var writer = new RtcpWriter(buffer);
            writer.ReceiverReport(OwnSsrc, [new ReportBlock(_report.Ssrc, 0, 0, _report.Highest, 0, 0, 0)]);
            _peer?.SendRtcp(buffer[..writer.Length]);
        }
    }

    public void Leave() => _endpoint.Dispose();

    void IRtcPort.Send(ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        try
        {
            _socket.Send(datagram, SocketFlags.None, out _);
        }
        catch (ObjectDisposedException)
        {
            // It has left.
        }
    }

    void IRtcPort.Send(RtcBatch batch) => throw new NotSupportedException("Viewers send nothing in batches.");

    RtcAddress IRtcPort.Reach(IPEndPoint end) => RtcAddress.From(end);

    void IDisposable.Dispose() => _socket.Dispose();

    void IRtcPackets.OnConnected() => _connected.TrySetResult();

    void IRtcPackets.OnRtp(Span<byte> packet, long arrival)
    {
        // None is given to the endpoint.
    }

    void IRtcPackets.OnRtcp(ReadOnlySpan<byte> compound)
    {
    }

    void IRtcPackets.OnClosed(RtcClosed reason)
    {
        IsGone = true;
        _connected.TrySetException(new LoadException($"The session ended: {reason}"));
    }

    private void Count(ReadOnlySpan<byte> packet)
    {
        // RFC 3711 3.1: the header of an encrypted packet is in plain; and RTCP's types lie where no payload type does.
        if (packet[1] is >= 192 and <= 223)
        {
            return;
        }

        Bytes += packet.Length;
        var sequence = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var type = packet[1] & 0x7f;
        if (type == Audio)
        {
            Sounds.Add(sequence);
        }
        else if (type == Video)
        {
            Pictures.Add(sequence);
            _report = new RtcpTemplate(BinaryPrimitives.ReadUInt32BigEndian(packet[8..]), sequence);
            if (packet[1] >= 0x80)
            {
                // The clock starts anywhere; half of its range is six hours.
                Arrivals?.Add((Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency) - (BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) / 90.0));
            }
        }
    }

    /// <summary>What Chromium offers, as far as it changes what the server does for a viewer.</summary>
    private string Offer(IceCredentials local) => string.Join("\r\n", (string[])
    [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", $"a=ice-ufrag:{local.Ufrag}", $"a=ice-pwd:{local.Password}",
        $"a=fingerprint:{_endpoint.Fingerprint}", "a=setup:active",
        $"m=video 9 UDP/TLS/RTP/SAVPF {Video} {VideoRtx}", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly", "a=rtcp-mux", "a=rtcp-rsize",
        $"a=extmap:2 {RtpExtensionUris.AbsSendTime}", $"a=extmap:4 {RtpExtensionUris.Mid}", $"a=extmap:5 {RtpExtensionUris.PlayoutDelay}",
        $"a=rtpmap:{Video} H264/90000", $"a=rtcp-fb:{Video} nack", $"a=rtcp-fb:{Video} nack pli",
        $"a=fmtp:{Video} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        $"a=rtpmap:{VideoRtx} rtx/90000", $"a=fmtp:{VideoRtx} apt={Video}",
        $"m=audio 9 UDP/TLS/RTP/SAVPF {Audio}", "c=IN IP4 0.0.0.0", "a=mid:1", "a=recvonly", "a=rtcp-mux",
        $"a=extmap:2 {RtpExtensionUris.AbsSendTime}", $"a=extmap:4 {RtpExtensionUris.Mid}", $"a=rtpmap:{Audio} opus/48000/2", "",
    ]);
}

/// <summary>Packets of one stream, and those missing between them.</summary>
internal sealed class PacketCount
{
    private ushort _next;

    public long Received { get; private set; }

    /// <summary>Numbers skipped; the server sends in order, and loopback keeps it.</summary>
    public long Missing { get; private set; }

    public void Add(ushort sequence)
    {
        Missing += Received++ == 0 ? 0 : (short)(sequence - _next);
        _next = (ushort)(sequence + 1);
    }
}
