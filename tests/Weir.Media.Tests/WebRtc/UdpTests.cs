using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.WebRtc.Transport;
using Weir.Media.WebRtc.Transport.Udp;

namespace Weir.Media.Tests.WebRtc;

public sealed class UdpTests
{
    public static TheoryData<string, bool> Ways => new()
    {
        { "127.0.0.1", true },
        { "127.0.0.1", false },
        { "::1", true },
        { "::1", false },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Sessions_run_over_real_sockets(string address, bool loopbackOnly)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || address != "::1", "No IPv6 here.");
        using var server = Start(loopbackOnly);
        using var client = Start(loopbackOnly);
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        var (serverPackets, clientPackets) = (new Packets(), new Packets());
        var peer = server.AddPeer(new() { Local = local, Remote = remote, RemoteFingerprint = client.Fingerprint }, serverPackets)!;
        client.AddPeer(
            new()
            {
                Local = remote, Remote = local, RemoteFingerprint = server.Fingerprint, Role = DtlsRole.Client,
                Connect = new IPEndPoint(IPAddress.Parse(address), server.Candidates[0].Address.Port),
            },
            clientPackets);
        await Task.WhenAll(serverPackets.Connected, clientPackets.Connected).WaitAsync(Patience.Limit);
        Assert.Equal(IPAddress.Parse(address), peer.RemoteAddress!.Address);

        // Runs of the same length and single ones of another, so that some leave in one piece.
        var batch = new RtcBatch(server);
        int[] lengths = [1100, 1100, 1100, 300, 1100, 200, 200, 200, 200, 1200];
        for (ushort sequence = 0; sequence < lengths.Length; sequence++)
        {
            var packet = new byte[lengths[sequence]];
            Pair.Packet(sequence).CopyTo(packet, 0);
            Assert.True(peer.SendRtp(batch, packet.AsSpan(0, 12), packet.AsSpan(12)));
        }

        batch.Flush();
        await Patience.HoldsAsync(
            () => clientPackets.Rtp.Count == lengths.Length,
            () => $"{clientPackets.Rtp.Count} came; {string.Join(' ', Enum.GetValues<RtcDrop>().Select(drop => $"{drop} {server.Dropped(drop)} {client.Dropped(drop)}"))}");
        Assert.Equal(lengths, clientPackets.Rtp.Select(packet => packet.Length));
        peer.Close();
        Assert.Equal(RtcClosed.Peer, await clientPackets.Closed.WaitAsync(Patience.Limit));
    }

    [Fact]
    public void A_taken_port_is_an_error_and_a_free_one_is_named_in_the_candidates()
    {
        using var first = Start(loopbackOnly: true);
        var port = first.Candidates[0].Address.Port;
        Assert.NotEqual(0, port);
        Assert.Throws<SocketException>(() => RtcEndpoint.Start(new RtcEndpointOptions { Port = port, LoopbackOnly = true }, TimeProvider.System, NullLogger<RtcEndpoint>.Instance));
    }

    [Fact]
    public void Public_addresses_take_the_place_of_the_machines_own()
    {
        var options = new RtcEndpointOptions { PublicAddresses = [IPAddress.Parse("203.0.113.5"), IPAddress.Parse("2001:db8::5")] };
        Assert.Equal(
            ["1 1 udp 2130706431 203.0.113.5 8082 typ host", "2 1 udp 2130706175 2001:db8::5 8082 typ host"],
            LocalAddresses.Candidates(options, 8082).Select(candidate => candidate.ToString()));
        Assert.Equal(
            ["1 1 udp 2130706431 203.0.113.5 8082 typ host", "2 1 udp 2130706175 2001:db8::5 8082 typ host",
            "3 1 tcp 2124414975 203.0.113.5 8082 typ host tcptype passive", "4 1 tcp 2124414719 2001:db8::5 8082 typ host tcptype passive"],
            LocalAddresses.Candidates(options with { Tcp = true }, 8082).Select(candidate => candidate.ToString()));
        Assert.NotEmpty(LocalAddresses.Candidates(new RtcEndpointOptions(), 8082));
        Assert.All(LocalAddresses.Candidates(new RtcEndpointOptions { LoopbackOnly = true }, 8082), candidate => Assert.True(IPAddress.IsLoopback(candidate.Address.Address)));
    }

    [Theory]
    [InlineData("203.0.113.9:3478")]
    [InlineData("[2001:db8::7]:40000")]
    [InlineData("[fe80::1%3]:1")]
    public void Addresses_keep_their_value_through_the_kernels_form(string text)
    {
        var end = IPEndPoint.Parse(text);
        var address = RtcAddress.From(end);
        Assert.Equal(end, address.ToEndPoint());
        Span<byte> kernel = stackalloc byte[RtcAddress.V6Length];
        address.Write(kernel, v6: true);
        Assert.Equal(address, RtcAddress.From(kernel, v6: true, 0));
        if (address.IsV4)
        {
            address.Write(kernel, v6: false);
            Assert.Equal(address, RtcAddress.From(kernel, v6: false, 0));
            Assert.Equal(end.Serialize().Buffer.Span[..8], kernel[..8]);
        }
    }

    private static RtcEndpoint Start(bool loopbackOnly) =>
        RtcEndpoint.Start(new RtcEndpointOptions { LoopbackOnly = loopbackOnly }, TimeProvider.System, NullLogger<RtcEndpoint>.Instance);
}
