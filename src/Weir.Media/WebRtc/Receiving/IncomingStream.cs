using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>One source's packets: numbered beyond their wrap, counted, put in order.</summary>
internal sealed class IncomingStream(uint ssrc, int clockRate, JitterLimits limits)
{
    private RtpUnwrapper _sequence;

    public uint Ssrc => ssrc;

    public Reception Reception { get; } = new(ssrc, clockRate);

    public JitterBuffer Buffer { get; } = new(limits);

    public long LastArrival { get; private set; }

    public void Take(in RtpHeader header, ReadOnlySpan<byte> payload, long arrival)
    {
        var sequence = _sequence.Sequence(header.Sequence);
        Reception.Count(sequence, header.Timestamp, arrival);
        LastArrival = arrival;
        Buffer.Push(new RtpPacket(sequence, header.Timestamp, header.Marker, payload.ToArray(), arrival));
    }

    /// <summary>RFC 4588 4: a retransmission begins with the number that the packet had.</summary>
    public void TakeAgain(in RtpHeader header, ReadOnlySpan<byte> payload, long arrival)
    {
        if (payload.Length < 2)
        {
            // Only there to probe the network.
            return;
        }

        var original = (ushort)((payload[0] << 8) | payload[1]);
        var unwrapper = _sequence;
        Buffer.Push(new RtpPacket(unwrapper.Sequence(original), header.Timestamp, header.Marker, payload[2..].ToArray(), arrival));
    }
}
