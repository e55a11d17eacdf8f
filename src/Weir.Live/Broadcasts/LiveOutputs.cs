using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Hls;
using Weir.Media.Recording;

namespace Weir.Live.Broadcasts;

/// <summary>Everything that is derived from one broadcast's timeline besides FLV and RTMP, which read it directly.</summary>
internal sealed class LiveOutputs
{
    private readonly NodeKey _key;
    private readonly Recorder? _recorder;
    private readonly ILogger _log;
    private readonly TaskCompletionSource _recorded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LiveOutputs(Broadcast broadcast, Rules rules, RecoveredRecording recovered, RecorderLimits limits, NodeKey key, TimeProvider clock, ILoggerFactory loggers)
    {
        _key = key;
        _log = loggers.CreateLogger<LiveOutputs>();
        Packager = new Packager(broadcast, new PackagerLimits(), loggers.CreateLogger<Packager>());
        Hls = new HlsOrigin(Packager, key.MediaPath(broadcast.Id, rules.Epoch), new HlsLimits(), clock, loggers.CreateLogger<HlsOrigin>());
        try
        {
            _recorder = new Recorder(recovered, Packager, limits, clock, loggers.CreateLogger<Recorder>());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _log.LogError("Broadcast {Broadcast} cannot be recorded: {Reason}", broadcast.Id.ToText(), fault.Message);
        }
    }

    public Packager Packager { get; }

    public HlsOrigin Hls { get; }

    /// <summary>The comments recorded so far; null when nothing can be recorded, or the recording is closed (the replay has them then).</summary>
    public EventLog? Events => _recorded.Task.IsCompleted ? null : _recorder?.Events;

    /// <summary>The last count survives the end of the recording.</summary>
    public int Comments => _recorder?.Events.Count ?? Packager.Broadcast.Comments.Count;

    /// <summary>Completes when the recording is closed: the replay can be opened.</summary>
    public Task Recorded => _recorded.Task;

    /// <summary>What keeps the recording from growing, as a code for the host; null while it grows.</summary>
    public string? RecordingWarning => _recorder switch
    {
        null => "notRecorded",
        { State: not RecorderState.Paused } => null,
        { Stopped: RecordingStop.Quota } => "recordingQuota",
        { Stopped: RecordingStop.DiskFull } => "recordingDiskFull",
        { Stopped: RecordingStop.Long } => "recordingLong",
        _ => "recordingPaused",
    };

    /// <summary>There is something to watch again, once the recording is closed.</summary>
    public bool IsRecorded => _recorder is { Duration: > 0 };

    public bool HasReplay => _recorded.Task.IsCompleted && IsRecorded;

    /// <summary>The audience changed: media addresses given out before must die.</summary>
    public void Rekey(Rules rules) => Hls.Rekey(_key.MediaPath(rules.Broadcast, rules.Epoch));

    /// <summary>Runs until cancelled; a fault in one ends all.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAll(
            GuardAsync(Packager.RunAsync, together),
            GuardAsync(FollowAsync, together),
            GuardAsync(RecordAsync, together));
    }

    private static async Task GuardAsync(Func<CancellationToken, Task> work, CancellationTokenSource together)
    {
        try
        {
            await work(together.Token);
        }
        catch
        {
            await together.CancelAsync();
            throw;
        }
    }

    private async Task FollowAsync(CancellationToken cancellation)
    {
        // It goes on answering for the ended broadcast until the node lets go of it.
        using var until = cancellation.UnsafeRegister(_ => Hls.Dispose(), null);
        await Hls.RunAsync(cancellation);
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
    }

    private async Task RecordAsync(CancellationToken cancellation)
    {
        try
        {
            if (_recorder is not null)
            {
                await _recorder.RunAsync(cancellation);
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Viewers keep watching; what is on the disk so far stays readable.
            _log.LogError(fault, "Recording broadcast {Broadcast} failed", Packager.Broadcast.Id.ToText());
        }
        finally
        {
            _recorder?.Dispose();
            _recorded.TrySetResult();
        }
    }
}
