using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>
/// Cuts the first segment. It was made before there was a target, but nobody gets a playlist before it is whole, so its
/// parts can be chosen with all of it in view.
/// </summary>
internal static class FirstParts
{
    /// <returns>Parts as long as possible within the bounds of 8216bis 4.4.4.9; null where there are none.</returns>
    public static IReadOnlyList<HlsPart>? Of(IReadOnlyList<Fragment> segment, long target)
    {
        // Where the part that begins with a fragment ends; 0 where everything after it cannot be cut.
        var ends = new int[segment.Count];
        for (var begin = segment.Count - 1; begin >= 0; begin--)
        {
            var duration = 0L;
            for (var end = begin + 1; end <= segment.Count && (duration += segment[end - 1].Duration) <= target; end++)
            {
                if (end == segment.Count || (ends[end] > 0 && PartCutter.IsLongEnough(duration, target)))
                {
                    ends[begin] = end;
                }
            }
        }

        if (ends[0] == 0)
        {
            return null;
        }

        var parts = new List<HlsPart>();
        for (var begin = 0; begin < segment.Count; begin = ends[begin])
        {
            parts.Add(new HlsPart([.. segment.Take(ends[begin]).Skip(begin)]));
        }

        return parts;
    }
}
