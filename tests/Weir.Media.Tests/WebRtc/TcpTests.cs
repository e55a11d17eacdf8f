using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Formats.Stun;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

/// <summary>ICE over TCP (RFC 6544).</summary>
public sealed class TcpTests
{
    [Fact]
    public async Task A_session_runs_over_one_connection_and_closes_it_at_its_end()
    {
        using var both = new Both();
        await both.ConnectedAsync();
        Assert.Equal(IPEndPoint.Parse("198.51.100.20:5000"), both.Server.RemoteAddress);
        await both.ExchangeAsync();

        // A connection has no batches, and the order stays.
        var batch = new RtcBatch(both.ServerEndpoint);
        for (ushort sequence = 500; sequence < 600; sequence++)
        {
            var packet = Pair.Packet(sequence);
            Assert.True(both.Server.SendRtp(batch, packet.AsSpan(0, 12), packet.AsSpan(12)));
        }

        Assert.Equal(0, batch.Count);
        await Patience.HoldsAsync(() => both.ClientPackets.Rtp.Count == 101);
        Assert.Equal(Enumerable.Range(500, 100), both.ClientPackets.Rtp.Skip(1).Select(packet => (packet[2] << 8) | packet[3]));

        both.Server.Close();
        Assert.Equal(RtcClosed.Peer, await both.ClientPackets.Closed.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Assert.Equal(RtcTcpEnd.SessionOver, await both.Link.ClosedAsync());
    }

    [Fact]
    public async Task A_peer_whose_connection_breaks_goes_on_over_another()
    {
        using var both = new Both();
        await both.ConnectedAsync();
        var first = both.Link;
        both.Port.Cut();
        Assert.Equal(RtcTcpEnd.PeerGone, await first.ClosedAsync());
        both.Connect("198.51.100.20:5001");
        await Patience.HoldsAsync(() => both.Server.RemoteAddress?.Port == 5001);
        await both.ExchangeAsync();
        Assert.Equal(RtcPeerState.Connected, both.Server.State);
    }

    [Fact]
    public async Task The_endpoints_end_says_goodbye_and_closes_every_connection()
    {
        using var both = new Both();
        await both.ConnectedAsync();
        var unproven = new TcpLink(both.ServerEndpoint);
        both.ServerEndpoint.Dispose();
        Assert.Equal(RtcClosed.Peer, await both.ClientPackets.Closed.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Assert.Equal(RtcTcpEnd.SessionOver, await both.Link.ClosedAsync());
        Assert.Equal(RtcTcpEnd.Stopping, await unproven.ClosedAsync());
        Assert.Equal(RtcTcpEnd.TooMany, await new TcpLink(both.ServerEndpoint).ClosedAsync());
    }

    [Fact]
    public async Task Answers_and_our_own_checks_take_the_connection_that_the_check_came_from()
    {
        using var wire = new Wire();
        var (endpoint, local, remote) = Session(wire);
        var (other, asking) = (new TcpLink(endpoint, "198.51.100.20:5001"), new TcpLink(endpoint));
        asking.Send(EndpointTests.Check(local, remote.Ufrag));
        StunType[] types = [Type(await asking.ReceiveAsync()), Type(await asking.ReceiveAsync())];
        Assert.Equal([StunType.BindingRequest, StunType.BindingSuccess], types.Order());
        Assert.Empty(wire.Sent);
        other.Close();
        await other.ClosedAsync();
        Assert.Null(await other.ReceiveAsync());
    }

    [Fact]
    public async Task A_connection_without_a_signed_check_is_closed_after_ten_seconds()
    {
        using var wire = new Wire();
        var (endpoint, local, remote) = Session(wire, new RtcEndpointOptions { ConnectLimit = TimeSpan.FromSeconds(60) });
        var (silent, forging, proven) = (new TcpLink(endpoint), new TcpLink(endpoint), new TcpLink(endpoint));
        proven.Send(EndpointTests.Check(local, remote.Ufrag));
        forging.Send(EndpointTests.Check(local with { Password = new string('x', 24) }, remote.Ufrag));
        Assert.NotNull(await proven.ReceiveAsync());
        await Patience.HoldsAsync(() => endpoint.Dropped(RtcDrop.ForgedStun) == 1);
        wire.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(silent.Over.IsCompleted || forging.Over.IsCompleted);
        wire.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(RtcTcpEnd.NeverProven, await silent.ClosedAsync());
        Assert.Equal(RtcTcpEnd.NeverProven, await forging.ClosedAsync());
        Assert.False(proven.Over.IsCompleted);
    }

    [Fact]
    public async Task Whoever_says_much_before_a_signed_check_is_closed_at_once()
    {
        using var wire = new Wire();
        var (endpoint, _, _) = Session(wire);
        var link = new TcpLink(endpoint);
        for (var said = 0; said < 33; said++)
        {
            link.Send([0, 1, 2, 3]);
        }

        Assert.Equal(RtcTcpEnd.NeverProven, await link.ClosedAsync());
        Assert.Equal(32, endpoint.Dropped(RtcDrop.MalformedStun));
    }

    [Fact]
    public async Task A_datagram_longer_than_any_closes_the_connection()
    {
        using var wire = new Wire();
        var (endpoint, _, _) = Session(wire);
        var link = new TcpLink(endpoint);
        link.SendRaw("GET / HTTP/1.1\r\n\r\n"u8);
        Assert.Equal(RtcTcpEnd.Malformed, await link.ClosedAsync());
    }

    [Fact]
    public async Task Unproven_connections_are_bounded_for_an_address_and_in_all_and_proven_ones_do_not_count()
    {
        using var wire = new Wire();
        var (endpoint, local, remote) = Session(wire, new RtcEndpointOptions { MaxUnprovenTcp = 3, MaxUnprovenTcpPerAddress = 2 });
        var proven = new TcpLink(endpoint);
        proven.Send(EndpointTests.Check(local, remote.Ufrag));
        Assert.NotNull(await proven.ReceiveAsync());

        // All of an IPv6 network of 64 bits count as one.
        TcpLink[] same = [new(endpoint, "[2001:db8::1]:1"), new(endpoint, "[2001:db8::2]:2")];
        Assert.Equal(RtcTcpEnd.TooMany, await new TcpLink(endpoint, "[2001:db8::3]:3").ClosedAsync());
        var third = new TcpLink(endpoint, "203.0.113.1:1");
        Assert.Equal(RtcTcpEnd.TooMany, await new TcpLink(endpoint, "203.0.113.2:1").ClosedAsync());
        same[0].Close();
        Assert.Equal(RtcTcpEnd.PeerGone, await same[0].ClosedAsync());
        Assert.False(new TcpLink(endpoint, "[2001:db8::3]:3").Over.IsCompleted);
        Assert.False(third.Over.IsCompleted);
    }

    [Fact]
    public async Task A_full_queue_loses_media_and_counts_it_but_checks_still_go_and_nothing_waits()
    {
        using var wire = new Wire();
        var (endpoint, _, _) = Session(wire, new RtcEndpointOptions { TcpQueue = 20_000 });
        var link = new TcpLink(endpoint, capacity: 4_000);
        var address = Wire.Address("198.51.100.20:5000") with { Connection = 1 };
        var media = new byte[998];
        media[0] = 0x80;
        for (var sent = 0; sent < 200; sent++)
        {
            endpoint.Send(media, address);
        }

        endpoint.Send([0, 1, 2, 3], address);
        var lost = endpoint.Dropped(RtcDrop.QueueFull);

        // In the pipe, and between the pipe and us.
        Assert.InRange(lost, 200 - 4 - 20, 200 - 20);
        for (var came = 0; came < 200 - lost; came++)
        {
            Assert.Equal(media.Length, (await link.ReceiveAsync())!.Length);
        }

        Assert.Equal(4, (await link.ReceiveAsync())!.Length);
    }

    [Fact]
    public async Task Whoever_does_not_take_the_last_words_is_left_after_a_second()
    {
        using var wire = new Wire();
        var (endpoint, _, _) = Session(wire);
        var link = new TcpLink(endpoint, capacity: 100);
        endpoint.Send(new byte[200], Wire.Address("198.51.100.20:5000") with { Connection = 1 });
        link.Close();
        while (!link.Over.IsCompleted)
        {
            // The linger may begin after any of these.
            wire.Time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.Yield();
        }

        Assert.Equal(RtcTcpEnd.TooSlow, await link.ClosedAsync());
    }

    private static (RtcEndpoint Endpoint, IceCredentials Local, IceCredentials Remote) Session(Wire wire, RtcEndpointOptions? options = null)
    {
        var endpoint = wire.Endpoint(options).Endpoint;
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        Assert.NotNull(endpoint.AddPeer(new() { Local = local, Remote = remote, RemoteFingerprint = endpoint.Fingerprint }, new Packets()));
        return (endpoint, local, remote);
    }

    private static StunType Type(byte[]? datagram)
    {
        Assert.True(StunMessage.TryRead(datagram, out var message));
        return message.Type;
    }

    /// <summary>A server that has TCP and nothing else, and a client that comes to it; in real time, because pipes have threads of their own.</summary>
    private sealed class Both : IDisposable
    {
        private readonly RtcEndpoint _client;

        public Both()
        {
            ServerEndpoint = new RtcEndpoint(new RtcEndpointOptions(), TimeProvider.System, NullLogger.Instance, _ => new TcpPort(), []);
            _client = new RtcEndpoint(new RtcEndpointOptions(), TimeProvider.System, NullLogger.Instance, _ => Port, []);
            Connect("198.51.100.20:5000");
            var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
            Server = ServerEndpoint.AddPeer(new() { Local = local, Remote = remote, RemoteFingerprint = _client.Fingerprint }, ServerPackets)!;
            Client = _client.AddPeer(
                new() { Local = remote, Remote = local, RemoteFingerprint = ServerEndpoint.Fingerprint, Role = DtlsRole.Client, Connect = new IPEndPoint(IPAddress.Loopback, 1) },
                ClientPackets)!;
        }

        public RtcEndpoint ServerEndpoint { get; }

        public RtcPeer Server { get; }

        public RtcPeer Client { get; }

        public Packets ServerPackets { get; } = new();

        public Packets ClientPackets { get; } = new();

        public TcpPort Port { get; } = new();

        public TcpLink Link { get; private set; } = null!;

        public void Connect(string from)
        {
            Link = new TcpLink(ServerEndpoint, from);
            Port.Connect(Link, _client);
        }

        public Task ConnectedAsync() => Task.WhenAll(ServerPackets.Connected, ClientPackets.Connected).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);

        public async Task ExchangeAsync()
        {
            foreach (var (from, to, sequence) in new[] { (Server, ClientPackets, (ushort)1), (Client, ServerPackets, (ushort)2) })
            {
                Assert.True(from.SendRtp(Pair.Packet(sequence)));
                await Patience.HoldsAsync(() => to.Rtp.Any(packet => packet.SequenceEqual(Pair.Packet(sequence))));
            }
        }

        public void Dispose()
        {
            _client.Dispose();
            ServerEndpoint.Dispose();
        }
    }
}
