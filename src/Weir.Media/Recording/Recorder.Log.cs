using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>What whoever runs the server learns of a recording.</summary>
public sealed partial class Recorder
{
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly Counter<long> Pauses = Meter.CreateCounter<long>(
        "weir_recording_pauses", description: "Times a recording paused because the disk took nothing");
    private static readonly Counter<long> Skipped = Meter.CreateCounter<long>(
        "weir_recording_skipped_fragments", description: "Fragments not recorded");
    private static readonly Counter<long> LostEvents = Meter.CreateCounter<long>(
        "weir_recording_lost_events", description: "Events not recorded");
    private static readonly Counter<long> Written = Meter.CreateCounter<long>("weir_recording_bytes", "By", "Media bytes recorded");

    [LoggerMessage(Level = LogLevel.Error, Message = "The recording of {Broadcast:N} pauses, viewers are not affected: {Cause}")]
    private partial void LogPaused(Guid broadcast, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The recording of {Broadcast:N} goes on")]
    private partial void LogContinued(Guid broadcast);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The recording of {Broadcast:N} has as many comments as it may have and leaves further ones out; so far: {Times}")]
    private partial void LogRefusedComments(Guid broadcast, long times);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A half written fragment stays in the recording of {Broadcast:N}: {Cause}")]
    private partial void LogTorn(Guid broadcast, string cause);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The recording of {Broadcast:N} fell behind and leaves {Items} items out; times so far: {Times}")]
    private partial void LogLost(Guid broadcast, long items, long times);
}
