using System.Buffers.Binary;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>
/// Writes messages as chunks. Every message begins with a header of type 0 and its absolute time stamp, so its bytes depend
/// on no other message and one array serves every player.
/// </summary>
public static class ChunkWriter
{
    /// <summary>Announced to every peer before the first message that is longer than the default of 128.</summary>
    public const int ChunkSize = 65_535;
    private const int ControlChunkStream = 2;
    private const int CommandChunkStream = 3;
    private const int AudioChunkStream = 4;
    private const int VideoChunkStream = 6;
    private const uint NoTimestamp = 0xffffff;

    /// <summary>The one message stream of a connection that publishes or plays.</summary>
    public const uint MessageStream = 1;

    /// <summary>Each media frame's chunks.</summary>
    public static readonly WireForm<byte[]> Frames = new(WireForms.RtmpChunks, BuildFrame);

    public static byte[] Message(RtmpMessageType type, uint streamId, uint timestamp, ReadOnlySpan<byte> payload) =>
        Message(ChunkStreamOf(type), type, streamId, timestamp, [], payload, ChunkSize);

    /// <param name="head">The payload's beginning, apart from the rest only to save a copy.</param>
    public static byte[] Message(
        int chunkStream, RtmpMessageType type, uint streamId, uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, int chunkSize)
    {
        var length = head.Length + payload.Length;
        var extended = timestamp >= NoTimestamp;
        var chunks = Math.Max(1, (length + chunkSize - 1) / chunkSize);
        var continuation = extended ? 5 : 1;
        var bytes = new byte[11 + (chunks * continuation) + length];
        var to = bytes.AsSpan();
        to[0] = (byte)chunkStream;
        U24(to[1..], extended ? NoTimestamp : timestamp);
        U24(to[4..], (uint)length);
        to[7] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], streamId);
        to = to[12..];
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            if (chunk > 0)
            {
                to[0] = (byte)(0xc0 | chunkStream);
                to = to[1..];
            }

            if (extended)
            {
                // 5.3.1.3: repeated on every chunk of type 3, as players expect.
                BinaryPrimitives.WriteUInt32BigEndian(to, timestamp);
                to = to[4..];
            }

            var room = chunkSize;
            Copy(ref head, ref to, ref room);
            Copy(ref payload, ref to, ref room);
        }

        return bytes;
    }

    private static void Copy(ref ReadOnlySpan<byte> from, ref Span<byte> to, ref int room)
    {
        var take = Math.Min(from.Length, room);
        from[..take].CopyTo(to);
        from = from[take..];
        to = to[take..];
        room -= take;
    }

    private static byte[] BuildFrame(Frame frame)
    {
        Span<byte> head = stackalloc byte[FlvWriter.MaxHeader];
        var length = FlvForms.WriteHeader(frame, head);
        var type = frame.Kind == FrameKind.Video ? RtmpMessageType.Video : RtmpMessageType.Audio;
        return Message(
            ChunkStreamOf(type), type, MessageStream, FlvForms.TimestampOf(frame.Dts), head[..length], frame.Payload.Span, ChunkSize);
    }

    private static int ChunkStreamOf(RtmpMessageType type) => type switch
    {
        RtmpMessageType.Audio => AudioChunkStream,
        RtmpMessageType.Video => VideoChunkStream,
        RtmpMessageType.CommandAmf0 or RtmpMessageType.DataAmf0 => CommandChunkStream,
        _ => ControlChunkStream,
    };

    private static void U24(Span<byte> to, uint value)
    {
        to[0] = (byte)(value >> 16);
        to[1] = (byte)(value >> 8);
        to[2] = (byte)value;
    }
}
