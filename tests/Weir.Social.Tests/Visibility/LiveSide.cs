using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Weir.Live;

namespace Weir.Social.Tests.Visibility;

/// <summary>A live node of a server's, in this process.</summary>
internal sealed class LiveSide : IAsyncDisposable
{
    private readonly DirectoryInfo _data;
    private readonly WebApplication _node;

    private LiveSide(WebApplication node, DirectoryInfo data)
    {
        (_node, _data) = (node, data);
        var addresses = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Http = new HttpClient { BaseAddress = new Uri(addresses.First()) };
    }

    public HttpClient Http { get; }

    /// <summary>What the node says of viewers is looked at once.</summary>
    public SemaphoreSlim Watching { get; } = new(1);

    public static async Task<LiveSide> StartAsync(Server server)
    {
        var data = Directory.CreateTempSubdirectory("weir-live-");
        var node = LiveNode.Build(new LiveOptions
        {
            DataDirectory = data.FullName,
            NodeKeyFile = server.Options.NodeKeyFile,
            SocialAddress = server.Plane.PlanesAddress,
            HttpPort = 0,
            RtmpPort = 0,
            RtcPort = 0,
            LoopbackOnly = true,
            Ffmpeg = null,
        });
        await node.StartAsync();
        var live = new LiveSide(node, data);
        await Patience.HoldsAsync(() => server.Plane.LiveAvailable);
        return live;
    }

    /// <summary>Null when the node lets nobody in with this ticket.</summary>
    public async Task<Seat?> SitAsync(Guid broadcast, string ticket)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new UriBuilder(new Uri(Http.BaseAddress!, $"/live/{broadcast:N}/watch"))
            {
                Scheme = "ws",
                Query = $"ticket={ticket}&media=none",
            }.Uri, default);
            return new Seat(socket, ticket);
        }
        catch (WebSocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _node.StopAsync();
        await _node.DisposeAsync();
        _data.Delete(recursive: true);
        Watching.Dispose();
    }
}

/// <summary>Somebody who watches, and what they were told.</summary>
internal sealed class Seat : IAsyncDisposable
{
    private readonly ClientWebSocket _socket;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _comments = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _refused = new();
    private readonly TaskCompletionSource<bool> _mayComment = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _muted;

    public Seat(ClientWebSocket socket, string ticket)
    {
        (_socket, Ticket) = (socket, ticket);
        Ended = ListenAsync();
    }

    public string Ticket { get; }

    /// <summary>The node has closed it.</summary>
    public Task Ended { get; }

    /// <summary>What the node said of them when they came.</summary>
    public Task<bool> MayComment => _mayComment.Task.WaitAsync(Patience.Limit);

    public bool Muted => _muted;

    public bool Heard(string comment) => _comments.TryGetValue(comment, out var heard) && heard.Task.IsCompleted;

    public Task HearsAsync(string comment) => Of(_comments, comment).Task.WaitAsync(Patience.Limit);

    /// <summary>The node did not take their comment.</summary>
    public Task RefusedAsync(string comment) => Of(_refused, comment).Task.WaitAsync(Patience.Limit);

    public Task SayAsync(string comment) => _socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(new { type = "comment", clientId = comment, text = comment }),
        WebSocketMessageType.Text,
        true,
        default);

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await Ended;
        _socket.Dispose();
    }

    private static TaskCompletionSource Of(ConcurrentDictionary<string, TaskCompletionSource> all, string comment) =>
        all.GetOrAdd(comment, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task ListenAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await _socket.ReceiveAsync(buffer.AsMemory(length), default);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
                    return;
                }

                var said = JsonDocument.Parse(Encoding.UTF8.GetString(buffer, 0, length)).RootElement;
                switch (said.GetProperty("type").GetString())
                {
                    case "hello":
                        _mayComment.TrySetResult(said.GetProperty("you").GetProperty("mayComment").GetBoolean());
                        break;
                    case "comment":
                        Of(_comments, said.GetProperty("text").GetString()!).TrySetResult();
                        break;
                    case "muted":
                        _muted = said.GetProperty("muted").GetBoolean();
                        break;
                    case "refused":
                        Of(_refused, said.GetProperty("clientId").GetString()!).TrySetResult();
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException)
        {
            // Broken off by the node, or by the test at its end.
        }
    }
}
