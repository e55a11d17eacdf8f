using System.Diagnostics.Metrics;

namespace Weir.Media.Broadcasting;

/// <summary>The media core's counters. One name a kind of trouble; tags are few and never name a person or a broadcast.</summary>
public static class MediaMeter
{
    public const string Name = "Weir.Media";
    private static readonly Meter Meter = new(Name);

    /// <summary>Connections closed because the peer broke the protocol.</summary>
    public static readonly Counter<long> ProtocolErrors = Meter.CreateCounter<long>("weir_rtmp_protocol_errors");

    /// <summary>Publishers turned away, by <c>reason</c>.</summary>
    public static readonly Counter<long> PublishRefused = Meter.CreateCounter<long>("weir_publish_refused");

    /// <summary>Players turned away.</summary>
    public static readonly Counter<long> WatchRefused = Meter.CreateCounter<long>("weir_watch_refused");

    /// <summary>Times a viewer fell behind and went on at a newer keyframe, by <c>outlet</c>.</summary>
    public static readonly Counter<long> ViewerSkips = Meter.CreateCounter<long>("weir_viewer_skips");

    /// <summary>Viewers disconnected because they stayed behind, by <c>outlet</c>.</summary>
    public static readonly Counter<long> ViewersTooSlow = Meter.CreateCounter<long>("weir_viewers_too_slow");

    /// <summary>Viewers disconnected because they did not answer a ping, by <c>outlet</c>.</summary>
    public static readonly Counter<long> ViewersSilent = Meter.CreateCounter<long>("weir_viewers_silent");

    /// <summary>Frames and configurations of publishers dropped because their bytes made no sense, by <c>kind</c>.</summary>
    public static readonly Counter<long> MalformedMedia = Meter.CreateCounter<long>("weir_malformed_media");

    /// <summary>Connections ended because nothing came for too long, by <c>state</c>.</summary>
    public static readonly Counter<long> IdleClosed = Meter.CreateCounter<long>("weir_idle_closed");
}
