using Weir.Media.Broadcasting;

namespace Weir.Media.Cmaf;

/// <summary>Decides where segments end, so that HLS and the recording number them alike. Times are microseconds.</summary>
internal sealed class Segmenter(long firstNumber)
{
    /// <summary>A keyframe ends a segment from here on; a little below 1 s because time stamps are rounded.</summary>
    private const long ShortestSegment = 950_000;
    private const long ShortestWithoutVideo = 1_900_000;
    private const int SmallestTarget = 2;

    /// <summary>Pictures alone cannot be cut: there is room for the longest one (<see cref="ClockMapper.JumpThreshold"/>).</summary>
    private const int SmallestWithoutSound = (int)(ClockMapper.JumpThreshold / 1_000_000);
    private const int LargestTarget = 6;
    private long _start;
    private bool _beganBetweenKeyframes;

    public long Number { get; private set; } = firstNumber;

    /// <summary>
    /// Seconds; EXT-X-TARGETDURATION, fixed by the first whole segment because it must not change. Null before.
    /// </summary>
    public int? Target { get; private set; }

    /// <param name="betweenKeyframes">It was the parts that asked for a new segment: the next keyframe begins another, for those who
    /// join.</param>
    public void Begin(long start, bool betweenKeyframes = false) => (_start, _beganBetweenKeyframes) = (start, betweenKeyframes);

    /// <summary>Whether what lasts from one time to the other must not be in this segment.</summary>
    public bool Exceeds(long at, long end) => at > _start && end - _start > Longest(Target ?? LargestTarget);

    /// <param name="end">Where the fragment in hand ends.</param>
    /// <param name="duration">Of the fragment in hand: the next will be about as long.</param>
    public bool ShouldEnd(long end, long duration, bool beforeKeyframe, bool hasVideo)
    {
        var length = end - _start;
        var wanted = hasVideo
            ? beforeKeyframe && (length >= ShortestSegment || _beganBetweenKeyframes)
            : length >= ShortestWithoutVideo;
        return wanted || length + duration > Longest(Target ?? LargestTarget);
    }

    /// <param name="whole">It ended of itself, not by an interruption.</param>
    /// <param name="hasSound">There always is some, so that segments may end in the middle of a picture.</param>
    public void End(long end, bool whole, bool hasSound)
    {
        if (Target is null)
        {
            // An interrupted first segment says little of those to come, so more room is left.
            var seconds = (int)Math.Ceiling(((end - _start) / 1e6) - 0.2);
            Target = Math.Clamp(seconds, !whole ? 4 : hasSound ? SmallestTarget : SmallestWithoutSound, LargestTarget);
        }

        Number++;
    }

    // 8216bis 4.4.3.1: a segment's duration, rounded, must not exceed the target.
    private static long Longest(int target) => (target * 1_000_000L) + 490_000;
}
