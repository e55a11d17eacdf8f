using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Transcoding;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.Tests;

/// <summary>WHIP (RFC 9725) and WHEP as HTTP, by a node without a social plane, with the offers that Chromium writes.</summary>
public sealed class RtcHttpTests : IAsyncLifetime
{
    private const string Fragment = "application/trickle-ice-sdpfrag";
    private const string Sdp = "application/sdp";
    private const string Token = "wt_the-token-of-this-test";
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("weir-rtc-http-");
    private readonly Guid _broadcast = Guid.NewGuid();
    private WebApplication _node = null!;
    private HttpClient _http = null!;
    private string _ticket = "";

    public async ValueTask InitializeAsync()
    {
        _node = LiveNode.Build(LoneNode.Options(_data) with { IceServers = ["stun:stun.example.org"] });
        await StartAsync();
    }

    private async Task StartAsync()
    {
        await _node.StartAsync(TestContext.Current.CancellationToken);
        var directory = _node.Services.GetRequiredService<BroadcastDirectory>();
        directory.BeginLists();
        directory.Apply(new Rules(new BroadcastRules
        {
            Broadcast = _broadcast.ToWire(),
            Host = Guid.NewGuid().ToWire(),
            PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(Token)) },
        }));
        directory.CompleteLists();
        _ticket = new Ticket(_broadcast, Guid.NewGuid(), Ticket.NewId(), 0, DateTimeOffset.UtcNow.AddHours(1), TicketRights.Comment, "Mia").Sign(_node.Services.GetRequiredService<NodeKey>());
        var addresses = _node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        _http = new HttpClient { BaseAddress = new Uri(addresses.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_node.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await _node.StopAsync(CancellationToken.None);
        }

        await _node.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task A_session_is_made_looked_at_and_deleted()
    {
        foreach (var (made, location) in new[] { (await PublishAsync(), $"/whip/{_broadcast:N}/"), (await PlayAsync(), $"/live/{_broadcast:N}/whep/") })
        {
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            Assert.Equal(Sdp, made.Content.Headers.ContentType?.MediaType);
            Assert.Contains("<stun:stun.example.org>; rel=\"ice-server\"", made.Headers.GetValues("Link"));
            Assert.Contains("a=ice-lite", await made.Content.ReadAsStringAsync());
            Assert.Matches("^\"[A-Za-z0-9+/]+\"$", made.Headers.ETag?.ToString());
            var session = made.Headers.Location!.ToString();
            Assert.StartsWith(location, session);
            Assert.DoesNotContain(_ticket, session);
            Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Get, session)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, session)).StatusCode);

            // The session is closed by another thread.
            while ((await SendAsync(HttpMethod.Get, session)).StatusCode != HttpStatusCode.NotFound)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }

            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, session)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await TrickleAsync(session, "*", Restart(1))).StatusCode);
        }
    }

    [Fact]
    public async Task Candidates_are_taken_and_a_restart_changes_what_the_session_is_called()
    {
        foreach (var made in new[] { await PublishAsync(), await PlayAsync() })
        {
            var (session, tag) = (made.Headers.Location!.ToString(), made.Headers.ETag!.ToString());
            var candidates = await TrickleAsync(session, tag, "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n");
            Assert.Equal(HttpStatusCode.NoContent, candidates.StatusCode);

            var restarted = await TrickleAsync(session, tag, Restart(1));
            Assert.Equal(HttpStatusCode.OK, restarted.StatusCode);
            Assert.Equal(Fragment, restarted.Content.Headers.ContentType?.MediaType);
            var next = restarted.Headers.ETag!.ToString();
            Assert.NotEqual(tag, next);
            Assert.Contains($"a=ice-ufrag:{next.Trim('"')}", await restarted.Content.ReadAsStringAsync());

            // The former session is none any more; the same restart again is no other one.
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await TrickleAsync(session, tag, Restart(2))).StatusCode);
            Assert.Equal(HttpStatusCode.NoContent, (await TrickleAsync(session, next, Restart(1))).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await TrickleAsync(session, "\"other\", " + next, Restart(3))).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await TrickleAsync(session, "*", Restart(4))).StatusCode);
        }
    }

    [Fact]
    public async Task A_change_that_cannot_be_is_refused_with_its_reason_and_ends_nothing()
    {
        var session = (await PublishAsync()).Headers.Location!.ToString();
        var missing = await TrickleAsync(session, null, Restart(1));
        Assert.Equal(HttpStatusCode.PreconditionRequired, missing.StatusCode);
        var wrongType = await SendAsync(HttpMethod.Patch, session, "v=0", Sdp, "*");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, wrongType.StatusCode);
        Assert.Contains(Fragment, wrongType.Headers.GetValues("Accept-Patch"));
        foreach (var bad in new[] { "", "nonsense", "a=ice-ufrag:abcd\r\n", "a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n", new string('a', 70_000) })
        {
            var answer = await TrickleAsync(session, "*", bad);
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge, $"{answer.StatusCode} for {bad.Length} characters");
        }

        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Get, session)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await TrickleAsync(session.Replace("/whip/", "/live/").Replace($"{_broadcast:N}", $"{_broadcast:N}/whep"), "*", Restart(1))).StatusCode);
    }

    [Fact]
    public async Task Options_say_what_is_accepted_to_browsers_and_to_others()
    {
        foreach (var (path, header, type) in new[]
        {
            ($"/whip/{_broadcast:N}", "Accept-Post", Sdp), ($"/live/{_broadcast:N}/whep", "Accept-Post", Sdp),
            ($"/whip/{_broadcast:N}/x", "Accept-Patch", Fragment), ($"/live/{_broadcast:N}/whep/x", "Accept-Patch", Fragment),
        })
        {
            var plain = await SendAsync(HttpMethod.Options, path);
            Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
            Assert.Contains(type, Assert.Single(plain.Headers.GetValues(header)), StringComparison.Ordinal);

            using var preflight = new HttpRequestMessage(HttpMethod.Options, path);
            preflight.Headers.Add("Origin", "https://elsewhere.example");
            preflight.Headers.Add("Access-Control-Request-Method", "PATCH");
            preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,if-match");
            using var allowed = await _http.SendAsync(preflight);
            Assert.Equal("*", Assert.Single(allowed.Headers.GetValues("Access-Control-Allow-Origin")));
            Assert.Contains("PATCH", string.Join(',', allowed.Headers.GetValues("Access-Control-Allow-Methods")));
            Assert.False(allowed.Headers.Contains("Access-Control-Allow-Credentials"));
        }
    }

    [Fact]
    public async Task An_offer_that_cannot_be_answered_is_refused_politely()
    {
        var offer = Offer("publish");
        foreach (var (change, status, code) in new (string, HttpStatusCode, string)[]
        {
            ("no offer", HttpStatusCode.BadRequest, "offer-unreadable"),
            (offer.Replace("H264/90000", "H265/90000", StringComparison.Ordinal), HttpStatusCode.NotAcceptable, "offer-no-h264"),
            (offer.Replace("a=sendonly", "a=recvonly", StringComparison.Ordinal).Replace("a=sendrecv", "a=recvonly", StringComparison.Ordinal), HttpStatusCode.NotAcceptable, "offer-no-media"),
            (offer.Replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0", StringComparison.Ordinal), HttpStatusCode.NotAcceptable, "offer-no-bundle"),
            (offer.Replace("a=fingerprint:sha-256", "a=fingerprint:sha-1", StringComparison.Ordinal), HttpStatusCode.NotAcceptable, "offer-no-fingerprint"),
            (offer.Replace("a=setup:actpass", "a=setup:holdconn", StringComparison.Ordinal), HttpStatusCode.UnprocessableEntity, "offer-no-setup"),
        })
        {
            var answer = await SendAsync(HttpMethod.Post, $"/whip/{_broadcast:N}", change, Sdp, bearer: Token);
            Assert.Equal((status, true), (answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Contains(code, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_player_whose_offer_does_not_fit_is_offered_what_does_and_may_answer_once()
    {
        var unfit = Offer("play").Replace("H264/90000", "H265/90000", StringComparison.Ordinal);
        var counter = await SendAsync(HttpMethod.Post, $"/live/{_broadcast:N}/whep?ticket={_ticket}", unfit, Sdp);
        Assert.Equal(HttpStatusCode.NotAcceptable, counter.StatusCode);
        Assert.Equal(Sdp, counter.Content.Headers.ContentType?.MediaType);
        var offer = await counter.Content.ReadAsStringAsync();
        foreach (var line in new[] { "a=setup:actpass", "a=sendonly", "a=ice-lite", "a=rtpmap:96 H264/90000", "a=rtpmap:111 opus/48000/2", "a=group:BUNDLE 0 1" })
        {
            Assert.Contains(line + "\r\n", offer);
        }

        var session = counter.Headers.Location!.ToString();
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, session)).StatusCode);
        var answer = Offer("play").Replace("a=setup:actpass", "a=setup:active", StringComparison.Ordinal);
        var accepted = await SendAsync(HttpMethod.Patch, session, answer, Sdp);
        Assert.Equal(HttpStatusCode.NoContent, accepted.StatusCode);
        Assert.Contains($"a=ice-ufrag:{accepted.Headers.ETag!.Tag.Trim('"')}\r\n", offer);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Get, session)).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendAsync(HttpMethod.Patch, session, answer, Sdp)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, session)).StatusCode);

        // One that is given up, and one that is answered by something else, are gone.
        foreach (var (method, body, status) in new[] { (HttpMethod.Delete, null, HttpStatusCode.OK), (HttpMethod.Patch, "nonsense", HttpStatusCode.BadRequest) })
        {
            session = (await SendAsync(HttpMethod.Post, $"/live/{_broadcast:N}/whep?ticket={_ticket}", unfit, Sdp)).Headers.Location!.ToString();
            Assert.Equal(status, (await SendAsync(method, session, body, Sdp)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Patch, session, answer, Sdp)).StatusCode);
        }
    }

    [Fact]
    public async Task The_answer_names_one_port_in_UDP_and_after_that_in_TCP_where_strangers_are_closed()
    {
        var port = await TcpPortAsync();
        using var stranger = await ConnectAsync(port);
        await stranger.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.True(await IsClosedAsync(stranger));
    }

    [Fact]
    public async Task A_node_that_stops_closes_the_connections_of_its_WebRTC_port_at_once()
    {
        using var silent = await ConnectAsync(await TcpPortAsync());
        // Without a time after which all that is still open is closed by force.
        _node.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = Timeout.InfiniteTimeSpan;
        var stopping = _node.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(await IsClosedAsync(silent).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        await stopping.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Two_protocols_on_one_TCP_port_are_a_fault_of_the_options()
    {
        var options = new LiveOptions { DataDirectory = "data", NodeKeyFile = "node.key", SocialAddress = new Uri("http://127.0.0.1:1") };
        options.Check();
        (options with { HttpPort = 0, RtmpPort = 0, RtcPort = 0 }).Check();
        Assert.Contains("--live-http and --rtmp", Assert.Throws<InvalidOptionsException>(() => (options with { RtcPort = 1935 }).Check()).Message);
    }

    /// <summary>The one number that both kinds of candidates of an answer name.</summary>
    private async Task<int> TcpPortAsync()
    {
        var lines = (await (await PlayAsync()).Content.ReadAsStringAsync()).Split("\r\n").Where(line => line.StartsWith("a=candidate:", StringComparison.Ordinal)).ToList();
        Assert.Equal(["udp", "tcp"], lines.Select(line => line.Split(' ')[2]).Distinct());
        Assert.All(lines.Where(line => line.Contains(" tcp ")), line => Assert.EndsWith(" typ host tcptype passive", line));
        Assert.Equal(lines.Count, lines.Select(line => line.Split(' ')[0]).Distinct().Count());
        Assert.Equal(lines.Count, lines.Select(line => line.Split(' ')[3]).Distinct().Count());
        return int.Parse(Assert.Single(lines.Select(line => line.Split(' ')[5]).Distinct()), CultureInfo.InvariantCulture);
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    [Fact]
    public async Task One_broadcast_has_so_many_publishers_sessions_and_one_address_so_many_without_tickets()
    {
        for (var i = 0; i < WebRtc.RtcSessions.MostPublishers; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await PublishAsync()).StatusCode);
        }

        var refused = await PublishAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.Created, (await PlayAsync()).StatusCode);
        var sessions = _node.Services.GetRequiredService<WebRtc.RtcSessions>();
        Assert.True(sessions.MayPublishMore(Guid.NewGuid()));
        Assert.True(sessions.MayWatchMore("192.0.2.1"));
    }

    [Fact]
    public async Task An_ipv6_site_has_so_many_sessions_without_tickets()
    {
        var sessions = _node.Services.GetRequiredService<WebRtc.RtcSessions>();
        var offer = RtcOffer.Read(Offer("play"), RtcRole.Play, null, out _)!;
        var (local, packets) = (IceCredentials.Create(), new NoPackets());
        var peer = _node.Services.GetRequiredService<WebRtc.RtcHost>().Endpoint.AddPeer(
            new RtcPeerOptions { Local = local, Remote = offer.Ice, RemoteFingerprint = offer.Fingerprint, Role = offer.Dtls }, packets)!;
        var through = 0;
        for (var i = 0; i < 2 * AddressKey.TimesForSite * WebRtc.RtcSessions.MostOpenly; i++)
        {
            // So many of each network.
            var address = AddressKey.Of(IPAddress.Parse($"2001:db8:1:{i / WebRtc.RtcSessions.MostOpenly:x}::1"));
            if (sessions.MayWatchMore(address))
            {
                sessions.Add(new WebRtc.OpenSession(WebRtc.RtcSessions.NewName(), _broadcast, offer, peer, local, address), peer);
                through++;
            }
        }

        Assert.Equal(AddressKey.TimesForSite * WebRtc.RtcSessions.MostOpenly, through);
        Assert.True(sessions.MayWatchMore(AddressKey.Of(IPAddress.Parse("2001:db8:2::1"))));
        Assert.True(sessions.MayWatchMore("192.0.2.1"));
        peer.Close();
        await packets.Closed.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_only_asks_to_play_starts_no_transcoding_and_the_answer_says_where_there_is_no_sound()
    {
        await _node.StopAsync(TestContext.Current.CancellationToken);
        foreach (var (most, port) in new[] { (1, "9"), (0, "0") })
        {
            await _node.DisposeAsync();
            _http.Dispose();
            // Nothing is started: where it were, this would be said not to be there.
            var transcoders = new Transcoders(new FfmpegProgram("/nowhere/transcoder"), most);
            _node = LiveNode.Build(LoneNode.Options(_data), services => services.AddSingleton(transcoders));
            await StartAsync();
            Assert.True(_node.Services.GetRequiredService<LiveAdmission>().TryPublish(Token, new PublisherInfo("RTMP", "test"), out var publisher, out _));
            publisher.Video(new Track(TrackKind.Video, Codec.H264, new byte[] { 1 }, "avc1.42e01f"), 0, 0, keyframe: true, new byte[] { 1 });
            publisher.Audio(Tracks.FromAac(AudioSpecificConfig.WriteLowComplexity(48_000, 2)), 0, new byte[] { 1 });
            var made = await PlayAsync();
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            Assert.Contains($"m=audio {port} ", await made.Content.ReadAsStringAsync());
            Assert.Equal(0, _node.Services.GetRequiredService<BroadcastDirectory>().FindRunning(_broadcast)!.Renditions.Count);
            await _node.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    private Task<HttpResponseMessage> PublishAsync() => SendAsync(HttpMethod.Post, $"/whip/{_broadcast:N}", Offer("publish"), Sdp, bearer: Token);

    private Task<HttpResponseMessage> PlayAsync() => SendAsync(HttpMethod.Post, $"/live/{_broadcast:N}/whep?ticket={_ticket}", Offer("play"), Sdp);

    private Task<HttpResponseMessage> TrickleAsync(string session, string? ifMatch, string fragment) => SendAsync(HttpMethod.Patch, session, fragment, Fragment, ifMatch);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, string type = Sdp, string? ifMatch = null, string? bearer = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type)) };
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string Offer(string kind) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "offers", $"chromium-{kind}.sdp")).ReplaceLineEndings("\r\n");

    private sealed class NoPackets : IRtcPackets
    {
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Closed => _closed.Task;

        public void OnConnected()
        {
        }

        public void OnRtp(Span<byte> packet, long arrival)
        {
        }

        public void OnRtcp(ReadOnlySpan<byte> compound)
        {
        }

        public void OnClosed(RtcClosed reason) => _closed.SetResult();
    }

    private static string Restart(int number) => $"a=ice-ufrag:next{number}\r\na=ice-pwd:012345678901234567890{number}\r\na=mid:0\r\n";
}
