using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Weir.Media.Broadcasting;
using Weir.Media.WebSockets;

namespace Weir.Fuzz;

/// <summary>What a viewer sends on a WebSocket behind its handshake, to a broadcast with room for comments.</summary>
internal static class WatchTalk
{
    /// <summary>Ends as a session may end, without waiting for anything; what is in the room then is a comment.</summary>
    public static void Hear(ReadOnlyMemory<byte> bytes)
    {
        using var wire = new Wire(bytes);
        using var socket = WebSocket.CreateFromStream(wire, new WebSocketCreationOptions { IsServer = true,
            KeepAliveInterval = TimeSpan.Zero });
        var broadcast = new Broadcast(Guid.Empty, new TimelineLimits(), TimeProvider.System);
        var mailbox = new Mailbox();
        var receiving = new WatchReceiver(socket, new Anna(broadcast), mailbox, new WatchLimits(),
            TimeProvider.System).RunAsync(CancellationToken.None);
        if (!receiving.IsCompletedSuccessfully || !mailbox.Left)
        {
            throw new InvalidOperationException("The receiver did not end with what it receives.", receiving.Exception);
        }

        foreach (var comment in broadcast.Comments.Latest())
        {
            var said = JsonSerializer.Deserialize(comment.Json.Span, EventJson.Default.CommentEvent)!;
            if (said.Text.Length is 0 or > CommentRoom.MaxLength || said.ClientId?.Length > 64 || said.At < 0)
            {
                throw new InvalidOperationException($"A comment that is none was taken: {said}");
            }
        }

        mailbox.Take([]);
    }

    public static IReadOnlyList<byte[]> Seeds() =>
    [
        [.. Text("""{"type":"comment","clientId":"a1","text":"Hello","at":1200}"""), .. Text("""{"type":"comment","text":"字\n"}"""),
            .. Frame(0x88, [3, 0xE8])],
        [.. Frame(0x01, "{\"type\":"u8), .. Frame(0x89, "ping"u8), .. Frame(0x00, "\"comm"u8), .. Frame(0x80, "ent\",\"text\":\"x\"}"u8)],
        [.. Text("""{"type":"later"}"""), .. Text("null"), .. Text("[1]"), .. Frame(0x82, [1, 2, 3])],
        // NUL, an escape, an override, half a surrogate pair and what no reader sees.
        Text("""{"type":"comment","text":"a\u0000b\u001bc\u202ed\ud800e"}"""),
        Text("""{"type":"comment","text":"\u200b\u2060"}"""),
        Frame(0x81, [(byte)'"', 0xFF, 0xC0, (byte)'"']),
        Frame(0x81, new byte[4097]),
    ];

    private static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    /// <summary>Masked with zeros (RFC 6455 5.3), so that the payload can be read.</summary>
    private static byte[] Frame(byte first, ReadOnlySpan<byte> payload) =>
        payload.Length < 126 ? [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]
        : [first, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload];

    /// <summary>Everything there is can be read at once; what is written goes nowhere.</summary>
    private sealed class Wire(ReadOnlyMemory<byte> incoming) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, incoming.Length - _at);
            incoming.Span.Slice(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.CompletedTask;

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class Anna(Broadcast broadcast) : Viewer
    {
        public override Broadcast Broadcast => broadcast;

        public override Commenter Person => new(Guid.Empty, "Anna", false, true);

        public override CancellationToken Closed => CancellationToken.None;

        public override ViewerEnd End => default;

        public override void Dispose()
        {
        }
    }
}
