using System.Buffers.Binary;

namespace Weir.Bench.Load;

/// <summary>Reads RTMP chunks at whatever boundaries they arrive; keeps control messages, passes over media and only counts it.</summary>
internal sealed class RtmpChunkReader(Action<byte, byte[]> control)
{
    private const int KeptControlBytes = 16 * 1024;

    private readonly Dictionary<int, ChunkStream> _streams = [];
    private readonly byte[] _header = new byte[18];
    private int _headerBytes;
    private int _chunkSize = 128;
    private ChunkStream? _current;
    private int _chunkLeft;

    /// <summary>Coded bytes in audio and video messages.</summary>
    public long Media { get; private set; }

    public void Receive(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_current is null)
            {
                _header[_headerBytes++] = data[0];
                data = data[1..];
                if (_headerBytes == HeaderLength())
                {
                    BeginChunk();
                }

                continue;
            }

            var taken = Math.Min(data.Length, _chunkLeft);
            _current.Take(data[..taken]);
            data = data[taken..];
            _chunkLeft -= taken;
            if (_chunkLeft == 0)
            {
                EndChunk(_current);
            }
        }
    }

    private int BasicLength => (_header[0] & 0x3f) switch { 0 => 2, 1 => 3, _ => 1 };

    // RTMP 5.3.1: basic header of 1 to 3 bytes, message header of 11, 7, 3 or 0, extended timestamp where the field is full.
    private int HeaderLength()
    {
        var basic = BasicLength;
        if (_headerBytes < basic)
        {
            return basic;
        }

        var format = _header[0] >> 6;
        var length = basic + format switch { 0 => 11, 1 => 7, 2 => 3, _ => 0 };
        if (_headerBytes < length)
        {
            return length;
        }

        var extended = format == 3 ? Stream().Extended : Int24(basic) == 0xffffff;
        return extended ? length + 4 : length;
    }

    private void BeginChunk()
    {
        var stream = Stream();
        var basic = BasicLength;
        var format = _header[0] >> 6;
        if (format <= 2)
        {
            stream.Extended = Int24(basic) == 0xffffff;
        }

        if (format <= 1)
        {
            stream.Length = Int24(basic + 3);
            stream.Type = _header[basic + 6];
        }

        _headerBytes = 0;
        _chunkLeft = Math.Min(_chunkSize, stream.Length - stream.Received);
        _current = stream;
        if (_chunkLeft == 0)
        {
            EndChunk(stream);
        }
    }

    private void EndChunk(ChunkStream stream)
    {
        _current = null;
        if (stream.Received < stream.Length)
        {
            return;
        }

        switch (stream.Type)
        {
            case 8:
                Media += Math.Max(0, stream.Length - 2); // FLV: sound format and AAC packet type.
                break;
            case 9:
                Media += Math.Max(0, stream.Length - 5); // FLV: frame type, packet type, composition time.
                break;
            case 1:
                _chunkSize = BinaryPrimitives.ReadInt32BigEndian(stream.Kept.ToArray());
                break;
            default:
                control(stream.Type, stream.Kept.ToArray());
                break;
        }

        stream.Reset();
    }

    private ChunkStream Stream()
    {
        var id = (_header[0] & 0x3f) switch { 0 => 64 + _header[1], 1 => 64 + _header[1] + (_header[2] << 8), var small => small };
        if (!_streams.TryGetValue(id, out var stream))
        {
            _streams[id] = stream = new ChunkStream();
        }

        return stream;
    }

    private int Int24(int at) => (_header[at] << 16) | (_header[at + 1] << 8) | _header[at + 2];

    private sealed class ChunkStream
    {
        public bool Extended;
        public int Length;
        public byte Type;

        public int Received { get; private set; }

        public MemoryStream Kept { get; } = new();

        public void Take(ReadOnlySpan<byte> data)
        {
            Received += data.Length;
            if (Type is not (8 or 9))
            {
                if (Kept.Length + data.Length > KeptControlBytes)
                {
                    throw new LoadException($"RTMP control message of {Length} bytes");
                }

                Kept.Write(data);
            }
        }

        public void Reset()
        {
            Received = 0;
            Kept.SetLength(0);
        }
    }
}

/// <summary>Writes the few RTMP messages that a client needs.</summary>
internal static class RtmpMessages
{
    public const int OutgoingChunkSize = 65536;

    /// <summary>C0 and C1. Nobody checks the random part of the plain handshake.</summary>
    public static byte[] Hello()
    {
        var hello = new byte[1 + 1536];
        hello[0] = 3;
        return hello;
    }

    public static byte[] SetChunkSize()
    {
        var body = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(body, OutgoingChunkSize);
        return Message(2, 1, 0, 0, body);
    }

    public static byte[] Acknowledge(long received)
    {
        var body = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(body, unchecked((uint)received));
        return Message(2, 3, 0, 0, body);
    }

    public static byte[] Command(int messageStream, params object?[] values)
    {
        using var body = new MemoryStream();
        foreach (var value in values)
        {
            WriteAmf0(body, value);
        }

        return Message(3, 20, 0, messageStream, body.ToArray());
    }

    /// <summary>A whole message in type 0 and, beyond the chunk size, type 3 chunks.</summary>
    public static byte[] Message(int chunkStream, byte type, uint timestamp, int messageStream, ReadOnlySpan<byte> body)
    {
        var continued = Math.Max(0, (body.Length - 1) / OutgoingChunkSize);
        var extended = timestamp >= 0xffffff;
        var message = new byte[12 + body.Length + continued + (extended ? 4 * (continued + 1) : 0)];
        var time = extended ? 0xffffff : timestamp;
        message[0] = (byte)chunkStream;
        (message[1], message[2], message[3]) = ((byte)(time >> 16), (byte)(time >> 8), (byte)time);
        (message[4], message[5], message[6]) = ((byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length);
        message[7] = type;
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(8), messageStream);
        var at = 12;
        for (var first = true; first || !body.IsEmpty; first = false)
        {
            if (!first)
            {
                message[at++] = (byte)(0xc0 | chunkStream);
            }

            if (extended)
            {
                BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(at), timestamp);
                at += 4;
            }

            var part = body[..Math.Min(body.Length, OutgoingChunkSize)];
            part.CopyTo(message.AsSpan(at));
            at += part.Length;
            body = body[part.Length..];
        }

        return message;
    }

    private static void WriteAmf0(MemoryStream to, object? value)
    {
        Span<byte> number = stackalloc byte[8];
        switch (value)
        {
            case null:
                to.WriteByte(5);
                break;
            case double real:
                to.WriteByte(0);
                BinaryPrimitives.WriteDoubleBigEndian(number, real);
                to.Write(number);
                break;
            case bool flag:
                to.Write([1, flag ? (byte)1 : (byte)0]);
                break;
            case string text:
                to.WriteByte(2);
                WriteShortString(to, text);
                break;
            case IReadOnlyDictionary<string, object?> properties:
                to.WriteByte(3);
                foreach (var (name, property) in properties)
                {
                    WriteShortString(to, name);
                    WriteAmf0(to, property);
                }

                to.Write([0, 0, 9]);
                break;
            default:
                throw new ArgumentException($"AMF0 of {value.GetType()}", nameof(value));
        }
    }

    private static void WriteShortString(MemoryStream to, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        to.Write([(byte)(bytes.Length >> 8), (byte)bytes.Length]);
        to.Write(bytes);
    }
}
