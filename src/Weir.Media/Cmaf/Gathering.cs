using Weir.Media.Broadcasting;

namespace Weir.Media.Cmaf;

/// <summary>
/// The first frames of a publisher, kept until it is known which tracks there are: a fragment's init segment names them
/// all, and audio that appears a moment later would have to wait for the next keyframe.
/// </summary>
internal sealed class Gathering(PackagerLimits limits)
{
    private const int MostFrames = 1024;
    private readonly List<Frame> _frames = [];
    private Frame? _firstVideo;
    private Frame? _firstAudio;
    private long _newest;
    private long _bytes;

    public bool HasVideo => _firstVideo is not null;

    public bool HasAudio => _firstAudio is not null;

    public long Bytes => _bytes;

    public bool CanBegin => HasVideo || HasAudio;

    public Track? Video => _firstVideo?.Track;

    public Track? Audio { get; private set; }

    /// <summary>Where what was gathered begins; audio before the first picture is of no use to anybody.</summary>
    public long Start => (_firstVideo ?? _firstAudio)!.Dts;

    /// <returns>Frames given up to stay within bounds.</returns>
    public int Add(Frame frame)
    {
        var dropped = 0;
        if (_frames.Count == MostFrames || _bytes + frame.Payload.Length > limits.GatheredBytes)
        {
            dropped = _frames.Count;
            Clear();
            if (frame.Kind == FrameKind.Video && !frame.IsKeyframe)
            {
                return dropped + 1;
            }
        }

        if (frame.Kind == FrameKind.Video)
        {
            _firstVideo ??= frame;
        }
        else
        {
            _firstAudio ??= frame;
            Audio = frame.Track;
        }

        _newest = Math.Max(_newest, frame.Dts);
        _frames.Add(frame);
        _bytes += frame.Payload.Length;
        return dropped;
    }

    /// <param name="before">The tracks of what came before, if anything did.</param>
    public bool IsReady(InitSegment? before)
    {
        if (HasVideo)
        {
            return HasAudio || _newest - _firstVideo!.Dts >= limits.AwaitAudio;
        }

        var patience = before is { Video: null } ? limits.AwaitAudio : limits.AwaitVideo;
        return HasAudio && _newest - _firstAudio!.Dts >= patience;
    }

    /// <summary>Hands the frames over in their order and forgets them.</summary>
    public void Drain(Action<Frame> take)
    {
        var frames = _frames.ToArray();
        Clear();
        foreach (var frame in frames)
        {
            take(frame);
        }
    }

    public void Clear()
    {
        _frames.Clear();
        _firstVideo = _firstAudio = null;
        Audio = null;
        _newest = _bytes = 0;
    }
}
