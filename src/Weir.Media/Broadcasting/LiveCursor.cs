using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Broadcasting;

/// <summary>How far behind a viewer may be, and how often it may skip, before it is let go.</summary>
public sealed record LagPolicy
{
    /// <summary>Media time behind the edge after which the viewer goes on at the newest keyframe, microseconds.</summary>
    public long MaxLag { get; init; } = 5_000_000;

    /// <summary>Skips within <see cref="SkipWindow"/> after which the viewer is disconnected.</summary>
    public int MaxSkips { get; init; } = 10;

    public TimeSpan SkipWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A single write that takes longer ends the session.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// One viewer's place in a timeline. It begins at the newest keyframe, and where it falls behind by more than the policy
/// allows it goes on at a newer one. Where it begins at sound alone, pictures are left out until a keyframe; events always
/// are. One reader at a time.
/// </summary>
public sealed class LiveCursor(Timeline timeline, LagPolicy policy, TimeProvider clock)
{
    private const long Unjoined = -1;

    // Bounded by MaxSkips: older ones are dropped when the window is checked.
    private readonly Queue<long> _skips = new();
    private long _next = Unjoined;
    private long _looked;
    private bool _hasKeyframe;

    /// <summary>Skips so far.</summary>
    public int Skips { get; private set; }

    /// <summary>The viewer skipped more often than the policy allows.</summary>
    public bool IsTooSlow { get; private set; }

    /// <summary>A keyframe was read since the place where this reader began: it can decode the pictures that follow.</summary>
    public bool HasKeyframe => _hasKeyframe;

    /// <summary>Nothing will follow what was read.</summary>
    public bool IsEnded => timeline.Log.IsCompleted && (_next == Unjoined ? timeline.JoinIndex < 0 : _next >= timeline.Log.Next);

    /// <summary>The next media frame if there is one now.</summary>
    public bool TryNext([NotNullWhen(true)] out Frame? frame)
    {
        if (!TryPeek(out frame))
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <summary>Goes on at an entry after the one that <see cref="TryPeek"/> gave.</summary>
    public void Advance(long next) => _next = next;

    /// <summary>The same, and it stays the next.</summary>
    public bool TryPeek([NotNullWhen(true)] out Frame? frame)
    {
        frame = null;
        if (_next == Unjoined)
        {
            _looked = timeline.Log.Next;
            var join = timeline.JoinIndex;
            if (join < 0)
            {
                return false;
            }

            _next = join;
        }

        while (!IsTooSlow && _next < timeline.Log.Next)
        {
            if (!timeline.Log.TryGet(_next, out frame))
            {
                // Trimmed before it was read.
                if (!Skip())
                {
                    return false;
                }

                continue;
            }

            if (timeline.Edge - frame.Dts > policy.MaxLag && timeline.JoinIndex > _next)
            {
                Skip();
                continue;
            }

            if (frame.Kind == FrameKind.Video && frame.IsKeyframe)
            {
                _hasKeyframe = true;
            }

            if (frame.Kind == FrameKind.Audio || (frame.Kind == FrameKind.Video && _hasKeyframe))
            {
                return true;
            }

            _next++;
        }

        frame = null;
        return false;
    }

    /// <summary>Completes when <see cref="TryNext"/> may give something, or nothing will come any more. May complete early.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation) =>
        timeline.Log.WaitAsync(_next == Unjoined ? _looked : _next, cancellation);

    /// <summary>
    /// The tracks between the place to join and the edge, null while that is not settled: another track may only show
    /// itself a moment later, and a player that was promised too little never asks for it.
    /// </summary>
    public (Track? Video, Track? Audio)? TracksAhead()
    {
        const long settlingTime = 1_000_000;
        _looked = timeline.Log.Next;
        var join = timeline.JoinIndex;
        if (join < 0)
        {
            return null;
        }

        Track? video = null;
        Track? audio = null;
        var first = long.MaxValue;
        for (var index = timeline.Log.First; index < _looked && (video is null || audio is null); index++)
        {
            if (!timeline.Log.TryGet(index, out var frame) || frame.Kind == FrameKind.Event)
            {
                continue;
            }

            // Frames before the place to join tell how long there has been one kind only, not what comes.
            first = Math.Min(first, frame.Dts);
            if (index >= join)
            {
                video ??= frame.Kind == FrameKind.Video ? frame.Track : null;
                audio ??= frame.Kind == FrameKind.Audio ? frame.Track : null;
            }
        }

        video ??= timeline.RunningVideo;
        audio ??= timeline.RunningAudio;
        var complete = video is not null && audio is not null;
        return complete || (first != long.MaxValue && timeline.Edge - first >= settlingTime) || timeline.Log.IsCompleted
            ? (video, audio)
            : null;
    }

    private bool Skip()
    {
        var join = timeline.JoinIndex;

        // Without a newer keyframe the next one will do: nothing between can be decoded.
        var to = join > _next ? join : Unjoined;
        _next = to;
        _hasKeyframe = false;
        Skips++;
        var now = clock.GetTimestamp();
        while (_skips.TryPeek(out var oldest) && clock.GetElapsedTime(oldest, now) > policy.SkipWindow)
        {
            _skips.Dequeue();
        }

        _skips.Enqueue(now);
        IsTooSlow = _skips.Count > policy.MaxSkips;
        return to != Unjoined;
    }
}
