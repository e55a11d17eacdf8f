using System.Text.Json;

namespace Weir.Media.Broadcasting;

public enum BroadcastState : byte
{
    /// <summary>Nobody has published yet.</summary>
    Ready,
    Live,

    /// <summary>The publisher is gone and may come back.</summary>
    Interrupted,
    Ended,
}

/// <summary>Where a broadcast that a recording holds the beginning of goes on.</summary>
/// <param name="MediaTime">Media time of the next frame, microseconds.</param>
/// <param name="SegmentNumber">Number of the next segment, for HLS and the recording.</param>
/// <param name="DiscontinuityNumber">EXT-X-DISCONTINUITY-SEQUENCE of the next segment.</param>
public sealed record ResumePoint(long MediaTime, long SegmentNumber, long DiscontinuityNumber);

/// <summary>
/// One broadcast on a live node: its timeline, who publishes into it now and its state. Knows nothing of people,
/// tickets or sockets.
/// </summary>
public sealed class Broadcast
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private Publisher? _publisher;
    private double _breaks = Publisher.MaxBreaks;
    private long _breaksAt;

    /// <param name="resume">Null for a broadcast that has not begun; otherwise it waits, interrupted, for its publisher.</param>
    /// <param name="readableComment">As <see cref="CommentRoom"/> takes it; null only takes off outer blanks.</param>
    public Broadcast(
        Guid id, TimelineLimits limits, TimeProvider clock, ResumePoint? resume = null, Func<string, string?>? readableComment = null)
    {
        Id = id;
        Resume = resume ?? new ResumePoint(0, 0, 0);
        _clock = clock;
        Timeline = new Timeline(limits, clock, Resume.MediaTime);
        Comments = new CommentRoom(Timeline, clock, readableComment ?? (text => text.Trim()));
        Health = new StreamHealth(clock);
        State = resume is null ? BroadcastState.Ready : BroadcastState.Interrupted;
        InterruptedSince = clock.GetUtcNow();
        _breaksAt = clock.GetTimestamp();
    }

    /// <summary>Raised after every change of <see cref="State"/>, in order, outside the broadcast's lock. Handlers are quick.</summary>
    public event Action<Broadcast, BroadcastState>? StateChanged;

    public Guid Id { get; }

    internal TimeProvider Clock => _clock;

    public ResumePoint Resume { get; }

    public Timeline Timeline { get; }

    public CommentRoom Comments { get; }

    public StreamHealth Health { get; }

    public BroadcastState State { get; private set; }

    /// <summary>When the first frame ever came; null before.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>When the last publisher left; only meaningful in <see cref="BroadcastState.Interrupted"/>.</summary>
    public DateTimeOffset InterruptedSince { get; private set; }

    /// <summary>Who publishes now.</summary>
    public Publisher? Publisher => _publisher;

    /// <summary>Starts publishing. Whoever published before is replaced; null once the broadcast has ended.</summary>
    public Publisher? Publish(PublisherInfo info)
    {
        Publisher publisher;
        Publisher? replaced;
        lock (_lock)
        {
            if (State == BroadcastState.Ended)
            {
                return null;
            }

            replaced = _publisher;
            _publisher = publisher = new Publisher(this, info, continues: State != BroadcastState.Ready);
            Health.Restart(info, replaces: replaced is not null);
        }

        replaced?.Dismiss();
        return publisher;
    }

    /// <summary>A viewer needs a keyframe. False when the publisher cannot be asked for one: the next comes when it comes.</summary>
    public bool AskForKeyframe()
    {
        var ask = _publisher?.KeyframeWanted;
        ask?.Invoke();
        return ask is not null;
    }

    /// <summary>Ends for good. Open sessions see the log complete.</summary>
    public void End()
    {
        Publisher? publisher;
        lock (_lock)
        {
            if (State == BroadcastState.Ended)
            {
                return;
            }

            publisher = _publisher;
            _publisher = null;
            ChangeTo(BroadcastState.Ended);
            Timeline.Complete();
        }

        publisher?.Dismiss();
        StateChanged?.Invoke(this, BroadcastState.Ended);
    }

    internal bool Append(Publisher publisher, Track track, in MappedTime time, bool keyframe, bool afterDiscontinuity, ReadOnlyMemory<byte> payload)
    {
        var started = false;
        lock (_lock)
        {
            if (_publisher != publisher)
            {
                return false;
            }

            if (State != BroadcastState.Live)
            {
                StartedAt ??= _clock.GetUtcNow();
                ChangeTo(BroadcastState.Live);
                started = true;
            }

            Timeline.AppendMedia(track, time.Dts, time.Pts, keyframe, afterDiscontinuity, payload);
        }

        if (started)
        {
            StateChanged?.Invoke(this, BroadcastState.Live);
        }

        return true;
    }

    /// <summary>Takes one of <see cref="Publisher.MaxBreaks"/>.</summary>
    internal bool MayBreak()
    {
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            var back = _clock.GetElapsedTime(_breaksAt, now).TotalSeconds / Publisher.SecondsOfBreak;
            _breaks = Math.Min(Publisher.MaxBreaks, _breaks + back);
            _breaksAt = now;
            if (_breaks < 1)
            {
                return false;
            }

            _breaks--;
            return true;
        }
    }

    internal void Leave(Publisher publisher)
    {
        var interrupted = false;
        lock (_lock)
        {
            if (_publisher != publisher)
            {
                return;
            }

            _publisher = null;
            if (State == BroadcastState.Live)
            {
                InterruptedSince = _clock.GetUtcNow();
                ChangeTo(BroadcastState.Interrupted);
                interrupted = true;
            }
        }

        if (interrupted)
        {
            StateChanged?.Invoke(this, BroadcastState.Interrupted);
        }
    }

    private void ChangeTo(BroadcastState state)
    {
        State = state;
        var json = JsonSerializer.SerializeToUtf8Bytes(
            new StateEvent("state", state.ToString().ToLowerInvariant()), EventJson.Default.StateEvent);
        if (state != BroadcastState.Ended)
        {
            Timeline.AppendEvent(_ => new TimelineEvent("state", json));
        }
    }
}
