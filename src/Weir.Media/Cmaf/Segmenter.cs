namespace Weir.Media.Cmaf;

/// <summary>Decides where segments end, so that HLS and the recording number them alike. Times are microseconds.</summary>
internal sealed class Segmenter(long firstNumber)
{
    /// <summary>A keyframe ends a segment from here on; a little below 1 s because time stamps are rounded.</summary>
    private const long ShortestSegment = 950_000;
    private const long ShortestWithoutVideo = 1_900_000;
    private const int SmallestTarget = 2;
    private const int LargestTarget = 6;
    private long _start;

    public long Number { get; private set; } = firstNumber;

    /// <summary>
    /// Seconds; EXT-X-TARGETDURATION, fixed by the first whole segment because it must not change. Null before.
    /// </summary>
    public int? Target { get; private set; }

    public void Begin(long start) => _start = start;

    /// <param name="end">Where the fragment in hand ends.</param>
    /// <param name="duration">Of the fragment in hand: the next will be about as long.</param>
    public bool ShouldEnd(long end, long duration, bool beforeKeyframe, bool hasVideo)
    {
        var length = end - _start;
        var wanted = hasVideo ? beforeKeyframe && length >= ShortestSegment : length >= ShortestWithoutVideo;

        // 8216bis 4.4.3.1: a segment's duration, rounded, must not exceed the target.
        var longest = ((Target ?? LargestTarget) * 1_000_000L) + 490_000;
        return wanted || length + duration > longest;
    }

    /// <param name="whole">It ended of itself, not by an interruption.</param>
    public void End(long end, bool whole)
    {
        if (Target is null)
        {
            // An interrupted first segment says little of those to come, so more room is left.
            var seconds = (int)Math.Ceiling(((end - _start) / 1e6) - 0.2);
            Target = Math.Clamp(seconds, whole ? SmallestTarget : 4, LargestTarget);
        }

        Number++;
    }
}
