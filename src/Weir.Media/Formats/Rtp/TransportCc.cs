using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

/// <summary>
/// Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1): when each packet arrived, by the
/// sender's own numbering over all streams. The sender estimates the bandwidth from it.
/// </summary>
public static class TransportCc
{
    /// <summary>Reference times count 64 ms, deltas 250 microseconds.</summary>
    private const long ReferenceUnit = 64_000;
    private const long DeltaUnit = 250;
    private const int NotReceived = 0;
    private const int SmallDelta = 1;
    private const int LargeDelta = 2;

    /// <summary>Packets one feedback reports at most: two bytes each in the worst case, and it must fit a datagram.</summary>
    public const int MaxPackets = 400;

    /// <param name="first">The first packet's sequence number.</param>
    /// <param name="arrivals">Microseconds for each packet from it on, negative where it did not arrive. The first one did.</param>
    /// <returns>How many of the packets are reported; the rest needs another feedback.</returns>
    public static int Write(ref RtcpWriter writer, uint ssrc, uint media, byte number, ushort first, scoped ReadOnlySpan<long> arrivals)
    {
        var reference = arrivals[0] / ReferenceUnit;
        Span<byte> symbols = stackalloc byte[Math.Min(arrivals.Length, MaxPackets)];
        Span<byte> deltas = stackalloc byte[symbols.Length * 2];
        var (count, deltaLength, at) = (0, 0, reference * ReferenceUnit);
        foreach (var arrival in arrivals[..symbols.Length])
        {
            if (arrival < 0)
            {
                symbols[count++] = NotReceived;
                continue;
            }

            var delta = (arrival - at) / DeltaUnit;
            if (delta is < short.MinValue or > short.MaxValue)
            {
                // Further apart than a delta can say: another feedback with a reference time of its own.
                break;
            }

            at += delta * DeltaUnit;
            if (delta is >= 0 and <= byte.MaxValue)
            {
                symbols[count++] = SmallDelta;
                deltas[deltaLength++] = (byte)delta;
            }
            else
            {
                symbols[count++] = LargeDelta;
                BinaryPrimitives.WriteInt16BigEndian(deltas[deltaLength..], (short)delta);
                deltaLength += 2;
            }
        }

        // Vectors of seven two-bit symbols; runs of one symbol where they are longer.
        Span<byte> chunks = stackalloc byte[(symbols.Length * 2) + 2];
        var chunkLength = WriteChunks(symbols[..count], chunks);
        var length = 8 + chunkLength + deltaLength;
        var body = writer.Feedback(RtcpType.TransportFeedback, RtcpFeedback.TransportCc, ssrc, media, (length + 3) / 4 * 4);
        body.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(body, first);
        BinaryPrimitives.WriteUInt16BigEndian(body[2..], (ushort)count);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], ((uint)(reference & 0xff_ffff) << 8) | number);
        chunks[..chunkLength].CopyTo(body[8..]);
        deltas[..deltaLength].CopyTo(body[(8 + chunkLength)..]);
        return count;
    }

    /// <summary>Reads a feedback; true when it makes sense. <paramref name="arrived"/> gets each packet's number and time, microseconds.</summary>
    /// <param name="body">As <see cref="RtcpReader.Body"/>.</param>
    public static bool TryRead(ReadOnlySpan<byte> body, Action<ushort, long> arrived)
    {
        if (body.Length < RtcpFeedbackReader.HeaderLength + 8)
        {
            return false;
        }

        body = body[RtcpFeedbackReader.HeaderLength..];
        var sequence = BinaryPrimitives.ReadUInt16BigEndian(body);
        int count = BinaryPrimitives.ReadUInt16BigEndian(body[2..]);
        var at = ((int)BinaryPrimitives.ReadUInt32BigEndian(body[4..]) >> 8) * ReferenceUnit;
        body = body[8..];
        var symbols = new byte[count];
        for (var known = 0; known < count;)
        {
            if (body.Length < 2)
            {
                return false;
            }

            var chunk = BinaryPrimitives.ReadUInt16BigEndian(body);
            body = body[2..];
            var run = chunk >> 15 == 0;
            var (size, bits) = run ? (chunk & 0x1fff, 0) : (chunk & 0x4000) == 0 ? (14, 1) : (7, 2);
            if (run && size == 0)
            {
                return false;
            }

            for (var i = 0; i < size && known < count; i++)
            {
                symbols[known++] = (byte)(run ? chunk >> 13 & 3 : chunk >> (14 - ((i + 1) * bits)) & ((1 << bits) - 1));
            }
        }

        foreach (var symbol in symbols)
        {
            var length = symbol == NotReceived ? 0 : symbol;
            if (symbol == 3 || body.Length < length)
            {
                return false;
            }

            if (length > 0)
            {
                at += (symbol == SmallDelta ? body[0] : BinaryPrimitives.ReadInt16BigEndian(body)) * DeltaUnit;
                arrived(sequence, at);
            }

            body = body[length..];
            sequence++;
        }

        return true;
    }

    private static int WriteChunks(ReadOnlySpan<byte> symbols, Span<byte> to)
    {
        var length = 0;
        while (!symbols.IsEmpty)
        {
            var run = 1;
            while (run < symbols.Length && run < 0x1fff && symbols[run] == symbols[0])
            {
                run++;
            }

            ushort chunk;
            if (run >= 7)
            {
                chunk = (ushort)((symbols[0] << 13) | run);
            }
            else
            {
                run = Math.Min(7, symbols.Length);
                chunk = 0xc000;
                for (var i = 0; i < run; i++)
                {
                    chunk |= (ushort)(symbols[i] << (12 - (i * 2)));
                }
            }

            BinaryPrimitives.WriteUInt16BigEndian(to[length..], chunk);
            length += 2;
            symbols = symbols[run..];
        }

        return length;
    }
}
