using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>What all viewers of an ended broadcast are told, each with a moment of their own for the replay.</summary>
/// <param name="Replay">There is a recording, or it is about to be closed.</param>
/// <param name="NotBefore">What the recording may still need.</param>
/// <param name="Viewers">Among how many the requests are spread.</param>
internal sealed record Farewell(bool Replay, TimeSpan NotBefore, TimeSpan Duration, DateTimeOffset? StartedAt, int Viewers = 0)
{
    /// <summary>So many viewers a second come to the replay, as long as that takes no more than <see cref="Longest"/>.</summary>
    private const double PerSecond = 500;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>In how much time all of them come.</summary>
    private TimeSpan Window => TimeSpan.FromSeconds(Math.Clamp(Viewers / PerSecond, Shortest.TotalSeconds, Longest.TotalSeconds));

    /// <param name="place">Where in the window, from 0 to 1.</param>
    public Ending To(double place) => new(Replay, Replay ? NotBefore + (place * Window) : TimeSpan.Zero, Duration, StartedAt);
}
