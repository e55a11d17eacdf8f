using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Rtmp;

/// <summary>
/// Puts messages together from interleaved chunks (RTMP 5.3). Set Chunk Size and Abort concern the chunks themselves and
/// are carried out here; every other message is given out.
/// </summary>
/// <param name="maxMessageSize">Bytes; a larger message ends the connection before anything is allocated for it.</param>
public sealed class ChunkReader(int maxMessageSize)
{
    /// <summary>Encoders use five or six; each costs a little memory.</summary>
    public const int MaxChunkStreams = 32;
    private const int DefaultChunkSize = 128;
    private const uint NoTimestamp = 0xffffff;

    private readonly Dictionary<int, ChunkStream> _streams = [];
    private int _chunkSize = DefaultChunkSize;
    private int _pendingBytes;
    private ChunkStream? _current;
    private int _leftInChunk;

    /// <summary>May be raised once the peer is known.</summary>
    public int MaxMessageSize { get; set; } = maxMessageSize;

    /// <summary>
    /// Consumes what it can use, also a part of a chunk, so that a chunk may be larger than any buffer. False: all that
    /// is there was used or is the beginning of a header; more is needed.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> input, out RtmpMessage message)
    {
        while (true)
        {
            if (_current is null)
            {
                if (!TryBeginChunk(ref input, out var begun, out _leftInChunk))
                {
                    message = default;
                    return false;
                }

                _current = begun;
            }

            var take = (int)Math.Min(_leftInChunk, input.Length);
            input.Slice(0, take).CopyTo(_current.Body.AsSpan(_current.Filled));
            input = input.Slice(take);
            _current.Filled += take;
            _leftInChunk -= take;
            if (_leftInChunk > 0)
            {
                message = default;
                return false;
            }

            var stream = _current;
            _current = null;
            if (stream.Filled == stream.Length && Complete(stream, out message))
            {
                return true;
            }
        }
    }

    private bool Complete(ChunkStream stream, out RtmpMessage message)
    {
        message = new(stream.Type, stream.StreamId, stream.Timestamp, stream.Body);
        _pendingBytes -= stream.Length;
        stream.Body = [];
        stream.Filled = 0;
        stream.InMessage = false;
        switch (message.Type)
        {
            case RtmpMessageType.SetChunkSize:
                SetChunkSize(message.Payload.Span);
                return false;
            case RtmpMessageType.Abort:
                Abort(message.Payload.Span);
                return false;
            default:
                return true;
        }
    }

    private void SetChunkSize(ReadOnlySpan<byte> payload)
    {
        var size = payload.Length >= 4 ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload) : 0;

        // 5.4.1: the first bit is zero and the size at least 1. No message is longer than 24 bits can say.
        if (size is 0 or > int.MaxValue)
        {
            throw new RtmpProtocolException("5.4.1", $"A chunk size of {size}");
        }

        _chunkSize = (int)Math.Min(size, NoTimestamp);
    }

    private void Abort(ReadOnlySpan<byte> payload)
    {
        // 5.4.2: the partly received message of that chunk stream is discarded.
        if (payload.Length >= 4
            && _streams.TryGetValue((int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload), out var stream)
            && stream.InMessage)
        {
            _pendingBytes -= stream.Length;
            stream.Body = [];
            stream.Filled = 0;
            stream.InMessage = false;
        }
    }

    private bool TryBeginChunk(ref ReadOnlySequence<byte> input, [NotNullWhen(true)] out ChunkStream? stream, out int length)
    {
        stream = null;
        length = 0;

        // Basic header, message header and extended time stamp: 18 bytes at most.
        Span<byte> buffer = stackalloc byte[18];
        var available = (int)Math.Min(buffer.Length, input.Length);
        input.Slice(0, available).CopyTo(buffer);
        ReadOnlySpan<byte> bytes = buffer[..available];
        if (!TryReadBasicHeader(ref bytes, out var format, out var id))
        {
            return false;
        }

        var messageHeader = format switch { 0 => 11, 1 => 7, 2 => 3, _ => 0 };
        if (bytes.Length < messageHeader)
        {
            return false;
        }

        if (!_streams.TryGetValue(id, out stream))
        {
            // librtmp answers pings on a new chunk stream with a header of type 1, which is as good as type 0 there.
            if (format > 1)
            {
                throw new RtmpProtocolException("5.3.1.2", $"Chunk stream {id} begins with a header of type {format}");
            }

            if (_streams.Count == MaxChunkStreams)
            {
                throw new RtmpProtocolException("5.3.1.1", $"There are more than {MaxChunkStreams} chunk streams");
            }

            stream = new ChunkStream();
        }

        if (stream.InMessage && format != 3)
        {
            throw new RtmpProtocolException("5.3.1.2.4", $"A header of type {format} in the middle of a message");
        }

        var header = bytes[..messageHeader];
        bytes = bytes[messageHeader..];
        var timestamp = format < 3 ? U24(header) : stream.TimestampField;
        var extended = timestamp == NoTimestamp;
        uint value = timestamp;
        if (extended)
        {
            if (bytes.Length < 4)
            {
                return false;
            }

            value = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
            if (format < 3 || value == stream.ExtendedTimestamp)
            {
                bytes = bytes[4..];
            }
            else if (!stream.InMessage)
            {
                throw new RtmpProtocolException("5.3.1.3", "A message of type 3 repeats another extended time stamp");
            }

            // Otherwise it is an encoder that does not repeat it (5.3.1.3 can be read so): those bytes are payload.
        }

        if (!stream.InMessage)
        {
            Begin(stream, format, header, timestamp, format < 3 ? value : extended ? stream.ExtendedTimestamp : timestamp);
            _streams[id] = stream;
        }

        length = Math.Min(_chunkSize, stream.Length - stream.Filled);
        input = input.Slice(available - bytes.Length);
        return true;
    }

    private void Begin(ChunkStream stream, int format, ReadOnlySpan<byte> header, uint field, uint value)
    {
        var messageLength = format < 2 ? (int)U24(header[3..]) : stream.Length;
        if (messageLength > MaxMessageSize || _pendingBytes + messageLength > MaxMessageSize + (MaxMessageSize / 2))
        {
            throw new RtmpProtocolException("5.3.1.2.1", $"A message of {messageLength} bytes, {MaxMessageSize} at most");
        }

        switch (format)
        {
            case 0:
                stream.Timestamp = value;

                // 5.3.1.2.1: the message stream id is little-endian, unlike every other field.
                stream.StreamId = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(header[7..]);
                stream.Delta = FirstDelta(value);
                break;
            case 1 or 2:
                stream.Delta = value;
                stream.Timestamp += value;
                break;
            default:
                stream.Timestamp += stream.Delta;
                break;
        }

        if (format < 2)
        {
            stream.Length = messageLength;
            stream.Type = (RtmpMessageType)header[6];
        }

        stream.TimestampField = field;
        stream.ExtendedTimestamp = value;
        _pendingBytes += messageLength;
        stream.Body = messageLength == 0 ? [] : GC.AllocateUninitializedArray<byte>(messageLength);
        stream.Filled = 0;
        stream.InMessage = true;
    }

    // 5.3.1.2.4: a new message of type 3 right after one of type 0 advances by the type 0's time stamp. ffmpeg relies on it
    // at a stream's start, where that is one frame's duration; librtmp means "no advance", at any time of a stream.
    private static uint FirstDelta(uint timestamp) => timestamp <= 1000 ? timestamp : 0;

    private static bool TryReadBasicHeader(ref ReadOnlySpan<byte> bytes, out int format, out int id)
    {
        format = id = 0;
        if (bytes.IsEmpty)
        {
            return false;
        }

        format = bytes[0] >> 6;
        id = bytes[0] & 0x3f;

        // 5.3.1.1: 0 means one more byte, 1 means two more, the first of them the lower.
        var length = id switch { 0 => 2, 1 => 3, _ => 1 };
        if (bytes.Length < length)
        {
            return false;
        }

        id = length switch { 1 => id, 2 => 64 + bytes[1], _ => 64 + bytes[1] + (bytes[2] << 8) };
        bytes = bytes[length..];
        return true;
    }

    private static uint U24(ReadOnlySpan<byte> bytes) => (uint)((bytes[0] << 16) | (bytes[1] << 8) | bytes[2]);

    private sealed class ChunkStream
    {
        public RtmpMessageType Type;
        public uint StreamId;
        public uint Timestamp;
        public uint Delta;
        public uint TimestampField;
        public uint ExtendedTimestamp;
        public int Length;
        public int Filled;
        public bool InMessage;
        public byte[] Body = [];
    }
}
