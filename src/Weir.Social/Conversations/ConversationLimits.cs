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

    /// <summary>
    /// Changes of groups by one person, and groups that they come into: each is read by all members and heard by their devices.
    /// </summary>
    public int ChangeBurst { get; init; } = 300;

    public TimeSpan ChangeRefill { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Changes of one group by all who may change it together.</summary>
    public int GroupChangeBurst { get; init; } = 600;

    public TimeSpan GroupChangeRefill { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>What one person may do in a time; memory bounded as in <see cref="AttemptLimiter"/>.</summary>
internal sealed class ConversationThrottle(ConversationLimits limits, TimeProvider clock)
{
    public AttemptLimiter Sending { get; } = new(clock, limits.SendBurst, limits.SendRefill);

    /// <summary>"Is typing", of one person.</summary>
    public AttemptLimiter Typing { get; } = new(clock, limits.TypingBurst, limits.TypingRefill);

    public AttemptLimiter Creating { get; } = new(clock, limits.CreateBurst, limits.CreateRefill);

    /// <summary>Changes of groups, by whoever makes them.</summary>
    public AttemptLimiter Changing { get; } = new(clock, limits.ChangeBurst, limits.ChangeRefill);

    /// <summary>The same by the group.</summary>
    public AttemptLimiter ChangingGroup { get; } = new(clock, limits.GroupChangeBurst, limits.GroupChangeRefill);
}
