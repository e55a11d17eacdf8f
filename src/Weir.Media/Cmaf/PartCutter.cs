namespace Weir.Media.Cmaf;

/// <summary>
/// Decides where parts end, so that they keep to PART-TARGET: none longer, none below 85 % of it but the last of a segment
/// (8216bis 4.4.4.9). Times are microseconds.
/// </summary>
/// <remarks>
/// How long a picture lasts is known when the next one comes, so a part ends at the last picture that fits into it. Where the
/// target is 300 ms, 85 % leaves a window of 45 ms: every sequence of pictures below that fits, and every steady rate from 20
/// a second on. The target must not change, and is fixed with the first segment: for slower pictures the shortest one that
/// takes whole numbers of them, with sound up to 400 ms. When the rate changes afterwards and no picture ends in the window,
/// sound is cut there; where there is no sound either, the part becomes the last of its segment, which may be short. One thing
/// is out of reach: a single picture above the target without sound. Its part is as long as the picture, since neither half of
/// a sample nor a part without a sample can be sent, and players wait for parts at the live edge: a segment without any would
/// stop them.
/// </remarks>
internal sealed class PartCutter
{
    private const long Wanted = 300_000;

    /// <summary>Encoders count whole milliseconds.</summary>
    private const long Rounding = 1_000;

    /// <summary>Some target up to here takes one or two of any picture that is shorter.</summary>
    private const long LongestForPairs = 512_000;

    /// <summary>With sound a longer target is not worth its delay: sound can be cut inside of pictures.</summary>
    private const long LongestWithSound = 400_000;

    private const int MostSteps = 2048;
    private readonly List<long> _steps = [];

    /// <summary>EXT-X-PART-INF's PART-TARGET; constant once <see cref="IsFixed"/>.</summary>
    public long Target { get; private set; } = Wanted;

    public bool IsFixed { get; private set; }

    /// <summary>Where the open part began.</summary>
    public long Start { get; private set; }

    /// <summary>Where the open part ends at the latest.</summary>
    public long Limit => Start + Target;

    public static bool IsLongEnough(long duration, long target) => duration * 100 >= target * 85;

    public void Begin(long start) => Start = start;

    /// <summary>Takes note of how long a picture lasted, or a sound frame where there are no pictures.</summary>
    public void Note(long step)
    {
        if (!IsFixed && step > 0 && _steps.Count < MostSteps)
        {
            _steps.Add(step);
        }
    }

    public bool IsLongEnough(long end) => IsLongEnough(end - Start, Target);

    /// <summary>Whether the open part ends here, so that nobody waits for a picture that does not fit into it.</summary>
    /// <param name="step">Of the picture before: the next will last about as long.</param>
    public bool ShouldEnd(long end, long step) => IsLongEnough(end) && (end >= Limit || end + step > Limit);

    /// <summary>The first segment has ended: chooses the target by its pictures.</summary>
    /// <param name="hasSound">Beside the pictures.</param>
    public void Fix(bool hasSound)
    {
        if (IsFixed)
        {
            return;
        }

        IsFixed = true;
        Target = _steps.Count == 0 ? Wanted : Choose(Usual(_steps), hasSound);
        _steps.Clear();
    }

    private static long Choose(long[] steps, bool hasSound)
    {
        var longest = hasSound ? LongestWithSound : Math.Max(LongestForPairs, steps.Max() + (2 * Rounding));
        var (best, fewest) = (Wanted, int.MaxValue);
        for (var target = Wanted; target <= longest && fewest > 0; target += 1_000)
        {
            var misfits = Misfits(steps, target);
            if (misfits < fewest)
            {
                (best, fewest) = (target, misfits);
            }
        }

        return hasSound && fewest > 0 ? Wanted : best;
    }

    /// <summary>From how many of the pictures on no part can be made. They come again and again, in this order.</summary>
    private static int Misfits(long[] steps, long target)
    {
        var (misfits, end, duration) = (0, 0L, 0L);
        for (var start = 0; start < steps.Length; start++)
        {
            while (duration + steps[end % steps.Length] <= target - Rounding)
            {
                duration += steps[end++ % steps.Length];
            }

            misfits += IsLongEnough(duration - Rounding, target) ? 0 : 1;
            if (end == start)
            {
                end++;
            }
            else
            {
                duration -= steps[start];
            }
        }

        return misfits;
    }

    // A single stretched picture says nothing of the others, so the extremes are left out.
    private static long[] Usual(List<long> steps)
    {
        var sorted = steps.Order().ToList();
        var extremes = steps.Count / 8;
        var (shortest, longest) = (sorted[extremes] - Rounding, sorted[^(extremes + 1)] + Rounding);
        return [.. steps.Where(step => step >= shortest && step <= longest)];
    }
}
