using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>When packets arrived by the sender's numbering over all streams, until it is told: transport-wide feedback, from which it learns what the network bears.</summary>
internal sealed class ArrivalLog
{
    /// <summary>Packets between two reports at most, a power of two: more than a hundred megabits a second.</summary>
    private const int Capacity = 2048;

    private readonly long[] _arrivals = new long[Capacity];
    private RtpUnwrapper _sequence;
    private long _next = -1;
    private long _highest = -1;
    private byte _number;

    public void Note(ushort sequence, long arrival)
    {
        var at = _sequence.Sequence(sequence);
        if (_next < 0)
        {
            _next = at;
            _highest = at - 1;
        }

        if (at < _next)
        {
            // Told as missing already; the sender has counted on that.
            return;
        }

        if (at - _next >= Capacity)
        {
            // Nobody asked for so long, or the numbering leapt: begin anew here.
            Array.Clear(_arrivals);
            (_next, _highest) = (at, at - 1);
        }

        for (var missing = _highest + 1; missing < at; missing++)
        {
            _arrivals[missing & (Capacity - 1)] = -1;
        }

        _highest = Math.Max(_highest, at);
        _arrivals[at & (Capacity - 1)] = arrival;
    }

    /// <summary>Writes what was not told yet; false when there is nothing, or nothing more.</summary>
    public bool TryWrite(ref RtcpWriter writer, uint ssrc, uint media)
    {
        while (_next <= _highest && _next >= 0 && _arrivals[_next & (Capacity - 1)] < 0)
        {
            _next++;
        }

        if (_next < 0 || _next > _highest)
        {
            return false;
        }

        Span<long> arrivals = stackalloc long[(int)Math.Min(_highest - _next + 1, TransportCc.MaxPackets)];
        for (var i = 0; i < arrivals.Length; i++)
        {
            arrivals[i] = _arrivals[(_next + i) & (Capacity - 1)];
        }

        _next += TransportCc.Write(ref writer, ssrc, media, _number++, (ushort)_next, arrivals);
        return true;
    }
}
