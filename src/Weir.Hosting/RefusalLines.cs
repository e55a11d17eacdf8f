namespace Weir.Hosting;

/// <summary>How many lines of a security log refusals may cause.</summary>
public static class RefusalLines
{
    /// <summary>Lines at once, of everybody.</summary>
    public const int Burst = 100;

    /// <summary>Until there is one more.</summary>
    public const int MillisecondsOfLine = 10;
}

/// <summary>One line a minute of the same, and <see cref="RefusalLines.Burst"/> at once of all.</summary>
/// <typeparam name="TKey">What is the same: an address and a call, or an account and a call.</typeparam>
public sealed class RefusalLines<TKey>(TimeProvider clock)
    where TKey : notnull
{
    private readonly AttemptLimiter<TKey> _same = new(clock, 1, TimeSpan.FromMinutes(1));
    private readonly AttemptLimiter<int> _all =
        new(clock, RefusalLines.Burst, TimeSpan.FromMilliseconds(RefusalLines.MillisecondsOfLine));

    public bool MayWrite(TKey same) => _same.TryTake(out _, same) && _all.TryTake(out _, 0);
}
