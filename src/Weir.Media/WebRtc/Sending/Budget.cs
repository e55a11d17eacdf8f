namespace Weir.Media.WebRtc.Sending;

/// <summary>Bytes that may be sent: so many a second, and what was saved up to a bound.</summary>
internal sealed class Budget
{
    private readonly long _bytesPerSecond;
    private readonly long _burst;
    private long _left;
    private long _at;

    public Budget(long bytesPerSecond, long burst) => (_bytesPerSecond, _burst, _left) = (bytesPerSecond, burst, burst);

    public bool IsOpen => _left > 0;

    /// <param name="now">Microseconds.</param>
    public void Refill(long now)
    {
        var elapsed = Math.Clamp(now - _at, 0, 1_000_000);
        _at = now;
        _left = Math.Min(_burst, _left + (elapsed * _bytesPerSecond / 1_000_000));
    }

    public void Spend(int bytes) => _left -= bytes;
}
