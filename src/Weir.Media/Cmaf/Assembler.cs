using Weir.Media.Broadcasting;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Cmaf;

/// <summary>
/// Frames in, fragments out: which tracks there are, where fragments and segments end, and what their times are.
/// Synchronous and without a clock of its own, so that a recorded sequence of frames gives the same bytes every time.
/// </summary>
/// <remarks>
/// Composition offsets are kept as they came (presentation never before decoding), without an edit list and without
/// negative offsets: MSE, Safari and hls.js then place video and audio by the same clock by themselves, and ffmpeg does
/// not shift one against the other. The price is that with B-frames the picture of a segment begins by the reorder
/// delay later than its audio, which matters once, at the start, where players begin at the later of the two.
/// </remarks>
internal sealed partial class Assembler
{
    private readonly Action<CmafItem> _emit;
    private readonly PackagerLimits _limits;
    private readonly Segmenter _segmenter;
    private readonly Gathering _gathering;
    private readonly bool _resumed;
    private InitSegment? _init;
    private VideoLane? _video;
    private AudioLane? _audio;
    private bool _isGathering = true;
    private bool _expectsAudioFlag;
    private bool _discontinuity;
    private bool _startsSegment = true;
    private long _discontinuityNumber;
    private uint _sequence;
    private long _segmentBytes;
    private int _initCount;
    private long _end;
    private long _firstWallClock;
    private long _lastWallClock;
    private long _videoNext;
    private (long Units, int Rate) _audioNext = (0, 1);
    private Track? _latestAudio;
    private long _latestVideoDts;
    private long _lastPicture = long.MinValue;
    private long _rarestPictures;

    public Assembler(PackagerLimits limits, ResumePoint resume, Action<CmafItem> emit)
    {
        (_limits, _emit) = (limits, emit);
        _resumed = resume.MediaTime > 0;
        _segmenter = new Segmenter(resume.SegmentNumber);
        _discontinuityNumber = resume.DiscontinuityNumber;
        _end = resume.MediaTime;
        _gathering = new Gathering(limits);
    }

    public InitSegment? Init => _init;

    /// <summary>Bytes of frames that no fragment has yet.</summary>
    public long Held => _gathering.Bytes + (_video?.DoneBytes ?? 0);

    public int? TargetDuration => _segmenter.Target;

    public long? PartTarget => _parts.IsFixed ? _parts.Target : null;

    /// <summary>Frames that could not be used: of a track that must wait for a keyframe, or overlapping earlier audio.</summary>
    public long Dropped { get; private set; }

    public void Push(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Event:
                if (frame.Event!.Type == "state")
                {
                    Flush();
                }

                _emit(new CmafEvent(frame.Event, frame.Dts, frame.WallClock));
                break;
            case FrameKind.Video:
                PushMedia(frame, frame.AfterDiscontinuity && frame.IsKeyframe);
                break;
            default:
                var interrupted = frame.AfterDiscontinuity && !_expectsAudioFlag;
                _expectsAudioFlag &= !frame.AfterDiscontinuity;
                PushMedia(frame, interrupted);
                break;
        }
    }

    /// <summary>Nothing may follow for a while: gives out what is held back.</summary>
    public void Flush()
    {
        if (_isGathering)
        {
            if (_gathering.CanBegin)
            {
                Begin();
            }
            else
            {
                return;
            }
        }

        FlushLanes();
    }

    /// <summary>Frames were missed: begins anew at the next keyframe, marked as a discontinuity.</summary>
    public void Reset()
    {
        FlushLanes();
        _gathering.Clear();
        _isGathering = true;
    }

    private void PushMedia(Frame frame, bool interrupted)
    {
        if (interrupted && !_isGathering)
        {
            _isGathering = true;
        }

        if (!_isGathering)
        {
            Run(frame);
            return;
        }

        if (frame.Kind == FrameKind.Video && !frame.IsKeyframe && !_gathering.HasVideo)
        {
            // A new publisher's first picture is a keyframe. This is the old one, whose clock jumped: nothing is lost.
            if (_init?.Video is not null && _gathering.HasAudio)
            {
                _isGathering = false;
                _gathering.Drain(Run);
                Run(frame);
                return;
            }

            Dropped++;
            return;
        }

        Dropped += _gathering.Add(frame);
        if (_gathering.IsReady(_init))
        {
            Begin();
        }
    }

    /// <summary>The tracks of what comes are known: goes on with them.</summary>
    private void Begin()
    {
        FlushLanes();
        _isGathering = false;
        _expectsAudioFlag = !_gathering.HasAudio;
        _soundBehind = 0;
        var start = _gathering.Start;
        Switch(_gathering.Video, _gathering.Audio, start);
        _gathering.Drain(frame =>
        {
            if (frame.Dts >= start)
            {
                Run(frame);
            }
            else
            {
                Dropped++;
            }
        });
    }

    /// <summary>From here on these tracks. The lanes are empty.</summary>
    private void Switch(Track? video, Track? audio, long start)
    {
        if (_init is not null)
        {
            _discontinuity = true;
            _discontinuityNumber++;
        }
        else
        {
            _discontinuity = _resumed;
        }

        if (_init is null || !_init.Has(video, audio))
        {
            _init = new InitSegment(_initCount++, video, audio);
        }

        if (!_startsSegment)
        {
            EndSegment(whole: false);
        }

        _end = Math.Max(_end, start);
        _segmenter.Begin(_end);
        BeginPart();
        _startsSegment = true;
        _video = video is null ? null : new VideoLane(_videoNext);
        _audio = audio is null ? null : NewAudioLane(InitSegment.AudioTimescale(audio));
        _silence = audio is null ? null : Silence.In(audio);
        (_latestVideoDts, _edgeAtLatestAudio, _latestAudio, _picturesSinceSound) = (start, start, audio, 0);
    }

    private AudioLane NewAudioLane(int rate) => new(rate, rate == _audioNext.Rate
        ? _audioNext.Units
        : MediaTime.ToUnits(MediaTime.FromUnits(_audioNext.Units, _audioNext.Rate), rate) + 1);

    private void Run(Frame frame)
    {
        if (frame.Kind == FrameKind.Video)
        {
            RunVideo(frame);
        }
        else
        {
            RunAudio(frame);
        }
    }

    private void RunVideo(Frame frame)
    {
        var init = _init!;
        NotePicture(frame.Dts);
        if (frame.IsKeyframe)
        {
            var audio = _silence is not null || frame.Dts - _edgeAtLatestAudio < _limits.TrackSilence ? _latestAudio : null;
            if (!init.Has(frame.Track, audio))
            {
                FlushLanes();
                Switch(frame.Track, audio, frame.Dts);
            }
        }
        else if (_video is null || !InitSegment.Same(init.Video, frame.Track))
        {
            Dropped++;
            return;
        }

        _latestVideoDts = frame.Dts;
        NoteArrival(frame);
        FillMissingSound(frame);
        if (_video!.HeldSince is { } since)
        {
            NoteStep(frame.Dts - since);
            MakeRoom(since, frame.Dts);
        }

        _video.Push(frame);
        _audio?.ReleaseOlderThan(frame.Dts - _limits.LongestAudioHold);
        if (_video.Count > 0
            && (frame.IsKeyframe || _video.DoneDuration >= _limits.FragmentDuration || _video.DoneBytes >= _limits.FragmentBytes
                || _parts.ShouldEnd(frame.Dts, _latestStep)))
        {
            EmitUpTo(frame.Dts, frame.IsKeyframe);
        }

        _firstWallClock = _video.Count == 0 ? frame.WallClock : _firstWallClock;
    }

    private void RunAudio(Frame frame)
    {
        _latestAudio = frame.Track;

        // Not its own time alone: an encoder may send sound seconds behind its pictures, which is not silence.
        _edgeAtLatestAudio = Math.Max(frame.Dts, _latestVideoDts);
        (_soundBehind, _picturesSinceSound) = (_edgeAtLatestAudio - frame.Dts, 0);
        if (_video is not null && frame.Dts - _latestVideoDts > Math.Max(_limits.VideoSilence, 2 * _rarestPictures))
        {
            FlushLanes();
            Switch(null, frame.Track, frame.Dts);
        }
        else if (!InitSegment.Same(_init!.Audio, frame.Track))
        {
            if (_video is not null)
            {
                // MSE and HLS can change tracks only where a decoder can begin: at the next keyframe.
                Dropped++;
                return;
            }

            FlushLanes();
            Switch(null, frame.Track, frame.Dts);
        }

        NoteArrival(frame);
        FillHole(frame);
        TakeSound(frame);
    }

    /// <summary>Where pictures are known to be rare, the next one is waited for longer before the broadcast is taken for sound
    /// alone.</summary>
    private void NotePicture(long time)
    {
        const long rarest = 10_000_000;
        var gap = _lastPicture == long.MinValue ? 0 : Math.Clamp(time - _lastPicture, 0, rarest);
        _rarestPictures = Math.Max(gap, _rarestPictures * 7 / 8);
        _lastPicture = time;
    }

    // A picture once a second (a shared screen) must not hold the sound back until the next one.
    private bool IsAudioFarAhead(AudioLane audio) => _video!.Count == 0 && audio.Count > 0
        && audio.DoneEnd - _end >= _limits.LongestAudioWait && _parts.IsLongEnough(audio.DoneEnd);

    private void NoteArrival(Frame frame)
    {
        _lastWallClock = frame.WallClock;
        if (_firstWallClock == 0)
        {
            _firstWallClock = frame.WallClock;
        }
    }

    private bool EmitUpTo(long cut, bool beforeKeyframe)
    {
        var end = Math.Max(_end, cut);
        var ends = _segmenter.ShouldEnd(end, end - _end, beforeKeyframe, _video is not null);
        return Emit(_video?.Take(), _audio?.Take(end), end, ends, whole: true);
    }

    private void FlushLanes()
    {
        _audio?.Flush();
        if (_video is { HeldSince: { } since, HeldUntil: { } until })
        {
            MakeRoom(since, until);
        }

        var end = _video?.Flush() ?? _end;
        if (_video is null && _audio is { Count: > 0 })
        {
            MakeRoom(_audio.LastStart, _audio.DoneEnd);
            end = Math.Max(end, _audio.DoneEnd);
        }

        Emit(_video?.Take(), _audio?.TakeAll(), Math.Max(end, _end), ends: true, whole: false);
        _videoNext = _video?.Next ?? _videoNext;
        _audioNext = _audio is null ? _audioNext : (_audio.Next, InitSegment.AudioTimescale(_init!.Audio!));
        _firstWallClock = 0;
    }

    /// <returns>False where there was nothing.</returns>
    private bool Emit(Mp4Run? video, Mp4Run? audio, long end, bool ends, bool whole, bool endsPart = false)
    {
        if (video is null && audio is null)
        {
            return false;
        }

        ReadOnlySpan<Mp4Run> runs = video is { } v ? audio is { } a ? [v, a] : [v] : [audio!.Value];
        var data = FragmentWriter.Write(++_sequence, runs, Fragment.Room).AsMemory(Fragment.Room);
        _segmentBytes += data.Length;
        ends |= _segmentBytes >= _limits.SegmentBytes;
        endsPart |= ends || _parts.ShouldEnd(end, _latestStep);
        var fragment = new Fragment(audio)
        {
            Sequence = _sequence,
            Init = _init!,
            Data = data,
            SegmentNumber = _segmenter.Number,
            DiscontinuityNumber = _discontinuityNumber,
            Pictures = video?.Samples.Count ?? 0,
            StartsSegment = _startsSegment,
            EndsSegment = ends,
            StartsPart = _startsPart,
            EndsPart = endsPart,
            Independent = _video is null || (video is { } first && first.Samples[0].IsSync),
            Discontinuity = _discontinuity,
            Start = _end,
            Duration = end - _end,
            WallClock = _firstWallClock != 0 ? _firstWallClock : _lastWallClock,
        };
        (_discontinuity, _startsSegment, _startsPart) = (false, false, false);
        _end = end;
        _firstWallClock = 0;
        if (ends)
        {
            EndSegment(whole);
        }
        else if (endsPart)
        {
            BeginPart();
        }

        _emit(fragment);
        return true;
    }
}
