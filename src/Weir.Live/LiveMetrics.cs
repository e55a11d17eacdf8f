using System.Diagnostics.Metrics;

namespace Weir.Live;

/// <summary>Counters and gauges of a live node; the media core counts its own under <c>Weir.Media</c>.</summary>
internal sealed class LiveMetrics
{
    public const string MeterName = "Weir.Live";

    public LiveMetrics(IMeterFactory factory)
    {
        Meter = factory.Create(MeterName);
        WatchDenied = Meter.CreateCounter<long>("weir_watch_denied", description: "Viewers refused, by reason");
        PublishRefused = Meter.CreateCounter<long>("weir_publish_refused", description: "Publishers refused, by reason");
        RequestsRefused = Meter.CreateCounter<long>("weir_requests_refused", description: "Requests refused because there were too many");
        Cuts = Meter.CreateCounter<long>("weir_viewers_cut", description: "Sessions ended because their viewer left the audience");
    }

    public Meter Meter { get; }

    public Counter<long> WatchDenied { get; }

    public Counter<long> PublishRefused { get; }

    public Counter<long> RequestsRefused { get; }

    public Counter<long> Cuts { get; }
}
