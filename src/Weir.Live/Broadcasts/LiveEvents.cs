using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

internal sealed record ViewersEvent(string Type, int Count);

internal sealed record ClockEvent(string Type, long At, DateTimeOffset Time);

internal sealed record HealthEvent(
    string Type, int VideoKbps, int AudioKbps, double Fps, int KeyframeIntervalMs, int Gaps, int Width, int Height,
    string? Video, string? Audio, string Encoder, IReadOnlyList<string> Warnings);

/// <summary>Readouts of the moment that the node adds to a timeline. None of them is recorded.</summary>
internal static class LiveEvents
{
    public static TimelineEvent Viewers(int count) =>
        new("viewers", JsonSerializer.SerializeToUtf8Bytes(new ViewersEvent("viewers", count), LiveJson.Default.ViewersEvent)) { Droppable = true };

    public static TimelineEvent Clock(long edge, DateTimeOffset now) =>
        new("clock", JsonSerializer.SerializeToUtf8Bytes(new ClockEvent("clock", edge / 1000, now), LiveJson.Default.ClockEvent)) { Droppable = true };

    public static TimelineEvent Health(HealthReport report) =>
        new("health", JsonSerializer.SerializeToUtf8Bytes(
            new HealthEvent(
                "health", report.VideoKbps, report.AudioKbps, report.Fps, report.KeyframeIntervalMs, report.Gaps, report.Width, report.Height,
                report.Video, report.Audio, report.Encoder, report.Warnings),
            LiveJson.Default.HealthEvent))
        {
            HostOnly = true,
            Droppable = true,
        };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ViewersEvent))]
[JsonSerializable(typeof(ClockEvent))]
[JsonSerializable(typeof(HealthEvent))]
internal sealed partial class LiveJson : JsonSerializerContext
{
}
