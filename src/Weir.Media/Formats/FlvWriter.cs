using System.Buffers.Binary;

namespace Weir.Media.Formats;

/// <summary>
/// Writes FLV: AVC and AAC in the legacy form that every player reads, HEVC, AV1 and Opus as Enhanced RTMP. Headers
/// are written into a span of at least <see cref="MaxHeader"/> bytes and return their length.
/// </summary>
public static class FlvWriter
{
    /// <summary>The longest video or audio tag header this writer makes.</summary>
    public const int MaxHeader = 8;

    /// <summary>Bytes of a tag before its body.</summary>
    public const int TagHeader = 11;

    /// <summary>PreviousTagSize behind each tag.</summary>
    public const int TagTrailer = 4;

    /// <summary>The file header and PreviousTagSize0.</summary>
    public static byte[] FileHeader(bool audio, bool video) =>
        [(byte)'F', (byte)'L', (byte)'V', 1, (byte)((audio ? 4 : 0) | (video ? 1 : 0)), 0, 0, 0, 9, 0, 0, 0, 0];

    public static int VideoSequenceStart(Span<byte> to, FourCc codec)
    {
        if (codec == FourCc.Avc)
        {
            to[0] = 0x17;
            to[1..5].Clear();
            return 5;
        }

        return Extended(to, 0x90, codec);
    }

    /// <param name="compositionTime">Milliseconds, of 24 bits with a sign.</param>
    public static int VideoFrame(Span<byte> to, FourCc codec, bool keyframe, int compositionTime)
    {
        var frameType = keyframe ? 1 : 2;
        if (codec == FourCc.Avc)
        {
            to[0] = (byte)((frameType << 4) | 7);
            to[1] = 1;
            U24(to[2..], compositionTime);
            return 5;
        }

        // Composition time exists in CodedFrames of hvc1 and not in CodedFramesX; av01 has none at all.
        var hasComposition = codec == FourCc.Hevc && compositionTime != 0;
        var packet = hasComposition || codec == FourCc.Av1 ? 1 : 3;
        var length = Extended(to, 0x80 | (frameType << 4) | packet, codec);
        if (hasComposition)
        {
            U24(to[length..], compositionTime);
            length += 3;
        }

        return length;
    }

    public static int VideoSequenceEnd(Span<byte> to, FourCc codec)
    {
        if (codec == FourCc.Avc)
        {
            to[0] = 0x17;
            to[1] = 2;
            to[2..5].Clear();
            return 5;
        }

        return Extended(to, 0x92, codec);
    }

    public static int AudioSequenceStart(Span<byte> to, FourCc codec) => Audio(to, codec, packet: 0);

    public static int AudioFrame(Span<byte> to, FourCc codec) => Audio(to, codec, packet: 1);

    /// <summary>The 11 bytes before a tag's body.</summary>
    public static void WriteTagHeader(Span<byte> to, FlvTagType type, int bodyLength, uint timestamp)
    {
        to[0] = (byte)type;
        U24(to[1..], bodyLength);

        // E.4.1: the upper eight bits of the time stamp come behind the lower 24.
        U24(to[4..], (int)(timestamp & 0xffffff));
        to[7] = (byte)(timestamp >> 24);
        U24(to[8..], 0);
    }

    /// <summary>A whole tag with its PreviousTagSize.</summary>
    public static byte[] Tag(FlvTagType type, uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        var body = head.Length + payload.Length;
        var tag = new byte[TagHeader + body + TagTrailer];
        WriteTagHeader(tag, type, body, timestamp);
        head.CopyTo(tag.AsSpan(TagHeader));
        payload.CopyTo(tag.AsSpan(TagHeader + head.Length));
        BinaryPrimitives.WriteInt32BigEndian(tag.AsSpan(TagHeader + body), TagHeader + body);
        return tag;
    }

    private static int Audio(Span<byte> to, FourCc codec, int packet)
    {
        if (codec == FourCc.Aac)
        {
            // E.4.2.1: for AAC the rate, size and channel bits are fixed; the AudioSpecificConfig says the truth.
            to[0] = 0xaf;
            to[1] = (byte)packet;
            return 2;
        }

        return Extended(to, 0x90 | packet, codec);
    }

    private static int Extended(Span<byte> to, int first, FourCc codec)
    {
        to[0] = (byte)first;
        BinaryPrimitives.WriteUInt32BigEndian(to[1..], (uint)codec);
        return 5;
    }

    private static void U24(Span<byte> to, int value)
    {
        to[0] = (byte)(value >> 16);
        to[1] = (byte)(value >> 8);
        to[2] = (byte)value;
    }
}
