namespace Weir.Social.Tests.Access;

/// <summary>
/// The time of day stands still once the world is made, so that nothing in it grows too old on a slow machine. The clock that limits are
/// counted by can be set forward: who calls all routes one after the other is not turned away.
/// </summary>
internal sealed class AccessClock : TimeProvider
{
    private long _forward;
    private DateTimeOffset? _stopped;

    public void Stop() => _stopped = base.GetUtcNow();

    /// <summary>Every limit is as if nobody had called for long.</summary>
    public void Forget() => Interlocked.Add(ref _forward, TimestampFrequency * 60 * 60 * 6);

    public override DateTimeOffset GetUtcNow() => _stopped ?? base.GetUtcNow();

    public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _forward);
}
