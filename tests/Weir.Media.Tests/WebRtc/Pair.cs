using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

/// <summary>Two ends of one session: a server as Weir is, and a client that comes to it.</summary>
internal sealed class Pair
{
    private static ushort _sequence;

    public Pair(
        Wire wire, string? clientFingerprint = null, string? serverFingerprint = null, DtlsRole serverRole = DtlsRole.Server,
        RtcEndpointOptions? serverOptions = null)
    {
        Wire = wire;
        ServerHost = wire.Endpoint(serverOptions);
        ClientHost = wire.Endpoint();
        Server = ServerHost.Endpoint.AddPeer(
            new RtcPeerOptions
            {
                Local = ServerCredentials, Remote = ClientCredentials, Role = serverRole,
                RemoteFingerprint = clientFingerprint ?? ClientHost.Endpoint.Fingerprint,
            },
            ServerPackets)!;
        Client = ClientHost.Endpoint.AddPeer(
            new RtcPeerOptions
            {
                Local = ClientCredentials, Remote = ServerCredentials, Role = serverRole == DtlsRole.Server ? DtlsRole.Client : DtlsRole.Server,
                RemoteFingerprint = serverFingerprint ?? ServerHost.Endpoint.Fingerprint, Connect = ServerHost.End,
            },
            ClientPackets)!;
    }

    public Wire Wire { get; }

    public Wire.Host ServerHost { get; }

    public Wire.Host ClientHost { get; }

    public IceCredentials ServerCredentials { get; } = IceCredentials.Create();

    public IceCredentials ClientCredentials { get; } = IceCredentials.Create();

    public Packets ServerPackets { get; } = new();

    public Packets ClientPackets { get; } = new();

    public RtcPeer Server { get; }

    public RtcPeer Client { get; }

    public static async Task<Pair> ConnectedAsync(Wire wire, RtcEndpointOptions? serverOptions = null)
    {
        var pair = new Pair(wire, serverOptions: serverOptions);
        await wire.UntilAsync(() => pair.ServerPackets.Connected.IsCompleted && pair.ClientPackets.Connected.IsCompleted);
        return pair;
    }

    public static byte[] Packet(ushort sequence, byte fill = 7)
    {
        var packet = new byte[40];
        packet.AsSpan().Fill(fill);
        RtpHeader.Write(packet, true, 96, sequence, 90_000, 1234, false);
        return packet;
    }

    /// <summary>A packet and a report go each way.</summary>
    public async Task ExchangeAsync()
    {
        var sequence = ++_sequence;
        byte[] report = [0x80, 201, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4];
        foreach (var (from, to) in new[] { (Server, ClientPackets), (Client, ServerPackets) })
        {
            var (packets, reports) = (to.Rtp.Count, to.Rtcp.Count);
            Assert.True(from.SendRtp(Packet(sequence)));
            Assert.True(from.SendRtcp(report));
            await Wire.UntilAsync(() => to.Rtp.Count > packets && to.Rtcp.Count > reports, 1);
            Assert.Equal(Packet(sequence), to.Rtp.Last());
            Assert.Equal(report, to.Rtcp.Last());
        }
    }
}
