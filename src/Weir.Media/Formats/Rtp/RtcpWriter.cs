using System.Buffers.Binary;
using System.Text;

namespace Weir.Media.Formats.Rtp;

/// <summary>Puts a compound RTCP packet together. The buffer must have room: 1200 bytes hold all that is sent here.</summary>
public ref struct RtcpWriter(Span<byte> to)
{
    private readonly Span<byte> _to = to;

    public int Length { get; private set; }

    public void SenderReport(in SenderReport report)
    {
        var body = Begin(RtcpType.SenderReport, 0, Rtp.SenderReport.Length);
        BinaryPrimitives.WriteUInt32BigEndian(body, report.Ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(body[4..], report.Ntp);
        BinaryPrimitives.WriteUInt32BigEndian(body[12..], report.Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(body[16..], report.Packets);
        BinaryPrimitives.WriteUInt32BigEndian(body[20..], report.Bytes);
    }

    public void ReceiverReport(uint ssrc, scoped ReadOnlySpan<ReportBlock> blocks)
    {
        var body = Begin(RtcpType.ReceiverReport, (byte)blocks.Length, 4 + (blocks.Length * ReportBlock.Length));
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        for (var i = 0; i < blocks.Length; i++)
        {
            var b = body[(4 + (i * ReportBlock.Length))..];
            BinaryPrimitives.WriteUInt32BigEndian(b, blocks[i].Ssrc);
            BinaryPrimitives.WriteUInt32BigEndian(b[4..], (uint)(Math.Clamp(blocks[i].Lost, -0x80_0000, 0x7f_ffff) & 0xff_ffff));
            b[4] = blocks[i].FractionLost;
            BinaryPrimitives.WriteUInt32BigEndian(b[8..], blocks[i].HighestSequence);
            BinaryPrimitives.WriteUInt32BigEndian(b[12..], blocks[i].Jitter);
            BinaryPrimitives.WriteUInt32BigEndian(b[16..], blocks[i].LastReport);
            BinaryPrimitives.WriteUInt32BigEndian(b[20..], blocks[i].Delay);
        }
    }

    /// <summary>RFC 3550 6.5: one chunk with the CNAME, which binds a sender's streams together.</summary>
    public void SourceDescription(uint ssrc, string cname)
    {
        // SSRC, item type and length, at least one zero byte, to whole words.
        var text = Encoding.UTF8.GetByteCount(cname);
        var body = Begin(RtcpType.SourceDescription, 1, (4 + 2 + text + 4) / 4 * 4);
        body.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        body[4] = 1;
        body[5] = (byte)text;
        Encoding.UTF8.GetBytes(cname, body[6..]);
    }

    public void Goodbye(uint ssrc) => BinaryPrimitives.WriteUInt32BigEndian(Begin(RtcpType.Goodbye, 1, 4), ssrc);

    /// <param name="missing">In rising order (modulo 2^16), at least one.</param>
    public void Nack(uint ssrc, uint media, scoped ReadOnlySpan<ushort> missing)
    {
        Span<uint> items = stackalloc uint[missing.Length];
        var count = 0;
        foreach (var sequence in missing)
        {
            var ahead = count == 0 ? ushort.MaxValue : (ushort)(sequence - (items[count - 1] >> 16));
            if (ahead is >= 1 and <= 16)
            {
                items[count - 1] |= 1u << (ahead - 1);
            }
            else
            {
                items[count++] = (uint)sequence << 16;
            }
        }

        var body = Feedback(RtcpType.TransportFeedback, RtcpFeedback.Nack, ssrc, media, count * 4);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body[(i * 4)..], items[i]);
        }
    }

    public void Pli(uint ssrc, uint media) => Feedback(RtcpType.PayloadFeedback, RtcpFeedback.Pli, ssrc, media, 0);

    public void Fir(uint ssrc, uint media, byte number)
    {
        var body = Feedback(RtcpType.PayloadFeedback, RtcpFeedback.Fir, ssrc, 0, 8);
        BinaryPrimitives.WriteUInt32BigEndian(body, media);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], (uint)number << 24);
    }

    public void Remb(uint ssrc, scoped ReadOnlySpan<uint> media, ulong bitrate)
    {
        var body = Feedback(RtcpType.PayloadFeedback, RtcpFeedback.ApplicationLayer, ssrc, 0, 8 + (media.Length * 4));
        "REMB"u8.CopyTo(body);
        var exponent = 0;
        while (bitrate >> exponent > 0x3_ffff)
        {
            exponent++;
        }

        var mantissa = (uint)(bitrate >> exponent);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], ((uint)media.Length << 24) | ((uint)exponent << 18) | mantissa);
        for (var i = 0; i < media.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body[(8 + (i * 4))..], media[i]);
        }
    }

    /// <summary>Begins a feedback packet; gives the part after both SSRCs.</summary>
    internal Span<byte> Feedback(byte type, byte format, uint ssrc, uint media, int length)
    {
        var body = Begin(type, format, RtcpFeedbackReader.HeaderLength + length);
        BinaryPrimitives.WriteUInt32BigEndian(body, ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], media);
        return body[RtcpFeedbackReader.HeaderLength..];
    }

    private Span<byte> Begin(byte type, byte count, int bodyLength)
    {
        var packet = _to.Slice(Length, 4 + bodyLength);
        packet[0] = (byte)(0x80 | count);
        packet[1] = type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(bodyLength / 4));
        Length += packet.Length;
        return packet[4..];
    }
}
