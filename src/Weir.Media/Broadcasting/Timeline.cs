namespace Weir.Media.Broadcasting;

/// <summary>What a timeline keeps for those who join or lag: memory is bounded by the smaller of all three.</summary>
public sealed record TimelineLimits
{
    /// <summary>Frames, a power of two.</summary>
    public int MaxFrames { get; init; } = 4096;

    public long MaxBytes { get; init; } = 32 << 20;

    /// <summary>Kept beyond the last keyframe, for readers a little late. Microseconds.</summary>
    public long MinWindow { get; init; } = 2_000_000;

    /// <summary>Sound missing for so long beside pictures is not promised to those who join. Microseconds.</summary>
    public long SoundSilence { get; init; } = 2_000_000;

    /// <summary>The same for pictures beside sound; longer, because a shared screen may send one only now and then.</summary>
    public long PictureSilence { get; init; } = 10_000_000;
}

/// <summary>
/// The one order of everything in a broadcast: video, audio and events by one clock. Every outlet is derived from it.
/// </summary>
public sealed class Timeline
{
    private readonly Lock _lock = new();
    private readonly SharedLog<Frame> _log;
    private readonly TimelineLimits _limits;
    private readonly TimeProvider _clock;
    private long _bytes;
    private long _edge;
    private long _joinAt = -1;
    private Track? _video;
    private Track? _audio;
    private long _edgeAtVideo;
    private long _edgeAtAudio;
    private bool _videoEnded;
    private bool _audioEnded;

    /// <param name="startAt">Media time of the first frame: zero, or where a recording that goes on ended.</param>
    public Timeline(TimelineLimits limits, TimeProvider clock, long startAt = 0)
    {
        _limits = limits;
        _clock = clock;
        _edge = startAt;
        _log = new SharedLog<Frame>(limits.MaxFrames);
    }

    public SharedLog<Frame> Log => _log;

    /// <summary>Media time up to which there is something, microseconds.</summary>
    public long Edge => Volatile.Read(ref _edge);

    /// <summary>Index of the newest frame a viewer can begin with, -1 while there is none.</summary>
    public long JoinIndex => Volatile.Read(ref _joinAt);

    public Track? Video => Volatile.Read(ref _video);

    public Track? Audio => Volatile.Read(ref _audio);

    /// <summary>Null also where pictures ended while the sound goes on.</summary>
    public Track? RunningVideo => Volatile.Read(ref _videoEnded) ? null : Video;

    /// <summary>Null also where the sound ended while pictures go on.</summary>
    public Track? RunningAudio => Volatile.Read(ref _audioEnded) ? null : Audio;

    /// <summary>Appends a media frame. The times are the timeline's already (<see cref="ClockMapper"/>).</summary>
    public Frame AppendMedia(Track track, long dts, long pts, bool keyframe, bool afterDiscontinuity, ReadOnlyMemory<byte> payload)
    {
        lock (_lock)
        {
            var video = track.Kind == TrackKind.Video;
            var frame = new Frame
            {
                Index = _log.Next,
                Kind = video ? FrameKind.Video : FrameKind.Audio,
                Track = track,
                Dts = dts,
                Pts = Math.Max(pts, dts),
                WallClock = UnixMicroseconds(_clock),
                IsKeyframe = keyframe || !video,
                AfterDiscontinuity = afterDiscontinuity,
                Payload = payload,
            };
            if (video && !keyframe && _videoEnded)
            {
                // Pictures come back in the middle of a group: nobody can begin before the next keyframe.
                Volatile.Write(ref _joinAt, -1);
            }

            Volatile.Write(ref video ? ref _video : ref _audio, track);
            if (dts > _edge)
            {
                Volatile.Write(ref _edge, dts);
            }

            Append(frame);
            NoteEnds(video);
            if (video && keyframe)
            {
                Volatile.Write(ref _joinAt, frame.Index);
            }
            else if (RunningVideo is null)
            {
                // Audio alone can be joined anywhere.
                Volatile.Write(ref _joinAt, frame.Index);
            }

            Trim();
            return frame;
        }
    }

    /// <summary>
    /// Appends an event at the edge of the media clock; the factory gets that time, microseconds. Null once the timeline is
    /// complete: what happens after the end is not part of it.
    /// </summary>
    public Frame? AppendEvent(Func<long, TimelineEvent> make)
    {
        lock (_lock)
        {
            if (_log.IsCompleted)
            {
                return null;
            }

            var happened = make(_edge);
            var frame = new Frame
            {
                Index = _log.Next,
                Kind = FrameKind.Event,
                Dts = _edge,
                Pts = _edge,
                WallClock = UnixMicroseconds(_clock),
                Event = happened,
                Payload = happened.Json,
            };
            Append(frame);
            Trim();
            return frame;
        }
    }

    /// <summary>A track that a new publisher does not send must not keep joiners waiting for it.</summary>
    public void ForgetTracks()
    {
        lock (_lock)
        {
            Volatile.Write(ref _video, null);
            Volatile.Write(ref _audio, null);
        }
    }

    public void Complete()
    {
        lock (_lock)
        {
            _log.Complete();
        }
    }

    internal static long UnixMicroseconds(TimeProvider clock) =>
        (clock.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>
    /// A track has ended when nothing of it comes while the other goes on, and runs again with its next frame. What came meanwhile
    /// counts, not the time stamps: an encoder may send sound seconds behind its pictures.
    /// </summary>
    private void NoteEnds(bool video)
    {
        if (video)
        {
            _edgeAtVideo = _edge;
            Volatile.Write(ref _videoEnded, false);
            Volatile.Write(ref _audioEnded, _audio is not null && _edge - _edgeAtAudio > _limits.SoundSilence);
        }
        else
        {
            _edgeAtAudio = _edge;
            Volatile.Write(ref _audioEnded, false);
            Volatile.Write(ref _videoEnded, _video is not null && _edge - _edgeAtVideo > _limits.PictureSilence);
        }
    }

    private void Append(Frame frame)
    {
        if (_log.Next - _log.First == _log.Capacity && _log.TryGet(_log.First, out var evicted))
        {
            _bytes -= evicted.Payload.Length;
        }

        _log.Append(frame);
        _bytes += frame.Payload.Length;
    }

    private void Trim()
    {
        // Everything from the newest keyframe on stays, and a short window before it; the byte limit overrides both.
        var keep = RunningVideo is null ? _log.Next : _joinAt < 0 ? _log.First : _joinAt;
        var oldest = _edge - _limits.MinWindow;
        var index = _log.First;
        while (index < _log.Next && _log.TryGet(index, out var frame)
            && (_bytes > _limits.MaxBytes || (index < keep && frame.Dts < oldest)))
        {
            _bytes -= frame.Payload.Length;
            index++;
        }

        _log.TrimBefore(index);
        if (_joinAt >= 0 && _joinAt < _log.First)
        {
            // The newest keyframe is gone: nobody can join until the next one.
            Volatile.Write(ref _joinAt, -1);
        }
    }
}
