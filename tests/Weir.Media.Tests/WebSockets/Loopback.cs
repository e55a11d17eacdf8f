using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Tests.Cmaf;
using Weir.Media.WebSockets;

namespace Weir.Media.Tests.WebSockets;

internal sealed class TestViewer(Broadcast broadcast, Commenter person) : Viewer
{
    private readonly CancellationTokenSource _closed = new();
    private ViewerEnd _end;

    public override Broadcast Broadcast => broadcast;

    public override Commenter Person => person;

    public override CancellationToken Closed => _closed.Token;

    public override ViewerEnd End => _end;

    public void Close(ViewerEnd end)
    {
        _end = end;
        _closed.Cancel();
    }

    public override void Dispose() => _closed.Dispose();
}

/// <summary>A message a viewer got.</summary>
internal sealed record Message(WebSocketMessageType Type, byte[] Bytes, WebSocketCloseStatus? Close = null)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public string Kind => Type switch
    {
        WebSocketMessageType.Text => Json.GetProperty("type").GetString()!,
        WebSocketMessageType.Binary => Encoding.ASCII.GetString(Bytes, 4, 4),
        _ => $"close {(int)Close!}",
    };
}

/// <summary>A watch session and its viewer, over a TCP connection of the loopback interface.</summary>
internal sealed class Loopback : IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly TcpClient _server;
    private readonly WebSocket _serverSocket;

    private readonly FanOut? _fanOut;
    private readonly WatchKeepAlive _keepAlive;

    private Loopback(TcpClient client, TcpClient server, Stage stage, bool direct, bool media, Commenter? person, WatchLimits? limits)
    {
        (_client, _server) = (client, server);
        Client = WebSocket.CreateFromStream(client.GetStream(), new WebSocketCreationOptions { IsServer = false });
        var wire = new SplitStream(server.GetStream());
        _serverSocket = WebSocket.CreateFromStream(wire, new WebSocketCreationOptions { IsServer = true });
        _fanOut = direct ? new FanOut(new FanOutOptions { Senders = 1 }) : null;
        Viewer = new TestViewer(stage.Broadcast, person ?? new Commenter(Guid.NewGuid(), "Ann", false, true));
        _keepAlive = new WatchKeepAlive(KeepAliveClock);
        Session = new WatchSession(
            _serverSocket, wire, _fanOut is null ? null : new DirectSocket(_fanOut, server.Client), server.Close, _keepAlive, Viewer, stage.Packager, media, 1, limits ?? new WatchLimits(), stage.Clock, NullLogger<WatchSession>.Instance);
        Ended = Session.RunAsync();
    }

    public WebSocket Client { get; }

    /// <summary>Of the pings alone: tests that hurry the stage's clock do not mean them.</summary>
    public FakeTimeProvider KeepAliveClock { get; } = new();

    public TestViewer Viewer { get; }

    public WatchSession Session { get; }

    public Task<WatchEnd> Ended { get; }

    public static async Task<Loopback> OpenAsync(
        Stage stage, bool direct, bool media = true, Commenter? person = null, WatchLimits? limits = null, int? buffers = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        if (buffers is { } size)
        {
            listener.Server.SendBufferSize = size;
        }

        listener.Start();
        var client = new TcpClient();
        if (buffers is { } bytes)
        {
            client.ReceiveBufferSize = bytes;
        }

        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return new Loopback(client, await listener.AcceptTcpClientAsync(), stage, direct, media, person, limits);
    }

    public async Task<Message> NextAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16384];
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var part = await Client.ReceiveAsync(buffer.AsMemory(), patience.Token);
            bytes.Write(buffer, 0, part.Count);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return new Message(part.MessageType, [], Client.CloseStatus);
            }

            if (part.EndOfMessage)
            {
                return new Message(part.MessageType, bytes.ToArray());
            }
        }
    }

    public async Task<Message> NextAsync(string kind)
    {
        while (true)
        {
            var message = await NextAsync();
            if (message.Kind == kind)
            {
                return message;
            }

            Assert.NotEqual(WebSocketMessageType.Close, message.Type);
        }
    }

    /// <summary>Everything up to and with the close.</summary>
    public async Task<List<Message>> RestAsync()
    {
        var messages = new List<Message>();
        do
        {
            messages.Add(await NextAsync());
        }
        while (messages[^1].Type != WebSocketMessageType.Close);
        await Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        return messages;
    }

    public Task SayAsync(string text) =>
        Client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>A ping frame with four bytes, masked with zeros (RFC 6455 5.5.2).</summary>
    public async Task PingAsync() => await _client.GetStream().WriteAsync(new byte[] { 0x89, 0x84, 0, 0, 0, 0, 1, 2, 3, 4 });

    public async ValueTask DisposeAsync()
    {
        Client.Abort();
        await Ended.WaitAsync(Patience.Limit);
        Client.Dispose();
        _serverSocket.Dispose();
        _client.Dispose();
        _server.Dispose();
        _fanOut?.Dispose();
        _keepAlive.Dispose();
        Viewer.Dispose();
    }
}
