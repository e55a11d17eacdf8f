using CsCheck;
using Weir.Media.WebRtc.Transport;
using Weir.Media.WebRtc.Transport.Dtls;

namespace Weir.Media.Tests.WebRtc;

public sealed class RtcBadInputTests
{
    [Fact]
    public async Task Anything_from_unknown_addresses_is_dropped_counted_and_not_answered()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var (from, to) = (Wire.Address("198.51.100.1:9"), pair.ServerHost.Address);
        byte[][] datagrams =
        [
            [], [0], [4, 1, 2], [70], [255], new byte[20], Pair.Packet(1), [0x80, 200, 0, 6, .. new byte[24]],
            [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1],
            EndpointTests.Check(IceCredentials.Create(), "them"),
        ];
        foreach (var datagram in datagrams)
        {
            wire.Inject(datagram, from, to);
        }

        await wire.QuietAsync();
        Assert.DoesNotContain(wire.Sent, sent => sent.To == from);
        Assert.Equal(datagrams.Length, Enum.GetValues<RtcDrop>().Sum(pair.ServerHost.Endpoint.Dropped));
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task A_check_that_is_not_signed_with_the_password_gets_no_answer()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var from = Wire.Address("198.51.100.1:9");
        var check = EndpointTests.Check(pair.ServerCredentials with { Password = "another password entirely" }, "them");
        wire.Inject(check, from, pair.ServerHost.Address);
        for (var at = 0; at < check.Length; at++)
        {
            var broken = EndpointTests.Check(pair, nominate: true);
            broken[at % broken.Length] ^= 1;
            wire.Inject(broken, from, pair.ServerHost.Address);
        }

        await wire.QuietAsync();
        Assert.DoesNotContain(wire.Sent, sent => sent.To == from);
    }

    [Fact]
    public async Task Random_bytes_in_the_peers_name_end_nothing()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        Gen.Byte.Array[0, 300].Sample(
            bytes => wire.Inject(bytes, pair.ClientHost.Address, pair.ServerHost.Address),
            iter: 2000,
            threads: 1);

        // And well-formed alerts and handshake records that nobody can open.
        for (var i = 0; i < 100; i++)
        {
            wire.Inject([21, 254, 253, 0, 1, 0, 0, 0, 0, 9, (byte)i, 0, 26, .. new byte[26]], pair.ClientHost.Address, pair.ServerHost.Address);
            wire.Inject([22, 254, 253, 0, 1, 0, 0, 0, 0, 8, (byte)i, 0, 40, .. new byte[40]], pair.ClientHost.Address, pair.ServerHost.Address);
        }

        await wire.QuietAsync();
        Assert.Equal(RtcPeerState.Connected, pair.Server.State);
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task Replayed_and_forged_packets_are_dropped_and_counted()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        await pair.ExchangeAsync();
        var endpoint = pair.ServerHost.Endpoint;
        var before = (pair.ServerPackets.Rtp.Count, pair.ServerPackets.Rtcp.Count);
        foreach (var (bytes, from, to) in wire.Sent.Where(sent => sent.To == pair.ServerHost.Address && sent.Bytes[0] >= 128).ToList())
        {
            wire.Inject([.. bytes], from, to);
            var forged = bytes.ToArray();
            forged[^1] ^= 1;
            forged[3] ^= 1;
            wire.Inject(forged, from, to);
        }

        await wire.QuietAsync();
        Assert.Equal(before, (pair.ServerPackets.Rtp.Count, pair.ServerPackets.Rtcp.Count));
        Assert.Equal(2, endpoint.Dropped(RtcDrop.ReplayedPacket));
        Assert.Equal(2, endpoint.Dropped(RtcDrop.ForgedPacket));
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task A_thousand_half_done_handshakes_keep_nobody_out()
    {
        using var wire = new Wire();
        var server = wire.Endpoint();
        byte[] hello = [];
        var capture = new Pair(wire);
        wire.Carries = (bytes, _, _) =>
        {
            if (hello.Length == 0 && DtlsRecords.Classify(bytes) == DtlsContent.ClientHello)
            {
                hello = bytes;
            }

            return true;
        };
        await wire.UntilAsync(() => capture.ServerPackets.Connected.IsCompleted);

        // Each comes to its session, proves its address, says hello and then nothing more.
        var most = 0;
        for (var i = 0; i < 1000; i++)
        {
            var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
            var host = wire.Endpoint();
            server.Endpoint.AddPeer(new() { Local = local, Remote = remote, RemoteFingerprint = host.Endpoint.Fingerprint }, new Packets());
            host.Endpoint.AddPeer(
                new() { Local = remote, Remote = local, RemoteFingerprint = server.Endpoint.Fingerprint, Role = DtlsRole.Server, Connect = server.End }, new Packets());
            wire.Inject(hello, host.Address, server.Address);
            if (i % 50 == 0)
            {
                await wire.QuietAsync();
                most = Math.Max(most, server.Endpoint.Handshakes.Running);
            }
        }

        await wire.QuietAsync();
        Assert.InRange(most, 1, HandshakePool.MaxRunning);
        Assert.InRange(server.Endpoint.Handshakes.Running, 1, HandshakePool.MaxRunning);
        Assert.InRange(server.Endpoint.Handshakes.Waiting, 1, HandshakePool.MaxWaiting);
        Assert.True(server.Endpoint.Dropped(RtcDrop.UnwantedDtls) > 0);

        // An honest one gets through all the same.
        var (mine, theirs) = (IceCredentials.Create(), IceCredentials.Create());
        var honest = wire.Endpoint();
        var packets = new Packets();
        server.Endpoint.AddPeer(new() { Local = mine, Remote = theirs, RemoteFingerprint = honest.Endpoint.Fingerprint }, packets);
        honest.Endpoint.AddPeer(
            new() { Local = theirs, Remote = mine, RemoteFingerprint = server.Endpoint.Fingerprint, Role = DtlsRole.Client, Connect = server.End }, new Packets());
        await wire.UntilAsync(() => packets.Connected.IsCompleted, 200);
    }
}
