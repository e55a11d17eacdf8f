using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>Plays FLV over HTTP and throws it away.</summary>
internal sealed class FlvPlayer : Player
{
    private readonly Uri _url;
    private readonly HttpResponses _responses = new();
    private readonly FlvPayload _payload = new();
    private readonly HttpResponses.BodyHandler _take;

    public FlvPlayer(Uri url)
    {
        _url = url;
        _take = _payload.Receive;
    }

    public override ReadOnlyMemory<byte> Open() =>
        Encoding.ASCII.GetBytes($"GET {_url.PathAndQuery} HTTP/1.1\r\nHost: {_url.Authority}\r\nUser-Agent: Weir.Bench\r\n\r\n");

    public override void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        if (_responses.Receive(data, _take).Whole)
        {
            throw new LoadException("HTTP-FLV ended");
        }

        Payload = _payload.Bytes;
    }
}

/// <summary>Plays fMP4 over a WebSocket and throws it away; answers pings.</summary>
internal sealed class WebSocketPlayer(Uri url) : Player
{
    private readonly HttpResponses _responses = new();
    private readonly Mp4Payload _payload = new();
    private readonly byte[] _header = new byte[10];
    private readonly byte[] _control = new byte[125];
    private int _have;
    private long _left;
    private int _opcode;
    private int _controlBytes;
    private bool _binary;
    private bool _open;

    /// <summary>Comments that came.</summary>
    public int Comments { get; private set; }

    /// <summary>Comments of this viewer that were not taken.</summary>
    public int Refused { get; private set; }

    /// <summary>The server has greeted this viewer.</summary>
    public bool IsGreeted { get; private set; }

    /// <summary>The broadcast has ended, and the replay may be asked for in so many milliseconds; -1: there is none.</summary>
    public int? ReplayAfter { get; private set; }

    public override ReadOnlyMemory<byte> Open() => Encoding.ASCII.GetBytes(
        $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    public override void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        if (!_open)
        {
            // Once the headers are over, the rest of the data belongs to the socket.
            var taken = 0;
            while (taken < data.Length && _responses.Status != 101)
            {
                taken += _responses.Receive(data.Slice(taken, 1), static _ => { }).Taken;
            }

            data = data[taken..];
            _open = _responses.Status == 101;
        }

        while (!data.IsEmpty)
        {
            data = _left > 0 ? Body(data, send) : Header(data, send);
        }

        Payload = _payload.Bytes;
    }

    // RFC 6455, 5.2: two bytes, then a length of 0, 2 or 8 more; a server does not mask.
    private ReadOnlySpan<byte> Header(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        _header[_have++] = data[0];
        var length = _have < 2 ? 2 : (_header[1] & 0x7f) switch { 126 => 4, 127 => 10, _ => 2 };
        if (_have == length)
        {
            _have = 0;
            _left = length switch
            {
                4 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
                10 => BinaryPrimitives.ReadInt64BigEndian(_header.AsSpan(2)),
                _ => _header[1] & 0x7f,
            };
            _opcode = _header[0] & 0x0f;
            _binary = _opcode == 0 ? _binary : _opcode < 8 ? _opcode == 2 : _binary;
            _controlBytes = 0;
            if (_opcode == 8)
            {
                throw new LoadException("The WebSocket was closed");
            }

            if (_left == 0 && _opcode == 9)
            {
                Pong(send);
            }
        }

        return data[1..];
    }

    private ReadOnlySpan<byte> Body(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        var part = data[..(int)Math.Min(_left, data.Length)];
        _left -= part.Length;
        if (_opcode == 9)
        {
            part.CopyTo(_control.AsSpan(_controlBytes));
            _controlBytes += part.Length;
            if (_left == 0)
            {
                Pong(send);
            }
        }
        else if (_opcode < 8 && _binary)
        {
            _payload.Receive(part);
        }
        else if (_opcode == 1)
        {
            Text(part);
        }

        return data[part.Length..];
    }

    // Of a text nothing but its beginning matters, which names its type.
    private void Text(ReadOnlySpan<byte> part)
    {
        var kept = part[..Math.Min(part.Length, _control.Length - _controlBytes)];
        kept.CopyTo(_control.AsSpan(_controlBytes));
        _controlBytes += kept.Length;
        if (_left == 0)
        {
            var text = _control.AsSpan(0, _controlBytes);
            Comments += text.StartsWith("{\"type\":\"comment\""u8) ? 1 : 0;
            Refused += text.StartsWith("{\"type\":\"refused\""u8) ? 1 : 0;
            IsGreeted |= text.StartsWith("{\"type\":\"hello\""u8);
            if (text.StartsWith("{\"type\":\"ended\""u8))
            {
                ReplayAfter = After(text);
            }
        }
    }

    private static int After(ReadOnlySpan<byte> ended)
    {
        var after = ended.IndexOf("\"after\":"u8);
        return ended.IndexOf("\"replay\":true"u8) > 0 && after > 0 && Utf8Parser.TryParse(ended[(after + 8)..], out int milliseconds, out _) ? milliseconds : -1;
    }

    // A mask of zeros leaves the bytes as they are.
    private void Pong(Action<ReadOnlyMemory<byte>> send) =>
        send((byte[])[0x8a, (byte)(0x80 | _controlBytes), 0, 0, 0, 0, .. _control.AsSpan(0, _controlBytes)]);
}
