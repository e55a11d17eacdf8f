namespace Weir.Media.Formats.Rtp;

/// <summary>
/// H.264 pictures as RTP payloads of packetization mode 1 (RFC 6184 5.4 to 5.8): small NAL units together in a STAP-A, large ones in FU-As.
/// </summary>
public static class H264Packetizer
{
    private const byte StapA = 24;
    private const byte FuA = 28;

    /// <param name="parameterSets">NAL units to send before the picture: SPS and PPS before each IDR picture, or nothing.</param>
    /// <param name="picture">NAL units behind lengths of 4 bytes; well-formed.</param>
    /// <param name="maxPayload">Bytes of a payload at most.</param>
    public static List<byte[]> Packetize(IEnumerable<byte[]> parameterSets, ReadOnlySpan<byte> picture, int maxPayload)
    {
        List<byte[]> payloads = [];
        List<byte[]> small = [];
        var smallLength = 1;
        foreach (var unit in parameterSets)
        {
            Take(unit, payloads, small, ref smallLength, maxPayload);
        }

        foreach (var unit in new NalUnits(picture))
        {
            // Access unit delimiters and parameter sets in the picture say nothing that the ones before it do not.
            if (!unit.IsEmpty && (unit[0] & 0x1f) is not (9 or 12))
            {
                Take(unit, payloads, small, ref smallLength, maxPayload);
            }
        }

        Flush(payloads, small, ref smallLength);
        return payloads;
    }

    private static void Take(ReadOnlySpan<byte> unit, List<byte[]> payloads, List<byte[]> small, ref int smallLength, int maxPayload)
    {
        if (unit.Length <= maxPayload && smallLength + 2 + unit.Length <= maxPayload)
        {
            small.Add(unit.ToArray());
            smallLength += 2 + unit.Length;
            return;
        }

        Flush(payloads, small, ref smallLength);
        if (smallLength + 2 + unit.Length <= maxPayload)
        {
            small.Add(unit.ToArray());
            smallLength += 2 + unit.Length;
        }
        else if (unit.Length <= maxPayload)
        {
            payloads.Add(unit.ToArray());
        }
        else
        {
            Fragment(unit, payloads, maxPayload);
        }
    }

    private static void Fragment(ReadOnlySpan<byte> unit, List<byte[]> payloads, int maxPayload)
    {
        var header = unit[0];
        var rest = unit[1..];

        // Pieces of equal size: a last one of a few bytes costs as much as a whole packet.
        var pieces = (rest.Length + maxPayload - 3) / (maxPayload - 2);
        for (var piece = 0; piece < pieces; piece++)
        {
            var size = (rest.Length + pieces - piece - 1) / (pieces - piece);
            var payload = new byte[2 + size];
            payload[0] = (byte)((header & 0xe0) | FuA);
            payload[1] = (byte)((header & 0x1f) | (piece == 0 ? 0x80 : 0) | (piece == pieces - 1 ? 0x40 : 0));
            rest[..size].CopyTo(payload.AsSpan(2));
            payloads.Add(payload);
            rest = rest[size..];
        }
    }

    private static void Flush(List<byte[]> payloads, List<byte[]> small, ref int smallLength)
    {
        if (small.Count == 1)
        {
            payloads.Add(small[0]);
        }
        else if (small.Count > 1)
        {
            var payload = new byte[smallLength];
            var (at, importance) = (1, 0);
            foreach (var unit in small)
            {
                importance = Math.Max(importance, unit[0] & 0x60);
                payload[at] = (byte)(unit.Length >> 8);
                payload[at + 1] = (byte)unit.Length;
                unit.CopyTo(payload, at + 2);
                at += 2 + unit.Length;
            }

            payload[0] = (byte)(importance | StapA);
            payloads.Add(payload);
        }

        small.Clear();
        smallLength = 1;
    }
}
