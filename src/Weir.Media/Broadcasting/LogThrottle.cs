using System.Numerics;

namespace Weir.Media.Broadcasting;

/// <summary>For what may happen thousands of times in a row: it is logged each time its count has doubled.</summary>
internal struct LogThrottle
{
    private long _times;

    /// <param name="times">How often it has happened so far.</param>
    public bool ShouldLog(out long times) => BitOperations.IsPow2(times = ++_times);
}
