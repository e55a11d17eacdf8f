using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;

namespace Weir.Media.WebRtc;

/// <summary>The WebRTC sessions' counters.</summary>
internal static class RtcSessionMeter
{
    private static readonly Meter Meter = new(MediaMeter.Name);

    /// <summary>Packets of publishers that were lost and came when they were asked for.</summary>
    public static readonly Counter<long> Mended = Meter.CreateCounter<long>("weir_rtc_packets_mended");

    /// <summary>Packets of publishers that never came.</summary>
    public static readonly Counter<long> Lost = Meter.CreateCounter<long>("weir_rtc_packets_lost");

    /// <summary>Keyframes that publishers were asked for.</summary>
    public static readonly Counter<long> KeyframesAsked = Meter.CreateCounter<long>("weir_rtc_keyframes_asked");

    /// <summary>Packets sent again because a viewer asked.</summary>
    public static readonly Counter<long> Resent = Meter.CreateCounter<long>("weir_rtc_packets_resent");

    /// <summary>Packets that were asked for and are not at hand any more, or asked for too often.</summary>
    public static readonly Counter<long> NotResent = Meter.CreateCounter<long>("weir_rtc_packets_not_resent");

    /// <summary>Offers refused, by <c>reason</c>.</summary>
    public static readonly Counter<long> Refused = Meter.CreateCounter<long>("weir_rtc_offers_refused");
}
