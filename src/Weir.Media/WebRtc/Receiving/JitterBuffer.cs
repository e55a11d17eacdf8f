using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>How long a stream's gaps may stay open. Times are microseconds.</summary>
/// <param name="Wait">Packets behind a gap wait so long for what is missing.</param>
/// <param name="Asks">Whether missing packets are asked for.</param>
internal sealed record JitterLimits(long Wait, bool Asks)
{
    /// <summary>Packets held at most, a power of two; beyond them the gap is given up.</summary>
    public int Depth { get; init; } = 1024;

    /// <summary>Packets known to be missing at most.</summary>
    public int MostMissing { get; init; } = 256;

    /// <summary>A packet is asked for so often at most.</summary>
    public int MostAsks { get; init; } = 8;
}

/// <summary>
/// Puts a stream's packets in order. While nothing is missing each is passed on as it comes, so that order costs no time; behind a gap they wait for a
/// retransmission, as long as the limits say.
/// </summary>
internal sealed class JitterBuffer(JitterLimits limits)
{
    private const long ShortestRetry = 20_000;
    private const long LongestRetry = 300_000;

    private readonly RtpPacket?[] _slots = new RtpPacket?[limits.Depth];
    private readonly List<Gap> _missing = [];
    private long _next = -1;
    private long _highest = -1;
    private long _roundTrip = 80_000;
    private bool _gap;

    /// <summary>Packets given up.</summary>
    public long Lost { get; private set; }

    /// <summary>Packets that came because they were asked for, or out of order.</summary>
    public long Mended { get; private set; }

    public int Missing => _missing.Count;

    /// <summary>False when it was there before, or comes too late.</summary>
    public bool Push(RtpPacket packet)
    {
        if (_next < 0)
        {
            _next = packet.Sequence;
            _highest = packet.Sequence - 1;
        }

        if (packet.Sequence < _next)
        {
            return false;
        }

        if (packet.Sequence - _highest > limits.Depth / 2)
        {
            // A leap, not a loss: the encoder began anew, or there was no network for a while.
            Restart(packet.Sequence);
        }

        while (packet.Sequence - _next >= limits.Depth)
        {
            GiveUpFirst();
        }

        ref var slot = ref _slots[packet.Sequence & (limits.Depth - 1)];
        if (slot is not null)
        {
            return false;
        }

        slot = packet;
        if (packet.Sequence <= _highest)
        {
            Mend(packet);
            return true;
        }

        for (var sequence = _highest + 1; sequence < packet.Sequence; sequence++)
        {
            if (_missing.Count == limits.MostMissing)
            {
                _missing.RemoveAt(0);
            }

            _missing.Add(new Gap(sequence, packet.Arrival, 0, 0));
        }

        _highest = packet.Sequence;
        return true;
    }

    /// <summary>The next packet in order, if it is there or what is missing before it is given up.</summary>
    /// <param name="afterGap">Something before it will never come.</param>
    public bool TryNext(long now, [NotNullWhen(true)] out RtpPacket? packet, out bool afterGap)
    {
        packet = null;
        afterGap = false;
        while (_next >= 0 && _next <= _highest)
        {
            ref var slot = ref _slots[_next & (limits.Depth - 1)];
            if (slot is not null)
            {
                packet = slot;
                slot = null;
                _next++;
                (afterGap, _gap) = (_gap, false);
                return true;
            }

            // Without a note of it (too many were missing) there is nothing to wait for.
            var known = _missing.FindIndex(gap => gap.Sequence == _next);
            if (known >= 0 && now - _missing[known].Since < limits.Wait)
            {
                return false;
            }

            GiveUpFirst();
        }

        return false;
    }

    /// <summary>The packets to ask for now, in rising order.</summary>
    /// <returns>How many were written.</returns>
    public int Ask(long now, Span<ushort> sequences)
    {
        if (!limits.Asks)
        {
            return 0;
        }

        var count = 0;
        var retry = Math.Clamp(_roundTrip * 3 / 2, ShortestRetry, LongestRetry);
        for (var i = 0; i < _missing.Count && count < sequences.Length; i++)
        {
            var gap = _missing[i];
            if (gap.Asks < limits.MostAsks && (gap.Asks == 0 || now - gap.AskedAt >= retry))
            {
                _missing[i] = gap with { Asks = gap.Asks + 1, AskedAt = now };
                sequences[count++] = (ushort)gap.Sequence;
            }
        }

        return count;
    }

    private void Mend(RtpPacket packet)
    {
        Mended++;
        var index = _missing.FindIndex(gap => gap.Sequence == packet.Sequence);
        if (index < 0)
        {
            return;
        }

        if (_missing[index] is { Asks: 1 } asked)
        {
            // Only what was asked once tells how long the answer takes.
            _roundTrip += ((packet.Arrival - asked.AskedAt) - _roundTrip) / 8;
        }

        _missing.RemoveAt(index);
    }

    private void GiveUpFirst()
    {
        ref var slot = ref _slots[_next & (limits.Depth - 1)];
        if (slot is null)
        {
            Lost++;
        }

        slot = null;
        _gap = true;
        _missing.RemoveAll(gap => gap.Sequence <= _next);
        _next++;
        if (_next > _highest)
        {
            _highest = _next - 1;
        }
    }

    private void Restart(long sequence)
    {
        Array.Clear(_slots);
        _missing.Clear();
        (_next, _highest, _gap) = (sequence, sequence - 1, true);
        Lost++;
    }

    private readonly record struct Gap(long Sequence, long Since, int Asks, long AskedAt);
}
