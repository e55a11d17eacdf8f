namespace Weir.Media.WebRtc;

/// <summary>RTP's and NTP's units against microseconds.</summary>
internal static class RtcClock
{
    public const int VideoRate = 90_000;
    public const int AudioRate = 48_000;

    private const long NtpToUnix = 2_208_988_800;

    public static long ToMicroseconds(long units, int rate) => (units / rate * 1_000_000) + (units % rate * 1_000_000 / rate);

    public static long ToUnits(long microseconds, int rate) => (microseconds / 1_000_000 * rate) + (microseconds % 1_000_000 * rate / 1_000_000);

    public static long NtpToMicroseconds(ulong ntp) => ((long)(ntp >> 32) * 1_000_000) + (long)(((ntp & 0xffff_ffff) * 1_000_000) >> 32);

    public static ulong ToNtp(DateTimeOffset time)
    {
        var microseconds = (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        return ((ulong)((microseconds / 1_000_000) + NtpToUnix) << 32) | (((ulong)(microseconds % 1_000_000) << 32) / 1_000_000);
    }
}
