using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

namespace Weir.Media.Recording;

public enum RecorderState
{
    Recording,

    /// <summary>The disk takes nothing; tried again every <see cref="RecorderLimits.RetryAfter"/>.</summary>
    Paused,
    Finished,
}

public sealed record RecorderLimits
{
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Events kept in memory while the disk takes nothing; further ones are counted and not recorded.</summary>
    public int MaxPendingEvents { get; init; } = 1000;
}

/// <summary>
/// Records a broadcast as it runs: fragments as they are into fMP4 files that only grow, a line for each segment, a line
/// for each event that belongs into a replay. Follows the packager's log with a cursor of its own, so a slow or full
/// disk is nobody else's concern: what the log no longer holds is left out, at a keyframe.
/// </summary>
/// <remarks>
/// Order of writes: fragments, then fsync at the end of their segment, then the index line. So whatever survives a crash
/// is a whole beginning, and <see cref="RecoveredRecording.Open"/> finds it.
/// </remarks>
public sealed partial class Recorder : IDisposable
{
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly Counter<long> Pauses = Meter.CreateCounter<long>("weir_recording_pauses", description: "Times a recording paused because the disk took nothing");
    private static readonly Counter<long> Skipped = Meter.CreateCounter<long>("weir_recording_skipped_fragments", description: "Fragments not recorded");
    private static readonly Counter<long> LostEvents = Meter.CreateCounter<long>("weir_recording_lost_events", description: "Events not recorded");
    private static readonly Counter<long> Written = Meter.CreateCounter<long>("weir_recording_bytes", "By", "Media bytes recorded");

    private readonly RecoveredRecording _recovered;
    private readonly string _directory;
    private readonly Packager _packager;
    private readonly RecorderLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger<Recorder> _logger;
    private readonly Func<string, Stream> _open;
    private readonly Queue<CmafEvent> _pendingEvents = new();
    private readonly List<RecordedSegment> _unwritten = [];
    private AppendFile? _index;
    private AppendFile? _media;
    private InitSegment? _init;
    private RecordedSegment? _segment;
    private int _file;
    private long _cursor;
    private long _pausedAt;
    private bool _awaitsSegment = true;

    /// <param name="recovered">What <see cref="RecoveredRecording.Open"/> found in the same directory.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public Recorder(RecoveredRecording recovered, Packager packager, RecorderLimits limits, TimeProvider clock, ILogger<Recorder> logger)
        : this(recovered, packager, limits, clock, logger, AppendFile.Open)
    {
    }

    internal Recorder(
        RecoveredRecording recovered, Packager packager, RecorderLimits limits, TimeProvider clock, ILogger<Recorder> logger, Func<string, Stream> open)
    {
        (_directory, _packager, _limits, _clock, _logger, _open) = (recovered.Directory, packager, limits, clock, logger, open);
        _recovered = recovered;
        Directory.CreateDirectory(_directory);
        _file = RecordingFiles.MediaNumbers(_directory).LastOrDefault();
        _cursor = packager.Log.First;
        Duration = recovered.Duration;
        Bytes = recovered.Bytes;
        Events = EventLog.Open(_directory, open);
    }

    public RecorderState State { get; private set; }

    /// <summary>Media recorded in whole segments, microseconds.</summary>
    public long Duration { get; private set; }

    /// <summary>Media bytes recorded.</summary>
    public long Bytes { get; private set; }

    /// <summary>The comments recorded so far; readable and deletable while the broadcast runs.</summary>
    public EventLog Events { get; }

    /// <summary>Records until the packager's log is complete, then marks the recording finished.</summary>
    /// <exception cref="OperationCanceledException">The node stops; the recording can go on later.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var log = _packager.Log;
        try
        {
            while (true)
            {
                var completed = log.IsCompleted;
                await DrainAsync();
                if (completed)
                {
                    await FinishAsync();
                    return;
                }

                await log.WaitAsync(_cursor, cancellation);
            }
        }
        finally
        {
            await CloseFilesAsync();
        }
    }

    public void Dispose()
    {
        _media?.Dispose();
        _index?.Dispose();
        Events.Dispose();
    }

    /// <summary>Takes what the log holds now.</summary>
    internal async Task DrainAsync()
    {
        var log = _packager.Log;
        while (_cursor < log.Next)
        {
            if (log.TryGet(_cursor, out var item))
            {
                _cursor++;
                await (item is Fragment fragment ? TakeAsync(fragment) : TakeAsync((CmafEvent)item));
            }
            else if (_cursor < log.First)
            {
                // The disk was too slow. A segment is whole or it ends at its last whole fragment.
                LogLost(_packager.Broadcast.Id, log.First - _cursor);
                Skipped.Add(log.First - _cursor);
                _cursor = log.First;
                await TryAsync(CloseSegmentAsync);
                _awaitsSegment = true;
            }
        }
    }

    private async Task TakeAsync(Fragment fragment)
    {
        var canBegin = fragment is { StartsSegment: true, Independent: true };
        if (State == RecorderState.Paused && canBegin && _clock.GetElapsedTime(_pausedAt) >= _limits.RetryAfter)
        {
            await TryAsync(ContinueAsync);
        }

        if (State == RecorderState.Paused || (_awaitsSegment && !canBegin))
        {
            Skipped.Add(1);
            return;
        }

        await TryAsync(() => WriteAsync(fragment));
    }

    private async Task TakeAsync(CmafEvent happened)
    {
        if (!happened.Event.Recorded)
        {
            return;
        }

        if (_pendingEvents.Count >= _limits.MaxPendingEvents)
        {
            LostEvents.Add(1);
            return;
        }

        _pendingEvents.Enqueue(happened);
        if (State == RecorderState.Recording)
        {
            await TryAsync(WriteEventsAsync);
        }
    }

    private async Task WriteAsync(Fragment fragment)
    {
        _awaitsSegment = false;
        if (fragment.StartsSegment)
        {
            await CloseSegmentAsync();
        }

        if (_media is null || fragment.Init != _init)
        {
            _media?.Dispose();
            _media = new AppendFile(_open(Path.Combine(_directory, RecordingFiles.Media(++_file))));
            _init = fragment.Init;
            await _media.AppendAsync(_init.Data);
        }

        if (_segment is null)
        {
            _segment = new RecordedSegment(
                _file, _media.Length, 0, _init!.Data.Length, fragment.SegmentNumber, fragment.DiscontinuityNumber, fragment.Start, 0, fragment.WallClock);
            await AppendIndexAsync(_segment);
        }

        await _media.AppendAsync(fragment.Data);
        _segment = _segment with { Length = _media.Length - _segment.Offset, Duration = fragment.End - _segment.Start };
        Bytes += fragment.Data.Length;
        Written.Add(fragment.Data.Length);
        if (fragment.EndsSegment)
        {
            await CloseSegmentAsync();
        }
    }

    private async Task CloseSegmentAsync()
    {
        if (_segment is not { Length: > 0 } segment)
        {
            _segment = null;
            return;
        }

        _unwritten.Add(segment);
        _segment = null;
        Duration += segment.Duration;
        if (_media is not null)
        {
            await _media.SyncAsync();
        }

        await WriteUnwrittenAsync();
        await _index!.SyncAsync();
        await Events.SyncAsync();
    }

    private async Task WriteUnwrittenAsync()
    {
        while (_unwritten.Count > 0)
        {
            await AppendIndexAsync(_unwritten[0]);
            _unwritten.RemoveAt(0);
        }
    }

    private ValueTask AppendIndexAsync(RecordedSegment segment)
    {
        if (_index is null && _recovered.IndexIsBehind)
        {
            _recovered.WriteIndex();
        }

        _index ??= new AppendFile(_open(Path.Combine(_directory, RecordingFiles.Index)));
        return _index.AppendAsync(RecordingIndex.Line(segment));
    }

    private async Task WriteEventsAsync()
    {
        while (_pendingEvents.TryPeek(out var happened))
        {
            await Events.AppendAsync(happened.At, happened.Event.Json);
            _pendingEvents.Dequeue();
        }
    }

    private async Task ContinueAsync()
    {
        await WriteUnwrittenAsync();
        await WriteEventsAsync();
        State = RecorderState.Recording;
        LogContinued(_packager.Broadcast.Id);
    }

    private async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Pause(exception);
        }
    }

    private void Pause(Exception cause)
    {
        _pausedAt = _clock.GetTimestamp();
        if (State == RecorderState.Recording)
        {
            State = RecorderState.Paused;
            Pauses.Add(1);
            LogPaused(_packager.Broadcast.Id, cause.Message);
        }

        if (_segment is { Length: > 0 } begun)
        {
            _unwritten.Add(begun);
            Duration += begun.Duration;
        }

        _segment = null;
        _awaitsSegment = true;
        try
        {
            _media?.Repair();
        }
        catch (IOException exception)
        {
            // The index does not name the torn bytes, and recovery cuts them off.
            LogTorn(_packager.Broadcast.Id, exception.Message);
        }

        // A file of its own for what comes after, so that what went wrong stays behind.
        _media?.Dispose();
        if (_media is not null && _media.Length <= (_init?.Data.Length ?? 0))
        {
            File.Delete(Path.Combine(_directory, RecordingFiles.Media(_file--)));
        }

        _media = null;
    }

    private async Task FinishAsync()
    {
        await TryAsync(async () =>
        {
            await CloseSegmentAsync();
            await WriteUnwrittenAsync();
            await WriteEventsAsync();
            using var finished = _open(Path.Combine(_directory, RecordingFiles.Finished));
        });
        State = RecorderState.Finished;
    }

    private async Task CloseFilesAsync()
    {
        await TryAsync(CloseSegmentAsync);
        _media?.Dispose();
        _index?.Dispose();
        (_media, _index) = (null, null);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The recording of {Broadcast} pauses, viewers are not affected: {Cause}")]
    private partial void LogPaused(Guid broadcast, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The recording of {Broadcast} goes on")]
    private partial void LogContinued(Guid broadcast);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A half written fragment stays in the recording of {Broadcast}: {Cause}")]
    private partial void LogTorn(Guid broadcast, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The recording of {Broadcast} fell behind and leaves {Items} items out")]
    private partial void LogLost(Guid broadcast, long items);
}
