namespace Weir.Social.Data;

/// <summary>Moments as both databases keep them: UTC, to the microsecond.</summary>
internal static class Times
{
    public static long ToMicroseconds(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset Now(this TimeProvider clock) => FromMicroseconds(clock.GetUtcNow().ToMicroseconds());
}
