using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

namespace Weir.Media.Recording;

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
    private LogThrottle _losses;
    private LogThrottle _refusedComments;
    private long _taken;
    private int _segments;
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
        RecordingFiles.Create(_directory);
        _file = RecordingFiles.MediaNumbers(_directory).LastOrDefault();
        _cursor = packager.Log.First;
        Duration = recovered.Duration;
        Bytes = recovered.Bytes;
        Events = EventLog.Open(_directory, open);
        _taken = RecordingFiles.Bytes(_directory) - Events.Bytes;
        _segments = recovered.Segments.Count;
    }

    public RecorderState State { get; private set; }

    /// <summary>Why it is <see cref="RecorderState.Paused"/>; none when the disk itself refused.</summary>
    public RecordingStop Stopped { get; private set; }

    /// <summary>Media recorded in whole segments, microseconds.</summary>
    public long Duration { get; private set; }

    /// <summary>Media bytes recorded.</summary>
    public long Bytes { get; private set; }

    /// <summary>The comments recorded so far; readable and deletable while the broadcast runs.</summary>
    public EventLog Events { get; }

    /// <summary>Records until the packager's log is complete, then marks the recording finished.</summary>
    /// <exception cref="OperationCanceledException">The node stops; the recording can go on later.</exception>
    public Task RunAsync(CancellationToken cancellation) => DiskThreads.Shared.RunAsync(() => RecordAsync(cancellation));

    public void Dispose()
    {
        _media?.Dispose();
        _index?.Dispose();
        Events.Dispose();
    }

    private async Task RecordAsync(CancellationToken cancellation)
    {
        var log = _packager.Log;
        try
        {
            while (true)
            {
                var completed = log.IsCompleted;
                Drain();
                if (completed)
                {
                    Finish();
                    return;
                }

                await log.WaitAsync(_cursor, cancellation);
            }
        }
        finally
        {
            CloseFiles();
        }
    }

    /// <summary>Takes what the log holds now.</summary>
    internal void Drain()
    {
        var log = _packager.Log;
        while (_cursor < log.Next)
        {
            if (log.TryGet(_cursor, out var item))
            {
                _cursor++;
                if (item is Fragment fragment)
                {
                    Take(fragment);
                }
                else
                {
                    Take((CmafEvent)item);
                }
            }
            else if (_cursor < log.First)
            {
                // The disk was too slow. A segment is whole or it ends at its last whole fragment.
                if (_losses.ShouldLog(out var times))
                {
                    LogLost(_packager.Broadcast.Id, log.First - _cursor, times);
                }

                Skipped.Add(log.First - _cursor);
                _cursor = log.First;
                Try(CloseSegment);
                _awaitsSegment = true;
            }
        }
    }

    private void Take(Fragment fragment)
    {
        var canBegin = fragment is { StartsSegment: true, Independent: true };
        if (MayGrow() && State == RecorderState.Paused && canBegin && _clock.GetElapsedTime(_pausedAt) >= _limits.RetryAfter)
        {
            Try(Continue);
        }

        if (State == RecorderState.Paused || (_awaitsSegment && !canBegin))
        {
            Skipped.Add(1);
            return;
        }

        Try(() => Write(fragment));
    }

    /// <summary>Stops the recording when it may not.</summary>
    private bool MayGrow()
    {
        var stop = RecordingStop.None;
        Try(() => stop = _segments < RecorderLimits.MaxSegments ? _limits.MayGrow(_taken + Events.Bytes) : RecordingStop.Long);
        if (stop != RecordingStop.None)
        {
            Stop(stop);
        }

        return stop == RecordingStop.None;
    }

    private void Take(CmafEvent happened)
    {
        if (!happened.Event.Recorded)
        {
            return;
        }

        // One that says what was taken away is small, and what it is about would be back in the replay without it.
        var deletes = happened.Event.Type == "deleted";
        if (_pendingEvents.Count >= (deletes ? 10 : 1) * _limits.MaxPendingEvents)
        {
            LostEvents.Add(1);
            return;
        }

        _pendingEvents.Enqueue(happened);
        if (State == RecorderState.Recording && (deletes || MayGrow()))
        {
            Try(WriteEvents);
        }
    }

    private void Write(Fragment fragment)
    {
        _awaitsSegment = false;
        if (fragment.StartsSegment)
        {
            CloseSegment();
        }

        if (_media is null || fragment.Init != _init)
        {
            _media?.Dispose();
            _media = new AppendFile(_open(Path.Combine(_directory, RecordingFiles.Media(++_file))));
            _taken += RecorderLimits.FileCost;
            _init = fragment.Init;
            _media.Append(_init.Data.Span);
            _taken += _init.Data.Length;
        }

        if (_segment is null)
        {
            _segment = new RecordedSegment(
                _file, _media.Length, 0, _init!.Data.Length, fragment.SegmentNumber, fragment.DiscontinuityNumber, fragment.Start, 0, fragment.WallClock);
            AppendIndex(_segment);
            _segments++;
        }

        _media.Append(fragment.Data.Span);
        _segment = _segment with { Length = _media.Length - _segment.Offset, Duration = fragment.End - _segment.Start };
        Bytes += fragment.Data.Length;
        _taken += fragment.Data.Length;
        Written.Add(fragment.Data.Length);
        if (fragment.EndsSegment)
        {
            CloseSegment();
        }
    }

    private void CloseSegment()
    {
        if (_segment is not { Length: > 0 } segment)
        {
            _segment = null;
            return;
        }

        _unwritten.Add(segment);
        _segment = null;
        Duration += segment.Duration;
        _media?.Sync();

        WriteUnwritten();
        _index!.Sync();
        Events.Sync();
    }

    private void WriteUnwritten()
    {
        while (_unwritten.Count > 0)
        {
            AppendIndex(_unwritten[0]);
            _unwritten.RemoveAt(0);
        }
    }

    private void AppendIndex(RecordedSegment segment)
    {
        if (_index is null && _recovered.IndexIsBehind)
        {
            _recovered.WriteIndex();
        }

        if (_index is null)
        {
            _index = new AppendFile(_open(Path.Combine(_directory, RecordingFiles.Index)));
            _taken += _index.Length == 0 ? RecorderLimits.FileCost : 0;
        }

        var line = RecordingIndex.Line(segment);
        _index.Append(line);
        _taken += line.Length;
    }

    private void WriteEvents()
    {
        while (_pendingEvents.TryPeek(out var happened))
        {
            if (!Events.Append(happened.At, happened.Event.Json))
            {
                LostEvents.Add(1);
                if (_refusedComments.ShouldLog(out var times))
                {
                    LogRefusedComments(_packager.Broadcast.Id, times);
                }
            }

            _pendingEvents.Dequeue();
        }
    }

    private void Continue()
    {
        WriteUnwritten();
        WriteEvents();
        State = RecorderState.Recording;
        Stopped = RecordingStop.None;
        LogContinued(_packager.Broadcast.Id);
    }

    /// <summary>While there is still room to end the segment in order.</summary>
    private void Stop(RecordingStop why)
    {
        if (State == RecorderState.Recording)
        {
            Try(CloseSegment);
        }

        if (State == RecorderState.Recording)
        {
            Pause(why switch
            {
                RecordingStop.Quota => "its host's recordings take all the space that they have",
                RecordingStop.Long => "it has as many segments as a recording may have",
                _ => "the disk has no room left for recordings",
            });
        }

        Stopped = why;
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Pause(exception.Message);
        }
    }

    private void Pause(string cause)
    {
        Stopped = RecordingStop.None;
        _pausedAt = _clock.GetTimestamp();
        if (State == RecorderState.Recording)
        {
            State = RecorderState.Paused;
            Pauses.Add(1);
            LogPaused(_packager.Broadcast.Id, cause);
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
            _taken -= _media.Length + RecorderLimits.FileCost;
        }

        _media = null;
    }

    private void Finish()
    {
        Try(() =>
        {
            CloseSegment();
            WriteUnwritten();
            WriteEvents();
            Events.Erase();
            using var finished = _open(Path.Combine(_directory, RecordingFiles.Finished));
        });
        State = RecorderState.Finished;
    }

    private void CloseFiles()
    {
        Try(CloseSegment);
        _media?.Dispose();
        _index?.Dispose();
        (_media, _index) = (null, null);
    }
}
