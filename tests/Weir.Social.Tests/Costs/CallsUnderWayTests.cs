using System.Net;
using System.Net.Sockets;
using System.Text;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>Whoever asks for much and reads nothing of it keeps little in the server's memory, and nothing from others.</summary>
public sealed class CallsUnderWayTests(SqliteServer shared)
{
    private const int More = 10;
    private readonly Server _server = shared.Server;

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

        var request = Encoding.ASCII.GetBytes(
            $"GET /api/conversations/{talk}/messages?after=0&limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {anna.Token}\r\n\r\n");
        var sockets = new List<Socket>();
        try
        {
            var answers = new List<string>();
            for (var one = 0; one < CallsUnderWay.OfAccount + More; one++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 2048 };
                sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, _server.Plane.HttpPort);
                await socket.SendAsync(request);
                // Its beginning and no more.
                var begin = new byte[12];
                await socket.ReceiveAsync(begin);
                answers.Add(Encoding.ASCII.GetString(begin)[9..]);
            }

            Assert.Equal(Enumerable.Repeat("200", CallsUnderWay.OfAccount).Concat(Enumerable.Repeat("429", More)), answers);
            var refused = (await anna.GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
            Assert.Equal(("throttled", TimeSpan.FromSeconds(1)), (refused.Code, refused.Message.Headers.RetryAfter!.Delta));
            (await ben.GetAsync($"/api/conversations/{talk}/messages?after=0&limit=200")).Is(HttpStatusCode.OK);
            // Messages have their own way.
            (await anna.SayAsync(talk, "still here")).Is(HttpStatusCode.Created);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        await Until.HoldsAsync(async () => (await anna.GetAsync("/api/me")).Status == HttpStatusCode.OK);
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
