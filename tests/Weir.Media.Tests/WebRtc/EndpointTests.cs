using System.Diagnostics.Metrics;
using System.Text;
using Weir.Media.Formats.Stun;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

public sealed class EndpointTests
{
    [Fact]
    public async Task Two_ends_find_each_other_agree_on_keys_and_talk()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        Assert.Equal(pair.ClientHost.End, pair.Server.RemoteAddress);
        await pair.ExchangeAsync();
        await pair.ExchangeAsync();

        // A batch carries the packets of many peers; here there is one.
        var batch = new RtcBatch(pair.ServerHost.Endpoint);
        for (ushort sequence = 0; sequence < 600; sequence++)
        {
            var packet = Pair.Packet(sequence, (byte)sequence);
            packet[8] = 9;
            Assert.True(pair.Server.SendRtp(batch, packet.AsSpan(0, 12), packet.AsSpan(12)));
        }

        batch.Flush();
        await wire.QuietAsync();
        Assert.Equal(602, pair.ClientPackets.Rtp.Count);
    }

    [Fact]
    public async Task What_the_sink_sends_when_the_session_is_up_arrives()
    {
        using var wire = new Wire();
        RtcPeer? server = null;
        var sent = false;
        var (serverHost, clientHost) = (wire.Endpoint(), wire.Endpoint());
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        var clientPackets = new Packets();
        var serverPackets = new Packets { OnEachConnected = () => sent = server!.SendRtp(Pair.Packet(1)) };
        server = serverHost.Endpoint.AddPeer(new() { Local = local, Remote = remote, RemoteFingerprint = clientHost.Endpoint.Fingerprint }, serverPackets);
        clientHost.Endpoint.AddPeer(
            new() { Local = remote, Remote = local, RemoteFingerprint = serverHost.Endpoint.Fingerprint, Role = DtlsRole.Client, Connect = serverHost.End }, clientPackets);
        await wire.UntilAsync(() => !clientPackets.Rtp.IsEmpty);
        Assert.True(sent);
        Assert.Equal(Pair.Packet(1), clientPackets.Rtp.Single());
    }

    [Fact]
    public async Task A_tick_in_the_midst_of_its_beginning_ends_no_session()
    {
        using var wire = new Wire();
        var server = wire.Endpoint();
        var packets = new Packets();
        var test = Environment.CurrentManagedThreadId;
        using var counted = new MeterListener { InstrumentPublished = Listen };
        counted.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            // The session is counted before it is ready; here the clock strikes in between.
            if (Environment.CurrentManagedThreadId == test && server.Endpoint.PeerCount == 1)
            {
                wire.Time.Advance(TimeSpan.FromSeconds(1));
            }
        });
        counted.Start();
        var peer = server.Endpoint.AddPeer(
            new() { Local = IceCredentials.Create(), Remote = IceCredentials.Create(), RemoteFingerprint = server.Endpoint.Fingerprint }, packets);
        Assert.Equal(RtcPeerState.AwaitingCheck, peer!.State);
        await wire.UntilAsync(() => packets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.NeverConnected, await packets.Closed);

        static void Listen(Instrument instrument, MeterListener listener)
        {
            if (instrument.Name == "weir_rtc_peers")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        }
    }

    [Fact]
    public async Task Whoever_is_gone_has_its_session_ended_within_5_seconds()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        await wire.UntilAsync(() => Asked(wire, pair) > 3);
        wire.Carries = (_, from, _) => from != pair.ClientHost.Address;
        var gone = wire.Time.GetTimestamp();
        await wire.UntilAsync(() => pair.ServerPackets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.ConsentLost, await pair.ServerPackets.Closed);
        Assert.InRange(wire.Time.GetElapsedTime(gone).TotalSeconds, 2, 5);
        Assert.False(pair.Server.SendRtp(Pair.Packet(1)));
        Assert.Equal(0, pair.ServerHost.Endpoint.PeerCount);
    }

    [Fact]
    public async Task A_tenth_of_all_datagrams_lost_ends_no_session()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var random = new Random(3);
        wire.Carries = (_, _, _) =>
        {
            lock (random)
            {
                return random.Next(10) > 0;
            }
        };
        var began = wire.Time.GetTimestamp();
        await wire.UntilAsync(() => wire.Time.GetElapsedTime(began).TotalSeconds > 25, 100);
        Assert.Equal(RtcPeerState.Connected, pair.Server.State);
        Assert.Equal(RtcPeerState.Connected, pair.Client.State);
    }

    [Fact]
    public async Task A_goodbye_ends_the_other_side_at_once()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        pair.Client.Close();
        pair.Client.Close();
        Assert.Equal(RtcClosed.Here, await pair.ClientPackets.Closed);
        await wire.QuietAsync();
        Assert.Equal(RtcClosed.Peer, await pair.ServerPackets.Closed);
    }

    [Fact]
    public async Task A_session_to_which_nobody_comes_ends()
    {
        using var wire = new Wire();
        wire.Carries = (_, _, _) => false;
        var pair = new Pair(wire);
        await wire.UntilAsync(() => pair.ServerPackets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.NeverConnected, await pair.ServerPackets.Closed);
        Assert.Equal(0, pair.ServerHost.Endpoint.PeerCount);
    }

    [Fact]
    public async Task A_peer_that_moves_is_followed_when_it_nominates_and_proves_the_new_address()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var moved = wire.Move(pair.ClientHost, "198.51.100.7:4000");
        await wire.UntilAsync(() => pair.Server.RemoteAddress!.Equals(moved.ToEndPoint()));
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task A_host_that_comes_back_to_an_address_it_left_long_ago_proves_it_again_and_goes_on()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var home = pair.Server.RemoteAddress!.ToString();
        var away = wire.Move(pair.ClientHost, "198.51.100.7:4000");
        var left = wire.Time.GetTimestamp();
        await wire.UntilAsync(() => wire.Time.GetElapsedTime(left).TotalSeconds > 10);
        Assert.Equal(away.ToEndPoint(), pair.Server.RemoteAddress);
        wire.Move(pair.ClientHost, home);
        var back = wire.Time.GetTimestamp();
        await wire.UntilAsync(() => wire.Time.GetElapsedTime(back).TotalSeconds > 3);
        Assert.Equal(home, pair.Server.RemoteAddress?.ToString());
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task Nothing_but_answers_goes_to_an_address_that_only_seems_to_be_the_peers()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var victim = Wire.Address("198.51.100.9:53");

        // The peer itself signs it, with another's address on the envelope.
        for (var i = 0; i < 50; i++)
        {
            wire.Inject(Check(pair, nominate: true), victim, pair.ServerHost.Address);
        }

        await wire.QuietAsync();
        Assert.True(pair.Server.SendRtp(Pair.Packet(500)));
        await wire.QuietAsync();
        Assert.Equal(pair.ClientHost.End, pair.Server.RemoteAddress);
        var toVictim = wire.Sent.Where(sent => sent.To == victim).ToList();
        Assert.All(toVictim, sent => Assert.True(sent.Bytes[0] <= 1));
        Assert.InRange(toVictim.Count, 50, 52);
        Assert.All(toVictim.Where(sent => sent.Bytes[0] == 1), sent => Assert.True(sent.Bytes.Length <= Check(pair, nominate: true).Length));
    }

    [Fact]
    public async Task Nobody_takes_an_address_from_another_session()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var other = IceCredentials.Create();
        var packets = new Packets();
        pair.ServerHost.Endpoint.AddPeer(
            new() { Local = other, Remote = IceCredentials.Create(), RemoteFingerprint = pair.ClientHost.Endpoint.Fingerprint }, packets);
        wire.Inject(Check(other, "them"), pair.ClientHost.Address, pair.ServerHost.Address);
        await wire.QuietAsync();
        Assert.Equal(1, pair.ServerHost.Endpoint.Dropped(RtcDrop.TakenAddress));
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task A_restart_of_ICE_takes_new_credentials_and_keeps_the_keys()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        pair.Server.RestartIce(local, remote);
        await pair.ExchangeAsync();
        pair.Client.RestartIce(remote, local);
        await wire.UntilAsync(() => wire.Sent.Any(sent => IsSuccess(sent.Bytes, local) && sent.To == pair.ClientHost.Address));
        await wire.QuietAsync();
        await pair.ExchangeAsync();

        // The old credentials are gone.
        wire.Inject(Check(pair, nominate: true), Wire.Address("198.51.100.1:9"), pair.ServerHost.Address);
        await wire.QuietAsync();
        Assert.True(pair.ServerHost.Endpoint.Dropped(RtcDrop.UnknownUfrag) > 0);
        var began = wire.Time.GetTimestamp();
        await wire.UntilAsync(() => wire.Time.GetElapsedTime(began).TotalSeconds > 20, 200);
        Assert.Equal(RtcPeerState.Connected, pair.Server.State);
    }

    [Fact]
    public async Task While_a_restart_is_under_way_a_silent_peer_has_longer()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        var moved = wire.Move(pair.ClientHost, "198.51.100.7:4000");
        wire.Carries = (_, _, _) => false;
        pair.Server.RestartIce(local, remote);
        pair.Client.RestartIce(remote, local);
        await wire.UntilAsync(() => pair.Server.RemoteAddress is null);
        Assert.False(pair.Server.SendRtp(Pair.Packet(1)));
        wire.Carries = (_, _, _) => true;
        await wire.UntilAsync(() => moved.ToEndPoint().Equals(pair.Server.RemoteAddress));
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task A_restart_that_never_happens_ends_the_session()
    {
        using var wire = new Wire();
        var pair = await Pair.ConnectedAsync(wire);
        pair.Server.RestartIce(IceCredentials.Create(), IceCredentials.Create());
        wire.Carries = (_, _, _) => false;
        await wire.UntilAsync(() => pair.ServerPackets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.ConsentLost, await pair.ServerPackets.Closed);
    }

    [Fact]
    public async Task A_peer_that_thinks_it_is_controlled_is_told()
    {
        using var wire = new Wire();
        var pair = new Pair(wire);
        var from = Wire.Address("198.51.100.1:9");
        wire.Inject(Check(pair, nominate: false, StunAttribute.IceControlled), from, pair.ServerHost.Address);
        await wire.QuietAsync();
        var answer = wire.Sent.Single(sent => sent.To == from).Bytes;
        Assert.True(StunMessage.TryRead(answer, out var message));
        Assert.Equal(StunType.BindingError, message.Type);
        Assert.True(message.HasIntegrity(Encoding.ASCII.GetBytes(pair.ServerCredentials.Password)));
        Assert.True(message.TryFind(StunAttribute.ErrorCode, out var code));
        Assert.Equal([4, 87], code[2..4].ToArray());
    }

    [Fact]
    public void More_sessions_than_allowed_are_refused_and_credentials_are_for_one()
    {
        using var wire = new Wire();
        var host = wire.Endpoint(new RtcEndpointOptions { MaxPeers = 2 });
        RtcPeerOptions Options(IceCredentials local) => new() { Local = local, Remote = IceCredentials.Create(), RemoteFingerprint = host.Endpoint.Fingerprint };
        var taken = IceCredentials.Create();
        var first = host.Endpoint.AddPeer(Options(taken), new Packets());
        Assert.NotNull(first);
        Assert.Throws<ArgumentException>(() => host.Endpoint.AddPeer(Options(taken), new Packets()));
        Assert.NotNull(host.Endpoint.AddPeer(Options(IceCredentials.Create()), new Packets()));
        Assert.Null(host.Endpoint.AddPeer(Options(IceCredentials.Create()), new Packets()));
        first.Close();
        Assert.NotNull(host.Endpoint.AddPeer(Options(taken), new Packets()));
    }

    internal static byte[] Check(Pair pair, bool nominate, StunAttribute role = StunAttribute.IceControlling) =>
        Check(pair.ServerCredentials, pair.ClientCredentials.Ufrag, nominate, role);

    internal static byte[] Check(IceCredentials server, string theirs, bool nominate = true, StunAttribute role = StunAttribute.IceControlling)
    {
        var bytes = new byte[500];
        var writer = new StunWriter(bytes, StunType.BindingRequest, Guid.NewGuid().ToByteArray().AsSpan(0, 12));
        writer.Add(StunAttribute.Username, Encoding.ASCII.GetBytes($"{server.Ufrag}:{theirs}"));
        writer.Add(StunAttribute.Priority, new byte[4]);
        writer.Add(role, new byte[8]);
        if (nominate)
        {
            writer.Add(StunAttribute.UseCandidate, []);
        }

        return bytes[..writer.Finish(Encoding.ASCII.GetBytes(server.Password))];
    }

    private static int Asked(Wire wire, Pair pair) =>
        wire.Sent.Count(sent => sent.From == pair.ServerHost.Address && sent.Bytes is [0, 1, ..]);

    private static bool IsSuccess(byte[] bytes, IceCredentials local) =>
        StunMessage.TryRead(bytes, out var message) && message.Type == StunType.BindingSuccess && message.HasIntegrity(Encoding.ASCII.GetBytes(local.Password));
}
