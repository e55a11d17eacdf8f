using Weir.Media.Broadcasting;

namespace Weir.Media.WebRtc.Sending;

/// <summary>
/// The media clock as one viewer sees it. It begins with the past between the keyframe and the edge pressed into a moment, so that a player catches up at once
/// instead of staying behind for ever, and it goes on through interruptions, which the timeline leaves out and the viewer lives through. Microseconds.
/// </summary>
internal sealed class ViewerClock
{
    /// <summary>How much faster what is past goes by.</summary>
    private const long Compression = 50;

    /// <summary>A timeline behind the wall by more than this after an interruption is moved on.</summary>
    private const long Tolerance = 250_000;

    private long _edge;
    private long _began;
    private long _shift;

    /// <param name="edge">Media time of the newest there is.</param>
    /// <param name="now">By the wall.</param>
    public void Begin(long edge, long now) => (_edge, _began, _shift) = (edge, now, 0);

    /// <summary>The first frame of a track after an interruption.</summary>
    public void GoOn(Frame frame, long now)
    {
        var behind = At(now) - (frame.Dts + _shift);
        if (behind > Tolerance)
        {
            _shift += behind;
        }
    }

    /// <summary>Where a frame stands.</summary>
    public long Of(long mediaTime) => mediaTime >= _edge ? mediaTime + _shift : _edge - ((_edge - mediaTime) / Compression);

    /// <summary>Where the clock is now, for sender reports.</summary>
    public long At(long now) => _edge + (now - _began);

    /// <summary>It was there before the viewer came.</summary>
    public bool IsPast(long mediaTime) => mediaTime < _edge;
}
