using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Cmaf;

internal static class MediaTime
{
    /// <summary>Microseconds in units of a timescale.</summary>
    public static long ToUnits(long microseconds, long timescale) =>
        (microseconds / 1_000_000 * timescale) + (microseconds % 1_000_000 * timescale / 1_000_000);

    public static long FromUnits(long units, long timescale) =>
        (units / timescale * 1_000_000) + (units % timescale * 1_000_000 / timescale);
}

/// <summary>
/// Turns the video frames of one track into samples of exact durations. A frame is held until the next one tells how
/// long it lasts: guessing would leave gaps or overlaps that players stall on.
/// </summary>
internal sealed class VideoLane(long startAt)
{
    private const long Scale = InitSegment.VideoTimescale;
    private List<Mp4Sample> _done = [];
    private Frame? _held;
    private long _heldAt;
    private long _doneAt;
    private long _lastDuration = Scale / 30;

    /// <summary>Decoding time after the last completed sample, in units; never runs backwards.</summary>
    public long Next { get; private set; } = startAt;

    public int Count => _done.Count;

    /// <summary>Of the completed samples.</summary>
    public long DoneBytes { get; private set; }

    /// <summary>Duration of the completed samples, microseconds.</summary>
    public long DoneDuration => MediaTime.FromUnits(Next - _doneAt, Scale) * Math.Sign(_done.Count);

    public long? HeldSince => _held?.Dts;

    /// <summary>Where the held frame ends if nothing follows, microseconds.</summary>
    public long? HeldUntil => _held?.Dts + MediaTime.FromUnits(_lastDuration, Scale);

    public void Push(Frame frame)
    {
        // A new publisher may begin a little before the last known duration of the old one's last frame ran out.
        var at = Math.Max(MediaTime.ToUnits(frame.Dts, Scale), _held is null ? Next : _heldAt + 1);
        if (_held is not null)
        {
            Complete(at - _heldAt);
        }

        (_held, _heldAt) = (frame, at);
    }

    /// <summary>Completes the held frame with the last known duration. Returns its end, microseconds.</summary>
    public long? Flush()
    {
        if (_held is null)
        {
            return null;
        }

        var end = HeldUntil;
        Complete(_lastDuration);
        return end;
    }

    /// <summary>Takes the completed samples.</summary>
    public Mp4Run? Take()
    {
        if (_done.Count == 0)
        {
            return null;
        }

        var run = new Mp4Run(InitSegment.VideoTrackId, (ulong)_doneAt, IsVideo: true, _done);
        (_done, DoneBytes) = ([], 0);
        return run;
    }

    private void Complete(long duration)
    {
        var frame = _held!;
        if (_done.Count == 0)
        {
            _doneAt = _heldAt;
        }

        var composition = Math.Max(0, MediaTime.ToUnits(frame.Pts, Scale) - _heldAt);
        _done.Add(new Mp4Sample((uint)duration, (uint)composition, frame.IsKeyframe, frame.Payload));
        DoneBytes += frame.Payload.Length;
        Next = _heldAt + duration;
        _lastDuration = duration;
        _held = null;
    }
}

/// <summary>
/// Turns audio frames into samples timed by counting samples, since an encoder's time stamps are rounded. When the
/// count and the time stamps part by more than <see cref="Tolerance"/>, something was lost or doubled: a hole is
/// covered by the sample before it, an overlap by dropping frames, so that the track itself never has either.
/// </summary>
internal sealed class AudioLane(long rate, long startAt)
{
    /// <summary>Microseconds.</summary>
    public const long Tolerance = 40_000;

    private readonly long _tolerance = MediaTime.ToUnits(Tolerance, rate);
    private List<Mp4Sample> _done = [];
    private Frame? _held;
    private long _heldAt;
    private long _heldLength;
    private long _doneAt;
    private bool _started;

    /// <summary>Position after the last completed sample, in samples; never runs backwards.</summary>
    public long Next { get; private set; } = startAt;

    /// <summary>Frames dropped because they overlapped earlier ones.</summary>
    public long Dropped { get; private set; }

    public int Count => _done.Count;

    /// <summary>Duration of the completed samples, microseconds.</summary>
    public long DoneDuration => _done.Count == 0 ? 0 : MediaTime.FromUnits(Next - _doneAt, rate);

    /// <summary>Media time after the last completed sample, microseconds.</summary>
    public long DoneEnd => MediaTime.FromUnits(Next, rate);

    /// <summary>Media time at which the next frame is due, microseconds; null before the first.</summary>
    public long? Expected => _started ? MediaTime.FromUnits(_held is null ? Next : _heldAt + _heldLength, rate) : null;

    /// <summary>Media time of the last completed sample, microseconds.</summary>
    public long LastStart => MediaTime.FromUnits(Next - (_done.Count == 0 ? 0 : _done[^1].Duration), rate);

    public void Push(Frame frame)
    {
        var stamped = MediaTime.ToUnits(frame.Dts, rate);
        var counted = _held is null ? Next : _heldAt + _heldLength;
        var at = counted;
        if (!_started || stamped - counted > _tolerance)
        {
            at = Math.Max(stamped, counted);
        }
        else if (counted - stamped > _tolerance)
        {
            Dropped++;
            return;
        }

        var length = Length(frame);
        if (length <= 0)
        {
            Dropped++;
            return;
        }

        if (_held is not null)
        {
            Complete(at - _heldAt);
        }
        else
        {
            StartAfterHole(at);
        }

        (_held, _heldAt, _heldLength, _started) = (frame, at, length, true);
    }

    /// <summary>Completes a frame held since before <paramref name="before"/>: the track has gone quiet.</summary>
    public void ReleaseOlderThan(long before)
    {
        if (_held is { } held && held.Dts < before)
        {
            Complete(_heldLength);
        }
    }

    /// <summary>Completes the held frame.</summary>
    public void Flush()
    {
        if (_held is not null)
        {
            Complete(_heldLength);
        }
    }

    /// <summary>Takes completed samples that begin before <paramref name="end"/> (microseconds).</summary>
    public Mp4Run? Take(long end)
    {
        var limit = MediaTime.ToUnits(end, rate);
        var count = 0;
        var at = _doneAt;
        while (count < _done.Count && at < limit)
        {
            at += _done[count].Duration;
            count++;
        }

        return TakeCount(count, at);
    }

    public Mp4Run? TakeAll() => TakeCount(_done.Count, Next);

    private Mp4Run? TakeCount(int count, long end)
    {
        if (count == 0)
        {
            return null;
        }

        var samples = count == _done.Count ? _done : _done.GetRange(0, count);
        _done = count == _done.Count ? [] : _done.GetRange(count, _done.Count - count);
        var run = new Mp4Run(InitSegment.AudioTrackId, (ulong)_doneAt, IsVideo: false, samples);
        _doneAt = end;
        return run;
    }

    private void StartAfterHole(long at)
    {
        if (_done.Count > 0 && at != Next)
        {
            // A run's samples are contiguous: what is before a hole takes the hole into its last duration after all.
            var last = _done[^1];
            _done[^1] = last with { Duration = (uint)(last.Duration + (at - Next)) };
            Next = at;
        }
    }

    private int Length(Frame frame) => frame.Track!.SamplesPerFrame is > 0 and var fixedLength && frame.Track.Codec != Codec.Opus
        ? fixedLength
        : frame.Track.Codec == Codec.Opus ? OpusHeader.SamplesOf(frame.Payload.Span) : 1024;

    private void Complete(long duration)
    {
        if (_done.Count == 0)
        {
            _doneAt = _heldAt;
        }

        _done.Add(new Mp4Sample((uint)duration, 0, IsSync: true, _held!.Payload));
        Next = _heldAt + duration;
        _held = null;
    }
}
