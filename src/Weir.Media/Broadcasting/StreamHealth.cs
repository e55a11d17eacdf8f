namespace Weir.Media.Broadcasting;

/// <summary>What the host is told of the stream that arrives, over the last few seconds.</summary>
public sealed record HealthReport(
    int VideoKbps,
    int AudioKbps,
    double Fps,
    int KeyframeIntervalMs,
    int Gaps,
    int Width,
    int Height,
    string? Video,
    string? Audio,
    string Encoder,
    IReadOnlyList<string> Warnings);

/// <summary>Measures a publisher's stream by media time and says in codes what hurts. The codes are in docs/protocol.md.</summary>
public sealed class StreamHealth(TimeProvider clock)
{
    /// <summary>Media time without any frame of a track that counts as a gap, microseconds.</summary>
    private const long GapThreshold = 1_000_000;
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(5);

    /// <summary>How long the host is told that the encoder was sent away, which connects again by itself.</summary>
    private static readonly TimeSpan TooMuchShown = TimeSpan.FromMinutes(1);

    /// <summary>Sound further behind its pictures than this at its arrival, microseconds: viewers wait for it.</summary>
    private const long LateSound = 1_000_000;

    /// <summary>So many publishers replaced within <see cref="ReplacedWithin"/> are two encoders that throw each other out.</summary>
    private const int MostReplaced = 3;
    private static readonly TimeSpan ReplacedWithin = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _tooMuchAt;
    private long? _tooManyBreaksAt;
    private long? _tooManyOnAirAt;
    private string _encoder = "";
    private long _since;
    private Track? _video;
    private Track? _audio;
    private long _videoBytes;
    private long _audioBytes;
    private int _pictures;
    private long _lastVideo = long.MinValue;
    private long _lastAudio = long.MinValue;
    private long _lastKeyframe = long.MinValue;
    private long _keyframeInterval;
    private int _gaps;
    private int _jumps;
    private int _corrections;
    private int _droppedBeforeKeyframe;
    private int _unsupported;
    private bool _reordered;
    private bool _openGroups;
    private bool _lateSound;

    // Bounded by MostReplaced. Kept over restarts: each replacement is one.
    private readonly Queue<long> _replaced = new();
    private long _windowStart;

    /// <param name="replaces">Another publisher was still there.</param>
    internal void Restart(PublisherInfo info, bool replaces)
    {
        lock (_lock)
        {
            if (replaces)
            {
                if (_replaced.Count == MostReplaced)
                {
                    _replaced.Dequeue();
                }

                _replaced.Enqueue(clock.GetTimestamp());
            }

            _encoder = info.Encoder;
            _since = _windowStart = clock.GetTimestamp();
            _video = _audio = null;
            _videoBytes = _audioBytes = _pictures = 0;
            _lastVideo = _lastAudio = _lastKeyframe = long.MinValue;
            _keyframeInterval = 0;
            _droppedBeforeKeyframe = _unsupported = 0;
            _reordered = _openGroups = _lateSound = false;
        }
    }

    internal void Describe(Publisher publisher, string encoder)
    {
        lock (_lock)
        {
            // A publisher that was replaced must not name its successor's encoder.
            if (publisher.Broadcast.Publisher == publisher)
            {
                _encoder = encoder;
            }
        }
    }

    /// <summary>The publisher sent a codec that no outlet here carries; its frames are dropped.</summary>
    public void DroppedUnsupported()
    {
        lock (_lock)
        {
            _unsupported++;
        }
    }

    /// <summary>The publisher was sent away because of <see cref="Publisher.MaxBytesPerSecond"/>.</summary>
    internal void TooMuch()
    {
        lock (_lock)
        {
            _tooMuchAt = clock.GetTimestamp();
        }
    }

    /// <summary>The publisher was sent away because of <see cref="Publisher.MaxBreaks"/>.</summary>
    internal void TooManyBreaks()
    {
        lock (_lock)
        {
            _tooManyBreaksAt = clock.GetTimestamp();
        }
    }

    /// <summary>A publisher was refused: its host has as many broadcasts on air as one may have.</summary>
    public void TooManyOnAir()
    {
        lock (_lock)
        {
            _tooManyOnAirAt = clock.GetTimestamp();
        }
    }

    /// <summary>A publisher was refused within the last minute.</summary>
    public bool RefusedPublisher
    {
        get
        {
            lock (_lock)
            {
                return SentAway(_tooManyOnAirAt, "").Length > 0;
            }
        }
    }

    /// <summary>Some keyframes are no pictures that a viewer can begin with.</summary>
    internal void OpenGroups()
    {
        lock (_lock)
        {
            _openGroups = true;
        }
    }

    internal void DroppedBeforeKeyframe()
    {
        lock (_lock)
        {
            _droppedBeforeKeyframe++;
        }
    }

    internal void Count(Track track, in MappedTime time, bool keyframe, long compositionOffset, int bytes, int jumps, int corrections)
    {
        lock (_lock)
        {
            _jumps = jumps;
            _corrections = corrections;
            if (track.Kind == TrackKind.Audio)
            {
                _audio = track;
                _audioBytes += bytes;
                _gaps += IsGap(_lastAudio, time.Dts);
                _lastAudio = time.Dts;
                _lateSound = _lastVideo - time.Dts > LateSound;
                return;
            }

            _video = track;
            _videoBytes += bytes;
            _pictures++;
            _gaps += IsGap(_lastVideo, time.Dts);
            _lastVideo = time.Dts;
            _reordered |= compositionOffset > 0;
            if (keyframe)
            {
                if (_lastKeyframe != long.MinValue)
                {
                    _keyframeInterval = time.Dts - _lastKeyframe;
                }

                _lastKeyframe = time.Dts;
            }
        }
    }

    /// <summary>Reports since the last call and starts the next window.</summary>
    public HealthReport Take()
    {
        lock (_lock)
        {
            var seconds = Math.Max(clock.GetElapsedTime(_windowStart).TotalSeconds, 0.001);
            var settled = clock.GetElapsedTime(_since) >= SettlingTime;
            var interval = _lastKeyframe == long.MinValue ? 0 : Math.Max(_keyframeInterval, _lastVideo - _lastKeyframe);
            var fps = _pictures / seconds;
            var videoKbps = (int)(_videoBytes * 8 / seconds / 1000);
            var report = new HealthReport(
                videoKbps,
                (int)(_audioBytes * 8 / seconds / 1000),
                Math.Round(fps, 1),
                (int)(interval / 1000),
                _gaps,
                _video?.Width ?? 0,
                _video?.Height ?? 0,
                _video?.CodecString,
                _audio?.CodecString,
                _encoder,
                [
                    .. SentAway(_tooMuchAt, "tooMuch"),
                    .. SentAway(_tooManyBreaksAt, "tooManyBreaks"),
                    .. SentAway(_tooManyOnAirAt, "tooManyOnAir"),
                    .. Warnings(settled, interval, fps, videoKbps),
                ]);
            _windowStart = clock.GetTimestamp();
            _videoBytes = _audioBytes = _pictures = 0;
            return report;
        }
    }

    private string[] SentAway(long? when, string code) => when is { } at && clock.GetElapsedTime(at) < TooMuchShown ? [code] : [];

    private static int IsGap(long last, long now) => last != long.MinValue && now - last > GapThreshold ? 1 : 0;

    private List<string> Warnings(bool settled, long interval, double fps, int videoKbps)
    {
        List<string> codes = [];

        // Encoders that replace each other never settle.
        if (_replaced.Count == MostReplaced && clock.GetElapsedTime(_replaced.Peek()) < ReplacedWithin)
        {
            codes.Add("twoEncoders");
        }

        if (!settled)
        {
            return codes;
        }

        void Add(bool applies, string code)
        {
            if (applies)
            {
                codes.Add(code);
            }
        }

        Add(_unsupported > 0, "unsupportedCodec");
        Add(_video is null && _droppedBeforeKeyframe > 0, "noKeyframe");
        Add(_video is null && _droppedBeforeKeyframe == 0, "noVideo");
        Add(_audio is null, "noAudio");
        Add(interval > 4_000_000, "longKeyframeInterval");
        Add(_keyframeInterval is > 0 and < 500_000, "shortKeyframeInterval");
        Add(videoKbps > 8_000, "highBitrate");
        Add(_video is not null && fps < 15, "lowFrameRate");
        Add(_gaps > 0, "gaps");
        Add(_jumps + _corrections > 3, "clockJumps");
        Add(_reordered, "bFrames");
        Add(_openGroups, "openGroups");
        Add(_audio is { PlaysInBrowsers: false }, "audioLayout");
        Add(_lateSound, "lateSound");
        return codes;
    }
}
