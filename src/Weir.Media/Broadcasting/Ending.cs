namespace Weir.Media.Broadcasting;

/// <summary>What a viewer is told when the broadcast has ended, so that they need ask nobody else.</summary>
/// <param name="Replay">There is a recording that this viewer's ticket opens.</param>
/// <param name="After">When this viewer asks for the replay: each has a moment of their own, so that not all come at once.</param>
/// <param name="Duration">Of the broadcast, in media time.</param>
/// <param name="StartedAt">Null when it never began.</param>
public sealed record Ending(bool Replay, TimeSpan After, TimeSpan Duration, DateTimeOffset? StartedAt)
{
    public static Ending WithoutReplay { get; } = new(false, TimeSpan.Zero, TimeSpan.Zero, null);
}
