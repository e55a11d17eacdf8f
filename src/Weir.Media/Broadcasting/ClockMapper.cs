namespace Weir.Media.Broadcasting;

/// <summary>A publisher's time stamps on the timeline's clock, and what had to be done to get them there.</summary>
public readonly record struct MappedTime(long Dts, long Pts, bool Jumped);

/// <summary>
/// Puts one publisher's time stamps (microseconds, any origin) on the timeline: they begin where it ended, never run
/// backwards within a track, and a jump in either direction takes no media time.
/// </summary>
public sealed class ClockMapper
{
    /// <summary>A step beyond this is a jump, not a pause of the encoder's.</summary>
    public const long JumpThreshold = 3_000_000;

    /// <summary>A step back beyond this is a jump; a smaller one is an encoder's slip and is moved forward.</summary>
    public const long BackwardThreshold = 500_000;

    private const long MaxCompositionOffset = 10_000_000;
    private const long SmallestStep = 1_000;
    private const long TypicalStep = 33_000;

    private readonly long _startAt;
    private readonly long[] _last = [long.MinValue, long.MinValue];

    /// <summary>Of each track: after a jump the frames of the other one still come on the old clock for a moment.</summary>
    private readonly long?[] _offsets = [null, null];
    private long _offset;
    private long _edge;
    private bool _anchored;

    /// <param name="startAt">Media time of the first frame.</param>
    public ClockMapper(long startAt) => _startAt = _edge = startAt;

    /// <summary>Jumps of the publisher's clock so far.</summary>
    public int Jumps { get; private set; }

    /// <summary>Time stamps that ran backwards a little and were moved forward.</summary>
    public int Corrections { get; private set; }

    public MappedTime Map(TrackKind kind, long dts, long compositionOffset)
    {
        ref var last = ref _last[(int)kind];
        var jumped = false;
        if (!_anchored)
        {
            _anchored = true;
            _offset = _startAt - dts;
        }

        ref var own = ref _offsets[(int)kind];
        own ??= _offset;
        if (own != _offset && IsNear(dts + _offset, last)
            && (!IsNear(dts + own.Value, last) || Math.Abs(dts + _offset - last) < Math.Abs(dts + own.Value - last)))
        {
            own = _offset;
        }
        else if (!IsNear(dts + own.Value, last))
        {
            own = _offset = _edge + TypicalStep - dts;
            jumped = true;
            Jumps++;
        }

        var mapped = dts + own.Value;
        if (mapped < _startAt)
        {
            mapped = _startAt;
        }

        if (last != long.MinValue && mapped <= last)
        {
            mapped = last + SmallestStep;
            Corrections++;
        }

        last = mapped;
        _edge = Math.Max(_edge, mapped);
        var composition = compositionOffset is >= 0 and <= MaxCompositionOffset ? compositionOffset : 0;
        return new MappedTime(mapped, mapped + composition, jumped);
    }

    // A track may begin seconds behind the other: that is how its encoder sends it, and its time stamps are right.
    private bool IsNear(long mapped, long last) =>
        mapped <= _edge + JumpThreshold && mapped >= (last == long.MinValue ? _edge - JumpThreshold : last - BackwardThreshold);
}
