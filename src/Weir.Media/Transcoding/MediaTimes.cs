namespace Weir.Media.Transcoding;

/// <summary>
/// The time of what comes out, by the time of what went in. A transcoder knows samples only, so both sides are counted; where the input's clock left
/// its count (a gap, a drift), what comes out after that point follows it. Microseconds. One writer and one reader.
/// </summary>
internal sealed class MediaTimes
{
    /// <summary>Encoders' time stamps are rounded to milliseconds; what is less than this is no gap.</summary>
    private const long Tolerance = 25_000;
    private const int MostAnchors = 64;

    private readonly Lock _lock = new();
    private readonly Queue<(long Count, long Time)> _anchors = new();
    private (long Count, long Time) _newest;
    private (long Count, long Time) _current;
    private bool _started;

    /// <param name="counted">Duration of all that went in before.</param>
    /// <param name="time">Of this frame.</param>
    public void In(long counted, long time)
    {
        lock (_lock)
        {
            if (_started && Math.Abs(time - (_newest.Time + counted - _newest.Count)) <= Tolerance)
            {
                return;
            }

            _newest = (counted, time);
            if (!_started)
            {
                _started = true;
                _current = _newest;
                return;
            }

            _anchors.Enqueue(_newest);
            if (_anchors.Count > MostAnchors)
            {
                _current = _anchors.Dequeue();
            }
        }
    }

    /// <param name="counted">Duration of all that came out before.</param>
    public long Out(long counted)
    {
        lock (_lock)
        {
            while (_anchors.TryPeek(out var next) && next.Count <= counted)
            {
                _current = _anchors.Dequeue();
            }

            return _current.Time + counted - _current.Count;
        }
    }
}
