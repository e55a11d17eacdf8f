using System.Collections.Immutable;
using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>
/// Puts fragments together to parts that keep to PART-TARGET: none longer, none below 85 % of it but the last of a
/// segment (8216bis 4.4.4.9). The target is chosen from the stream's own fragments, since only whole ones fit.
/// </summary>
internal sealed class PartCutter
{
    /// <summary>Microseconds.</summary>
    private const long Wanted = 300_000;

    /// <summary>Encoders count whole milliseconds.</summary>
    private const long Rounding = 1_000;
    private readonly List<Fragment> _pending = [];
    private long _pendingDuration;
    private long _typical;

    private PartCutter(long target, long typical) => (Target, _typical) = (target, typical);

    /// <summary>EXT-X-PART-INF's PART-TARGET, microseconds.</summary>
    public long Target { get; }

    /// <summary>Chooses the target from the fragments of a first segment.</summary>
    public static PartCutter For(IReadOnlyList<Fragment> segment)
    {
        var typical = Typical(segment);

        // At 30 pictures a second eight or nine fit; at 12 three would be too few, so four of them make the target.
        var fitting = (Wanted - Rounding) / typical * typical;
        var target = fitting - Rounding >= Wanted * 85 / 100
            ? Wanted
            : (((Wanted + typical - 1) / typical * typical * 105 / 100 / 1000) + 1) * 1000;
        return new PartCutter(target, typical);
    }

    /// <summary>Adapts to the frame rate of a segment that ended, so that parts end in time.</summary>
    public void Learn(IReadOnlyList<Fragment> segment) => _typical = Typical(segment);

    /// <returns>The parts this fragment completes: none, one, or two.</returns>
    public IEnumerable<HlsPart> Add(Fragment fragment)
    {
        if (_pending.Count > 0 && _pendingDuration + fragment.Duration > Target)
        {
            yield return Cut();
        }

        _pending.Add(fragment);
        _pendingDuration += fragment.Duration;
        if (fragment.EndsSegment || _pendingDuration + _typical > Target)
        {
            yield return Cut();
        }
    }

    /// <summary>What is left when a segment ended without saying so.</summary>
    public HlsPart? Rest() => _pending.Count > 0 ? Cut() : null;

    private HlsPart Cut()
    {
        var part = new HlsPart([.. _pending]);
        _pending.Clear();
        _pendingDuration = 0;
        return part;
    }

    private static long Typical(IReadOnlyList<Fragment> segment)
    {
        // A single stretched picture says nothing of the others, so the extremes are left out.
        var durations = segment.Select(fragment => fragment.Duration).Where(duration => duration > 0).Order().ToList();
        var middle = durations.Count < 8 ? durations : durations[(durations.Count / 8)..^(durations.Count / 8)];
        return middle.Count == 0 ? Wanted : (long)middle.Average();
    }
}
