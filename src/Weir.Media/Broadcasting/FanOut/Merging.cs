using System.Diagnostics;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>
/// How old news may get before it is sent. The kernel's work is per write, so a sender that waits a little writes less often: while it has
/// time left everything leaves at once, and as its core fills the age grows, up to <see cref="LongestAge"/>.
/// </summary>
internal sealed class Merging(TimeSpan? fixedAge)
{
    public static readonly TimeSpan LongestAge = TimeSpan.FromMilliseconds(100);

    private const double Busy = 0.7;
    private const double Idle = 0.4;
    private static readonly long Window = Stopwatch.Frequency / 4;
    private static readonly long Step = Stopwatch.Frequency / 200;
    private readonly long _longest = Ticks(LongestAge);
    private long _since = Stopwatch.GetTimestamp();
    private long _worked;

    /// <summary>In ticks of <see cref="Stopwatch"/>.</summary>
    public long Age { get; private set; } = Ticks(fixedAge ?? TimeSpan.Zero);

    /// <summary>A round of sending took from one time stamp to the other.</summary>
    public void Worked(long from, long to, int flows)
    {
        _worked += to - from;
        var passed = to - _since;
        if (passed < Window)
        {
            return;
        }

        if (fixedAge is null)
        {
            var load = (double)_worked / passed;
            Age = flows == 0 || load < Idle ? Math.Max(0, Age - Step) : load > Busy ? Math.Min(_longest, Age + Step + (Age / 4)) : Age;
        }

        _since = to;
        _worked = 0;
    }

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);
}
