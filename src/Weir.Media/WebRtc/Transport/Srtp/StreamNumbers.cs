namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>The packet numbers of one SSRC.</summary>
internal sealed class StreamNumber(uint ssrc)
{
    public uint Ssrc { get; } = ssrc;

    public ReplayWindow Window { get; } = new();

    /// <summary>
    /// The 48-bit number of a packet with these low 16 bits: the one nearest to the highest so far (RFC 3711 3.3.1, appendix A), which the rollover
    /// counter follows from. A number below 0 was never sent.
    /// </summary>
    public long Guess(ushort sequence)
    {
        if (Window.Highest < 0)
        {
            return sequence;
        }

        var guess = Window.Highest + (short)(sequence - (ushort)Window.Highest);
        return guess < 0 ? guess + 0x10000 : guess;
    }
}

/// <summary>The few streams of one session; the one asked for last is found first.</summary>
internal sealed class StreamNumbers(int max)
{
    private readonly List<StreamNumber> _all = [];
    private StreamNumber? _last;

    public StreamNumber? Find(uint ssrc)
    {
        if (_last?.Ssrc == ssrc)
        {
            return _last;
        }

        foreach (var stream in _all)
        {
            if (stream.Ssrc == ssrc)
            {
                _last = stream;
                return stream;
            }
        }

        return null;
    }

    /// <summary>Null when there are too many.</summary>
    public StreamNumber? Add(uint ssrc)
    {
        if (_all.Count == max)
        {
            return null;
        }

        _last = new StreamNumber(ssrc);
        _all.Add(_last);
        return _last;
    }
}
