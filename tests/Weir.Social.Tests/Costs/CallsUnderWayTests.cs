using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>Whoever asks for much and reads nothing of it keeps little in the server's memory, and nothing from others.</summary>
public sealed class CallsUnderWayTests : IAsyncLifetime
{
    private const int More = 10;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly List<Socket> _sockets = [];
    private Server _server = null!;

    public async ValueTask InitializeAsync() => _server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(_clock));

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Answers_that_nobody_reads_are_few_and_others_are_answered()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var much = new string('江', 4000);
        for (var one = 0; one < 200; one++)
        {
            (await anna.SayAsync(talk, much)).Is(HttpStatusCode.Created);
        }

        for (var one = 0; one < CallsUnderWay.OfAccount; one++)
        {
            Assert.Equal("200", await BeginningAsync(await AskAsync(anna, talk)));
        }

        // These wait, and so does what is asked for in the ordinary way.
        var further = new List<Socket>();
        for (var one = 0; one < More; one++)
        {
            further.Add(await AskAsync(anna, talk));
        }

        var waiting = anna.GetAsync("/api/me");
        (await ben.GetAsync($"/api/conversations/{talk}/messages?after=0&limit=200")).Is(HttpStatusCode.OK);
        // Messages have their own way.
        (await anna.SayAsync(talk, "still here")).Is(HttpStatusCode.Created);
        Assert.False(waiting.IsCompleted);
        await Until.HoldsAsync(() =>
        {
            _clock.Advance(CallsUnderWay.LongestWait);
            return Task.FromResult(waiting.IsCompleted);
        });
        var refused = (await waiting).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(("throttled", TimeSpan.FromSeconds(1)), (refused.Code, refused.Message.Headers.RetryAfter!.Delta));
        foreach (var socket in further)
        {
            Assert.Equal("429", await BeginningAsync(socket));
        }

        waiting = anna.GetAsync("/api/me");
        _sockets.ForEach(socket => socket.Dispose());
        (await waiting).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task All_together_have_so_many_under_way_and_whose_turn_does_not_come_is_told_that_it_is_busy()
    {
        const int All = 3;
        await using var small = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(_clock).AddSingleton(new CallsUnderWay(_clock, All)));
        var (anna, ben) = (await small.PersonAsync("Anna", admin: true), await small.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var much = new string('江', 4000);
        for (var one = 0; one < 200; one++)
        {
            (await anna.SayAsync(talk, much)).Is(HttpStatusCode.Created);
        }

        for (var one = 0; one < All; one++)
        {
            Assert.Equal("200", await BeginningAsync(await AskAsync(anna, talk, small)));
        }

        var waiting = new[] { ben.GetAsync("/api/me"), small.Anybody.GetAsync("/api/server") };
        // Messages have their own way.
        (await ben.SayAsync(talk, "still here")).Is(HttpStatusCode.Created);
        Assert.DoesNotContain(waiting, one => one.IsCompleted);
        await Until.HoldsAsync(() =>
        {
            _clock.Advance(CallsUnderWay.LongestWait);
            return Task.FromResult(waiting.All(one => one.IsCompleted));
        });
        foreach (var answer in await Task.WhenAll(waiting))
        {
            var refused = answer.Is(HttpStatusCode.ServiceUnavailable);
            Assert.Equal(("busy", TimeSpan.FromSeconds(1)), (refused.Code, refused.Message.Headers.RetryAfter!.Delta));
        }

        var last = ben.GetAsync("/api/me");
        _sockets.ForEach(socket => socket.Dispose());
        (await last).Is(HttpStatusCode.OK);
    }

    private async Task<Socket> AskAsync(Someone who, string talk, Server? server = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 2048 };
        _sockets.Add(socket);
        await socket.ConnectAsync(IPAddress.Loopback, (server ?? _server).Plane.HttpPort);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /api/conversations/{talk}/messages?after=0&limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {who.Token}\r\n\r\n"));
        return socket;
    }

    /// <summary>The answer's status, and no more of it is read.</summary>
    private static async Task<string> BeginningAsync(Socket socket)
    {
        var begin = new byte[12];
        for (var read = 0; read < begin.Length;)
        {
            var more = await socket.ReceiveAsync(begin.AsMemory(read));
            Assert.True(more > 0, "The connection was closed.");
            read += more;
        }

        return Encoding.ASCII.GetString(begin)[9..];
    }

    [Fact]
    public async Task The_document_of_the_api_is_made_once()
    {
        var first = (await _server.Anybody.GetAsync("/openapi/v1.json")).Is(HttpStatusCode.OK);
        var tag = first.Message.Headers.ETag!;
        Assert.Equal("/", first.Json.GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.Equal(first.Body, (await _server.Anybody.GetAsync("/openapi/v1.json?other=1")).Is(HttpStatusCode.OK).Body);
        (await _server.Anybody.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, r => r.Headers.IfNoneMatch.Add(tag))).Is(HttpStatusCode.NotModified);
        (await _server.Anybody.GetAsync("/openapi/v2.json")).Is(HttpStatusCode.NotFound);
    }
}
