using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Realtime;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>What one account may ask of <c>/api/hub</c>.</summary>
public sealed class HubLimitTests
{
    private const string Unknown = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Nothing\",\"arguments\":[]}\u001e";
    private const string KeepAlive = "{\"type\":6}\u001e";

    [Fact]
    public async Task A_connection_that_says_too_much_ends_and_those_of_other_accounts_go_on()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { HubMessages = new(10, TimeSpan.FromMinutes(1)) }));
        var (anna, ben) = (await server.PersonAsync("Anna"), await server.PersonAsync("Ben"));
        using var atBen = await OpenAsync(server, ben);
        await ShakeHandsAsync(atBen);
        using var first = await OpenAsync(server, anna);
        await ShakeHandsAsync(first);

        // The handshake is one of ten. Keep-alives count, and so do calls that the hub has not, in parts or several at once.
        await SayAsync(first, KeepAlive[..4]);
        await SayAsync(first, KeepAlive[4..] + KeepAlive + Unknown + Unknown);
        await AnswerAsync(first, 2);
        for (var i = 0; i < 5; i++)
        {
            await SayAsync(first, Unknown);
            await AnswerAsync(first, 1);
        }

        await SayAsync(first, Unknown);
        await EndsAsync(first);

        // Another connection of the same account has no more.
        using (var second = await OpenAsync(server, anna))
        {
            await SayAsync(second, "{\"protocol\":\"json\",\"version\":1}\u001e");
            await EndsAsync(second);
        }

        await SayAsync(atBen, Unknown);
        await AnswerAsync(atBen, 1);
        await SayAsync(atBen, string.Concat(Enumerable.Repeat(KeepAlive, 60)));
        await EndsAsync(atBen);
        clock.Advance(TimeSpan.FromMinutes(2));
        using var third = await OpenAsync(server, anna);
        await ShakeHandsAsync(third);
        await SayAsync(third, Unknown);
        await AnswerAsync(third, 1);
    }

    [Fact]
    public async Task An_account_has_so_many_connections_and_one_more_is_closed()
    {
        await using var server = await Server.StartAsync();
        var (anna, ben) = (await server.PersonAsync("Anna"), await server.PersonAsync("Ben"));
        List<ClientWebSocket> open = [];
        for (var i = 0; i < Connections.MaxPerAccount; i++)
        {
            open.Add(await OpenAsync(server, anna));
            await ShakeHandsAsync(open[i]);
            // An answer proves that the connection is counted.
            await SayAsync(open[i], Unknown);
            await AnswerAsync(open[i], 1);
        }

        using var more = await OpenAsync(server, anna);
        await SayAsync(more, "{\"protocol\":\"json\",\"version\":1}\u001e");
        await EndsAsync(more);
        using var atBen = await OpenAsync(server, ben);
        await ShakeHandsAsync(atBen);
        foreach (var one in open)
        {
            await SayAsync(one, Unknown);
            await AnswerAsync(one, 1);
            one.Dispose();
        }
    }

    [Fact]
    public async Task To_negotiate_and_to_connect_are_calls_like_any_other()
    {
        var rates = new CallRates { Calls = new(20, TimeSpan.FromHours(1)) };
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(rates));
        var (anna, ben) = (await server.PersonAsync("Anna"), await server.PersonAsync("Ben"));
        var through = 0;
        while ((await anna.PostAsync("/api/hub/negotiate?negotiateVersion=1")).Status == HttpStatusCode.OK)
        {
            Assert.InRange(++through, 1, 20);
        }

        Assert.InRange(through, 10, 20);
        Assert.Equal("throttled", (await anna.PostAsync("/api/hub/negotiate?negotiateVersion=1")).Is(HttpStatusCode.TooManyRequests).Code);
        Assert.Contains("429", (await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(server, anna))).Message);
        using var atBen = await OpenAsync(server, ben);
        await ShakeHandsAsync(atBen);
    }

    private static async Task<ClientWebSocket> OpenAsync(Server server, Someone who)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {who.Token}");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Plane.HttpPort}/api/hub"), default);
        return socket;
    }

    private static async Task ShakeHandsAsync(ClientWebSocket socket)
    {
        await SayAsync(socket, "{\"protocol\":\"json\",\"version\":1}\u001e");
        Assert.Equal("{}", await HearAsync(socket));
    }

    private static Task SayAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

    /// <summary>So many answers to <see cref="Unknown"/>.</summary>
    private static async Task AnswerAsync(ClientWebSocket socket, int many)
    {
        while (many > 0)
        {
            var heard = await HearAsync(socket) ?? throw new InvalidOperationException("The connection ended.");
            many -= heard.Split("\"type\":3").Length - 1;
        }
    }

    /// <summary>Nothing but what the hub says of itself comes before the end.</summary>
    private static async Task EndsAsync(ClientWebSocket socket)
    {
        while (await HearAsync(socket) is { } heard)
        {
            Assert.DoesNotContain("\"type\":3", heard);
        }
    }

    /// <summary>Null at the end.</summary>
    private static async Task<string?> HearAsync(ClientWebSocket socket)
    {
        var buffer = new byte[8192];
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            var part = await socket.ReceiveAsync(buffer, limit.Token);
            return part.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(buffer, 0, part.Count).Trim('\u001e');
        }
        catch (WebSocketException)
        {
            // Closed without a handshake.
            return null;
        }
    }
}
