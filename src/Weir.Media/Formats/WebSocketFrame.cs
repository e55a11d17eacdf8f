using System.Buffers.Binary;

namespace Weir.Media.Formats;

public enum WebSocketOpcode : byte
{
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
}

/// <summary>Frames of RFC 6455 5.2 as a server sends them: whole messages, unmasked, so that the bytes are the same for every viewer.</summary>
public static class WebSocketFrame
{
    /// <summary>Bytes of the longest header.</summary>
    public const int MaxHeader = 10;

    private const byte Final = 0x80;
    private const byte OpcodeMask = 0x0f;
    private const int LongestShort = 125;
    private const byte Length16 = 126;
    private const byte Length64 = 127;

    public static int HeaderLength(int payload) => payload <= LongestShort ? 2 : payload <= ushort.MaxValue ? 4 : MaxHeader;

    /// <param name="to">At least <see cref="HeaderLength"/> bytes.</param>
    public static void WriteHeader(Span<byte> to, WebSocketOpcode opcode, int payload)
    {
        to[0] = (byte)(Final | (byte)opcode);
        switch (HeaderLength(payload))
        {
            case 2:
                to[1] = (byte)payload;
                break;
            case 4:
                to[1] = Length16;
                BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)payload);
                break;
            default:
                to[1] = Length64;
                BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)payload);
                break;
        }
    }

    public static byte[] Message(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        var header = HeaderLength(payload.Length);
        var frame = new byte[header + payload.Length];
        WriteHeader(frame, opcode, payload.Length);
        payload.CopyTo(frame.AsSpan(header));
        return frame;
    }

    /// <param name="reason">ASCII, at most 123 characters (RFC 6455 5.5).</param>
    public static byte[] Close(int code, string reason)
    {
        Span<byte> payload = stackalloc byte[2 + reason.Length];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        System.Text.Encoding.ASCII.GetBytes(reason, payload[2..]);
        return Message(WebSocketOpcode.Close, payload);
    }

    /// <summary>Whether bytes that begin with a frame's header begin a close frame.</summary>
    public static bool IsClose(ReadOnlySpan<byte> frame) => frame.Length > 0 && (frame[0] & OpcodeMask) == (byte)WebSocketOpcode.Close;
}
