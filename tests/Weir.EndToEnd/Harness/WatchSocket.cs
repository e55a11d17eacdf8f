using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Weir.EndToEnd.Harness;

/// <summary>A viewer's WebSocket, read to its end: events in order, bytes of media counted.</summary>
internal sealed class WatchSocket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly Channel<JsonElement> _events = Channel.CreateBounded<JsonElement>(1024);
    private Task _reading = Task.CompletedTask;
    private long _mediaBytes;

    public long MediaBytes => Interlocked.Read(ref _mediaBytes);

    public int? CloseCode => (int?)_socket.CloseStatus;

    /// <summary>Completes when the server closed or dropped the connection.</summary>
    public Task Closed => _reading.WaitAsync(Eventually.Patience);

    public static async Task<WatchSocket> OpenAsync(string url)
    {
        var watch = new WatchSocket();
        watch._socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var limit = new CancellationTokenSource(Eventually.Patience);
        await watch._socket.ConnectAsync(new Uri(url), limit.Token);
        watch._reading = watch.ReadAsync();
        return watch;
    }

    /// <summary>The next event of a type; others before it are passed over.</summary>
    public async Task<JsonElement> EventAsync(string type)
    {
        using var limit = new CancellationTokenSource(Eventually.Patience);
        try
        {
            while (true)
            {
                var happened = await _events.Reader.ReadAsync(limit.Token);
                if (happened.GetProperty("type").GetString() == type)
                {
                    return happened;
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ChannelClosedException)
        {
            throw new Xunit.Sdk.XunitException($"No '{type}' within {Eventually.Patience.TotalSeconds} s (close code {CloseCode}).");
        }
    }

    public Task MediaAsync(long more = 20_000)
    {
        var from = MediaBytes;
        return Eventually.TrueAsync("media arrives on the WebSocket", Eventually.Patience, () => Task.FromResult(MediaBytes >= from + more));
    }

    /// <summary>It is told that it is cut, and closed. How soon is what <c>./weir bench promises</c> measures.</summary>
    public async Task CutAsync()
    {
        await EventAsync("cut");
        await Closed;
        Assert.Equal(4403, CloseCode);
    }

    public Task SendAsync(object message) =>
        _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        var text = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (read.MessageType == WebSocketMessageType.Close)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                if (read.MessageType == WebSocketMessageType.Binary)
                {
                    Interlocked.Add(ref _mediaBytes, read.Count);
                    continue;
                }

                text.Write(buffer, 0, read.Count);
                if (read.EndOfMessage)
                {
                    using var document = JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray()));
                    await _events.Writer.WriteAsync(document.RootElement.Clone());
                    text.SetLength(0);
                }
            }
        }
        catch (WebSocketException)
        {
            // Dropped without a closing handshake: the process on the other side is gone.
        }
        finally
        {
            _events.Writer.TryComplete();
        }
    }
}
