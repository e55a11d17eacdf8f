using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>Bounds of the messenger.</summary>
internal sealed record ConversationLimits
{
    /// <summary>Messages in one transaction.</summary>
    public int MaxBatch { get; init; } = 256;

    /// <summary>Messages that wait for the writer. One more is refused with 503 at once: its sender tries again, and nothing was promised.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>Messages that one person may send at once, before they come back one by one.</summary>
    public int SendBurst { get; init; } = 2000;

    public TimeSpan SendRefill { get; init; } = TimeSpan.FromMilliseconds(5);

    public int TypingBurst { get; init; } = 5;

    public TimeSpan TypingRefill { get; init; } = TimeSpan.FromSeconds(2);

    public int CreateBurst { get; init; } = 200;

    public TimeSpan CreateRefill { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>What one person may do in a time; memory bounded as in <see cref="AttemptLimiter"/>.</summary>
internal sealed class ConversationThrottle(ConversationLimits limits, TimeProvider clock)
{
    public AttemptLimiter Sending { get; } = new(clock, limits.SendBurst, limits.SendRefill);

    /// <summary>"Is typing", of one person.</summary>
    public AttemptLimiter Typing { get; } = new(clock, limits.TypingBurst, limits.TypingRefill);

    public AttemptLimiter Creating { get; } = new(clock, limits.CreateBurst, limits.CreateRefill);
}
