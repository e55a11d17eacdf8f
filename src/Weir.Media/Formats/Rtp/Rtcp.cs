using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

public static class RtcpType
{
    public const byte SenderReport = 200;
    public const byte ReceiverReport = 201;
    public const byte SourceDescription = 202;
    public const byte Goodbye = 203;
    public const byte TransportFeedback = 205;
    public const byte PayloadFeedback = 206;
}

/// <summary>FMT values of the feedback packets (RFC 4585, RFC 5104, transport-wide congestion control, REMB).</summary>
public static class RtcpFeedback
{
    public const byte Nack = 1;
    public const byte TransportCc = 15;
    public const byte Pli = 1;
    public const byte Fir = 4;
    public const byte ApplicationLayer = 15;
}

/// <summary>Walks over a compound RTCP packet (RFC 3550 6.1, reduced sizes of RFC 5506 too) that is not encrypted (any more).</summary>
public ref struct RtcpReader(ReadOnlySpan<byte> compound)
{
    private ReadOnlySpan<byte> _rest = compound;

    public byte Type { get; private set; }

    /// <summary>The count of blocks, or FMT in feedback.</summary>
    public byte Count { get; private set; }

    /// <summary>What follows the four bytes that all packets begin with, without padding.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>False at the end, and where what follows makes no sense.</summary>
    public bool MoveNext()
    {
        if (_rest.Length < 4 || _rest[0] >> 6 != 2)
        {
            return false;
        }

        var length = 4 + (BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) * 4);
        if (length > _rest.Length)
        {
            return false;
        }

        var body = _rest[4..length];
        if ((_rest[0] & 0x20) != 0)
        {
            var padding = body.IsEmpty ? 0 : body[^1];
            if (padding == 0 || padding > body.Length)
            {
                return false;
            }

            body = body[..^padding];
        }

        Type = _rest[1];
        Count = (byte)(_rest[0] & 0x1f);
        Body = body;
        _rest = _rest[length..];
        return true;
    }
}

/// <summary>RFC 3550 6.4.1. <paramref name="Ntp"/> is 32.32 fixed-point seconds since 1900.</summary>
public readonly record struct SenderReport(uint Ssrc, ulong Ntp, uint Timestamp, uint Packets, uint Bytes)
{
    public const int Length = 24;

    /// <param name="body">As <see cref="RtcpReader.Body"/>.</param>
    public static bool TryRead(ReadOnlySpan<byte> body, out SenderReport report)
    {
        report = default;
        if (body.Length < Length)
        {
            return false;
        }

        report = new SenderReport(
            BinaryPrimitives.ReadUInt32BigEndian(body),
            BinaryPrimitives.ReadUInt64BigEndian(body[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(body[20..]));
        return true;
    }
}

/// <summary>What a receiver says of one stream (RFC 3550 6.4.1).</summary>
/// <param name="FractionLost">Of 256, since the last report.</param>
/// <param name="LastReport">The middle 32 bits of the last sender report's NTP time.</param>
/// <param name="Delay">Since that report, 1/65536 s.</param>
public readonly record struct ReportBlock(uint Ssrc, byte FractionLost, int Lost, uint HighestSequence, uint Jitter, uint LastReport, uint Delay)
{
    public const int Length = 24;

    public static bool TryRead(ReadOnlySpan<byte> blocks, int index, out ReportBlock block)
    {
        block = default;
        if (blocks.Length < (index + 1) * Length)
        {
            return false;
        }

        var b = blocks[(index * Length)..];
        block = new ReportBlock(
            BinaryPrimitives.ReadUInt32BigEndian(b),
            b[4],
            ((sbyte)b[5] << 16) | (b[6] << 8) | b[7],
            BinaryPrimitives.ReadUInt32BigEndian(b[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(b[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(b[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(b[20..]));
        return true;
    }
}

/// <summary>Feedback that a peer sends: the body begins with its own and the concerned stream's SSRC.</summary>
public static class RtcpFeedbackReader
{
    public const int HeaderLength = 8;

    public static bool TryMediaSsrc(ReadOnlySpan<byte> body, out uint ssrc)
    {
        ssrc = body.Length >= HeaderLength ? BinaryPrimitives.ReadUInt32BigEndian(body[4..]) : 0;
        return body.Length >= HeaderLength;
    }

    /// <summary>The sequence numbers of a NACK (RFC 4585 6.2.1); what does not fit is left out.</summary>
    /// <returns>How many were written.</returns>
    public static int ReadNack(ReadOnlySpan<byte> body, Span<ushort> missing)
    {
        var count = 0;
        for (var rest = body.Length > HeaderLength ? body[HeaderLength..] : default; rest.Length >= 4; rest = rest[4..])
        {
            var first = BinaryPrimitives.ReadUInt16BigEndian(rest);
            var more = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            for (var bit = -1; bit < 16; bit++)
            {
                if ((bit < 0 || (more >> bit & 1) == 1) && count < missing.Length)
                {
                    missing[count++] = (ushort)(first + bit + 1);
                }
            }
        }

        return count;
    }

    /// <summary>True when the FIR (RFC 5104 4.3.1) asks this stream for a keyframe.</summary>
    public static bool IsFirFor(ReadOnlySpan<byte> body, uint ssrc)
    {
        for (var rest = body.Length > HeaderLength ? body[HeaderLength..] : default; rest.Length >= 8; rest = rest[8..])
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(rest) == ssrc)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb), bits a second.</summary>
    public static bool TryRemb(ReadOnlySpan<byte> body, out ulong bitrate)
    {
        bitrate = 0;
        if (body.Length < HeaderLength + 8 || !body.Slice(HeaderLength, 4).SequenceEqual("REMB"u8))
        {
            return false;
        }

        var exponent = body[HeaderLength + 5] >> 2;
        var mantissa = ((ulong)(body[HeaderLength + 5] & 3) << 16) | BinaryPrimitives.ReadUInt16BigEndian(body[(HeaderLength + 6)..]);

        // Beyond 46 the value leaves 64 bits; nobody means that.
        bitrate = exponent > 46 ? ulong.MaxValue : mantissa << exponent;
        return true;
    }
}
