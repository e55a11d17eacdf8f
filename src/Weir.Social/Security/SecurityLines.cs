using Weir.Hosting;

namespace Weir.Social.Security;

/// <summary>
/// How many lines of the security log those may cause who are not known, or are known and busy, from all addresses and accounts together:
/// what is counted by address does not bound somebody who has thousands. What is left out is counted, and the next line is preceded by one
/// that says how many. Sign-ins, resets, what administrators do and cuts have no part in this and are always written.
/// </summary>
internal sealed class SecurityLines(TimeProvider clock)
{
    private long _refusalsLeftOut;
    private long _changesLeftOut;

    /// <summary>What was refused: wrong passwords, codes and links, calls over a limit or for somebody else.</summary>
    public AttemptLimiter<string> Refusals { get; } = new(clock, 200, TimeSpan.FromMilliseconds(100));

    /// <summary>What people did with their own accounts: sign-ups, passkeys, keys, ended sessions. Refusals take none of these.</summary>
    public AttemptLimiter<string> Changes { get; } = new(clock, 500, TimeSpan.FromMilliseconds(100));

    /// <param name="leftOut">How many refusals were not written since the last one that was.</param>
    public bool TryRefusal(out long leftOut) => TryTake(Refusals, ref _refusalsLeftOut, out leftOut);

    public bool TryChange(out long leftOut) => TryTake(Changes, ref _changesLeftOut, out leftOut);

    private static bool TryTake(AttemptLimiter<string> limiter, ref long left, out long leftOut)
    {
        if (!limiter.TryTake(out _, ""))
        {
            Interlocked.Increment(ref left);
            SocialMetrics.SecurityLinesLeftOut.Add(1);
            leftOut = 0;
            return false;
        }

        leftOut = Interlocked.Exchange(ref left, 0);
        return true;
    }
}
