using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;

namespace Weir.Media.Cmaf;

/// <summary>How a packager cuts, and what it keeps. Times are microseconds.</summary>
public sealed record PackagerLimits
{
    /// <summary>A fragment with video is at least this long, unless a keyframe ends it.</summary>
    public long FragmentDuration { get; init; } = 30_000;

    /// <summary>The same where there is only audio.</summary>
    public long AudioFragmentDuration { get; init; } = 100_000;

    /// <summary>After the first keyframe, how long the first audio is waited for.</summary>
    public long AwaitAudio { get; init; } = 300_000;

    /// <summary>How long audio waits for a first picture before the broadcast is taken as audio only.</summary>
    public long AwaitVideo { get; init; } = 1_500_000;

    /// <summary>Audio missing for so long beside pictures is replaced by silence, or players would wait for it.</summary>
    public long SoundGap { get; init; } = 500_000;

    /// <summary>The same with a single picture meanwhile. Where no silence is known (<see cref="Silence"/>) the track is left out
    /// from the next keyframe on.</summary>
    public long TrackSilence { get; init; } = 2_000_000;

    /// <summary>Pictures missing for so long make the broadcast audio only until the next keyframe.</summary>
    public long VideoSilence { get; init; } = 3_000_000;

    /// <summary>Sound waits this long at most for the end of a picture.</summary>
    public long LongestAudioWait { get; init; } = 250_000;

    /// <summary>An audio frame without a successor is given out after this time.</summary>
    public long LongestAudioHold { get; init; } = 200_000;

    /// <summary>Items kept, a power of two.</summary>
    public int MaxItems { get; init; } = 4096;

    public long MaxBytes { get; init; } = 48L << 20;

    /// <summary>A fragment ends at so many bytes of pictures, however little time they take by the clock of the publisher.</summary>
    public long FragmentBytes { get; init; } = 8L << 20;

    /// <summary>The same of a segment. Six seconds and a half of the most that a publisher may send are less.</summary>
    public long SegmentBytes { get; init; } = 48L << 20;

    /// <summary>Kept until it is known which tracks there are.</summary>
    public long GatheredBytes { get; init; } = 32L << 20;

    /// <summary>Kept even when a newer keyframe is there, for readers a little late.</summary>
    public long MinWindow { get; init; } = 6_000_000;
}

/// <summary>
/// Makes fragments of a broadcast's frames, once for everybody: WebSocket viewers, HLS and the recording read
/// <see cref="Log"/>. One per broadcast; <see cref="RunAsync"/> is its only writer.
/// </summary>
public sealed partial class Packager
{
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly Counter<long> Fragments = Meter.CreateCounter<long>("weir_cmaf_fragments", description: "fMP4 fragments built");
    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>("weir_cmaf_frames_dropped", description: "Frames no fragment could take");
    private static readonly Counter<long> Lost = Meter.CreateCounter<long>("weir_cmaf_place_lost", description: "Times the packager fell out of the timeline's window");

    private readonly ILogger<Packager> _logger;
    private readonly PackagerLimits _limits;
    private readonly Assembler _assembler;
    private long _cursor;
    private long _bytes;
    private long _joinAt = -1;
    private long _edge;
    private long _reportedDrops;
    private LogThrottle _losses;
    private InitSegment? _init;

    public Packager(Broadcast broadcast, PackagerLimits limits, ILogger<Packager> logger)
    {
        (Broadcast, _limits, _logger) = (broadcast, limits, logger);
        Log = new SharedLog<CmafItem>(limits.MaxItems);
        _edge = broadcast.Resume.MediaTime;
        _assembler = new Assembler(limits, broadcast.Resume, Append);
    }

    public Broadcast Broadcast { get; }

    /// <summary>
    /// Fragments and events in timeline order; completed when the broadcast has ended and everything is in it. Bounded
    /// by <see cref="PackagerLimits"/>: a reader that loses its place goes on at <see cref="JoinIndex"/>.
    /// </summary>
    public SharedLog<CmafItem> Log { get; }

    /// <summary>Index of the newest fragment a decoder can begin with; -1 while there is none.</summary>
    public long JoinIndex => Volatile.Read(ref _joinAt);

    /// <summary>The newest init segment; null until the first fragment. Each fragment names its own.</summary>
    public InitSegment? Init => Volatile.Read(ref _init);

    /// <summary>Index in the timeline up to which everything is in the log, or held for the fragment that is being made.</summary>
    public long Position => Volatile.Read(ref _cursor);

    /// <summary>Bytes of media in the log, and of frames that no fragment has yet.</summary>
    internal long Held => _bytes + _assembler.Held;

    /// <summary>Media time up to which there are fragments, microseconds.</summary>
    public long Edge => Volatile.Read(ref _edge);

    /// <summary>Seconds, see 8216bis 4.4.3.1; null until the first segment has ended, constant from then on.</summary>
    public int? TargetDuration { get; private set; }

    /// <summary>Microseconds, see 8216bis 4.4.3.7; null and constant as <see cref="TargetDuration"/>.</summary>
    public long? PartTarget { get; private set; }

    /// <summary>Follows the timeline until the broadcast ends.</summary>
    /// <exception cref="OperationCanceledException">The node stops. The log is left open then.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var timeline = Broadcast.Timeline.Log;
        while (true)
        {
            // Read before draining: what is appended before completion must not be missed.
            var completed = timeline.IsCompleted;
            Drain();
            if (completed)
            {
                _assembler.Flush();
                Report();
                Log.Complete();
                return;
            }

            await timeline.WaitAsync(_cursor, cancellation);
        }
    }

    /// <summary>Takes what the timeline holds now. <see cref="RunAsync"/> calls it; tests may instead of that.</summary>
    internal void Drain()
    {
        var timeline = Broadcast.Timeline.Log;
        while (_cursor < timeline.Next)
        {
            if (timeline.TryGet(_cursor, out var frame))
            {
                _assembler.Push(frame);
                _cursor++;
                continue;
            }

            if (_cursor >= timeline.First)
            {
                continue;
            }

            // Too slow for the timeline. What comes next has no decoder state behind it.
            if (_losses.ShouldLog(out var times))
            {
                LogLost(Broadcast.Id, timeline.First - _cursor, times);
            }

            Lost.Add(1);
            _assembler.Reset();
            SkipMediaTo(Broadcast.Timeline.JoinIndex);
        }

        Report();
    }

    /// <summary>Events are not pictures: those still held are passed on, whatever was missed between them.</summary>
    private void SkipMediaTo(long join)
    {
        var timeline = Broadcast.Timeline.Log;
        for (_cursor = timeline.First; _cursor < join; _cursor++)
        {
            if (timeline.TryGet(_cursor, out var frame) && frame.Kind == FrameKind.Event)
            {
                _assembler.Push(frame);
            }
        }
    }

    private void Append(CmafItem item)
    {
        TrimFor(item);
        if (item is Fragment fragment)
        {
            Volatile.Write(ref _init, fragment.Init);
            Volatile.Write(ref _edge, fragment.End);
            (TargetDuration, PartTarget) = (_assembler.TargetDuration, _assembler.PartTarget);
            Fragments.Add(1);
        }

        var index = Log.Append(item);
        _bytes += item.Size;
        if (item is Fragment { Independent: true })
        {
            Volatile.Write(ref _joinAt, index);
        }
    }

    private void TrimFor(CmafItem item)
    {
        var full = Log.Next - Log.First == Log.Capacity;
        var oldest = _edge - _limits.MinWindow;
        var index = Log.First;
        while (index < Log.Next && Log.TryGet(index, out var old)
            && (full || _bytes + item.Size > _limits.MaxBytes || (index < _joinAt && TimeOf(old) < oldest)))
        {
            _bytes -= old.Size;
            full = false;
            index++;
        }

        Log.TrimBefore(index);
        if (_joinAt >= 0 && _joinAt < Log.First)
        {
            Volatile.Write(ref _joinAt, -1);
        }
    }

    private static long TimeOf(CmafItem item) => item is Fragment fragment ? fragment.Start : ((CmafEvent)item).At;

    private void Report()
    {
        if (_assembler.Dropped > _reportedDrops)
        {
            Dropped.Add(_assembler.Dropped - _reportedDrops);
            _reportedDrops = _assembler.Dropped;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Packaging of broadcast {Broadcast:N} fell behind by {Frames} frames and goes on at a keyframe; times so far: {Times}")]
    private partial void LogLost(Guid broadcast, long frames, long times);
}
