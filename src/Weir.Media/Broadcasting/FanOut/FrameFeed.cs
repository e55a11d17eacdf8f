namespace Weir.Media.Broadcasting.FanOut;

/// <summary>How a protocol that sends whole frames in FLV's terms writes them.</summary>
/// <param name="Frame">A media frame's bytes, the same for every viewer.</param>
/// <param name="Opening">What comes before the first frame.</param>
/// <param name="Configuration">A track's configuration at a time stamp of milliseconds.</param>
/// <param name="Goodbye">What comes after the last frame.</param>
/// <param name="Outlet">The tag of its counters.</param>
public sealed record FrameForm(
    Func<Frame, byte[]> Frame, Func<Track?, Track?, byte[]> Opening, Func<Track, uint, byte[]> Configuration, Func<byte[]> Goodbye, string Outlet);

/// <summary>A viewer of frames: from the newest keyframe on, skipping where they fall behind, until the broadcast ends.</summary>
public sealed class FrameFeed(Timeline timeline, FrameForm form, LagPolicy policy, TimeProvider clock) : Feed
{
    private readonly LiveCursor _cursor = new(timeline, policy, clock);
    private Replies _replies; // a struct that changes: not readonly
    private readonly KeyValuePair<string, object?> _outlet = new("outlet", form.Outlet);
    private Track? _video;
    private Track? _audio;
    private int _skips;
    private bool _opened;
    private bool _parted;

    public override ILog Log => timeline.Log;

    public override object Form => form;

    public override bool HasBegun => _opened;

    /// <summary>There is something to begin with, or there never will be.</summary>
    public bool IsReady => _opened || _cursor.IsEnded || _cursor.TracksAhead() is not null;

    /// <summary>Nothing was ever sent, and nothing will be.</summary>
    public bool IsEmpty => !_opened && _cursor.IsEnded && _cursor.TracksAhead() is null;

    /// <summary>Adds an answer to the peer; from any thread. False when too many wait.</summary>
    public bool Reply(byte[] bytes) => _replies.TryAdd(bytes);

    public override FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes)
    {
        if (_replies.TryTake(out var reply))
        {
            bytes = reply;
            return FeedState.Bytes;
        }

        if (!_opened)
        {
            return Open(out bytes);
        }

        var state = Follow(shared, out bytes);
        CountSkips();
        return state;
    }

    public override ValueTask WaitAsync(CancellationToken cancellation) => _cursor.WaitAsync(cancellation);

    private FeedState Open(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (_cursor.TracksAhead() is not { } tracks)
        {
            return _cursor.IsEnded ? Part(out bytes) : FeedState.Nothing;
        }

        (_video, _audio) = tracks;
        _opened = true;
        bytes = form.Opening(_video, _audio);
        return FeedState.Bytes;
    }

    private FeedState Follow(Batch? shared, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        while (_cursor.TryPeek(out var first))
        {
            if (IsNews(first.Track!))
            {
                // The configuration first; the frame is still the next.
                bytes = form.Configuration(first.Track!, FlvForms.TimestampOf(first.Dts));
                return FeedState.Bytes;
            }

            if (shared is null)
            {
                bytes = form.Frame(first);
                _cursor.Advance(first.Index + 1);
                return FeedState.Bytes;
            }

            if (shared.From != first.Index)
            {
                Gather(shared, first);
            }

            if (IsTold(shared))
            {
                bytes = shared.Bytes;
                _cursor.Advance(shared.To);
                return timeline.Log.IsAhead(shared.To) ? FeedState.LastBytes : FeedState.Bytes;
            }

            // A track of it is news to this viewer, or its pictures refer to others that this viewer has not: frame by frame.
            bytes = form.Frame(first);
            _cursor.Advance(first.Index + 1);
            return FeedState.Bytes;
        }

        return _cursor.IsTooSlow ? FeedState.TooSlow : _cursor.IsEnded ? Part(out bytes) : FeedState.Nothing;
    }

    /// <summary>Everything from a frame on, up to where a track changes.</summary>
    private void Gather(Batch batch, Frame first)
    {
        batch.Begin(first.Index);
        for (var index = first.Index; timeline.Log.TryGet(index, out var frame); index++)
        {
            if (frame.Kind == FrameKind.Event)
            {
                batch.Pass();
                continue;
            }

            var known = (Track?)(frame.Kind == FrameKind.Video ? batch.First : batch.Second);
            if ((known is not null && !ReferenceEquals(known, frame.Track)) || !batch.TryAdd(form.Frame(frame)))
            {
                return;
            }

            if (frame.Kind == FrameKind.Video)
            {
                batch.First = frame.Track;
            }
            else
            {
                batch.Second = frame.Track;
            }
        }
    }

    private bool IsTold(Batch batch) =>
        (batch.First is null || (ReferenceEquals(batch.First, _video) && _cursor.HasKeyframe))
        && (batch.Second is null || ReferenceEquals(batch.Second, _audio));

    /// <summary>Takes note of the track; true when the viewer must be told its configuration.</summary>
    private bool IsNews(Track track)
    {
        ref var current = ref track.Kind == TrackKind.Video ? ref _video : ref _audio;
        if (ReferenceEquals(current, track))
        {
            return false;
        }

        var news = !track.Equals(current);
        current = track;
        return news;
    }

    private FeedState Part(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (_parted)
        {
            return FeedState.Ended;
        }

        _parted = true;
        var goodbye = form.Goodbye();
        bytes = goodbye;
        return goodbye.Length > 0 ? FeedState.Bytes : FeedState.Ended;
    }

    private void CountSkips()
    {
        if (_cursor.Skips > _skips)
        {
            MediaMeter.ViewerSkips.Add(_cursor.Skips - _skips, _outlet);
            _skips = _cursor.Skips;
        }
    }
}
