using System.Diagnostics.Metrics;

namespace Weir.Media.Broadcasting.FanOut;

internal static class FanOutMeter
{
    private static readonly Meter Meter = new(MediaMeter.Name);

    /// <summary>From the oldest entry of a round to the last viewer's write, seconds.</summary>
    public static readonly Histogram<double> Delay = Meter.CreateHistogram(
        "weir_fan_out_delay", "s", "From a frame's arrival to the last viewer's write",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1] });

    /// <summary>Writes that found a viewer's buffer full.</summary>
    public static readonly Counter<long> Full = Meter.CreateCounter<long>("weir_fan_out_full", description: "Writes that found a viewer's buffer full");
}
