using Weir.Social.Audiences;

namespace Weir.Social.Broadcasts;

internal enum BroadcastState
{
    Ready,
    Live,
    Interrupted,
    Ended,
}

/// <summary>Its owner is the host. A deleted one's row stays until the live node has confirmed that the recording is gone.</summary>
internal sealed class Broadcast : Post
{
    /// <summary>How many a host may have that have not ended.</summary>
    public const int MaxOpen = 50;

    public required string Title { get; set; }

    public BroadcastState State { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Revision of the newest report applied: Unix time in microseconds.</summary>
    public long Revision { get; set; }

    /// <summary>Timeline written, in microseconds.</summary>
    public long MediaDuration { get; set; }

    public bool Recorded { get; set; }

    public int PeakViewers { get; set; }

    public int Comments { get; set; }

    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>The host talks with those who watch: players take the way with the shortest delay (WebRTC) where they can.</summary>
    public bool Conversational { get; set; }

    /// <summary>Audience epoch: grows at every cut. Tickets carry the one they were issued in.</summary>
    public long Epoch { get; set; }

    public bool IsOpen => State != BroadcastState.Ended;
}

/// <summary>This account was given a ticket and has not been cut since. The empty id stands for all who came without an account.</summary>
internal sealed class Admission
{
    public Guid BroadcastId { get; init; }

    public Guid AccountId { get; init; }
}

/// <summary>Tickets of this account from before <see cref="Epoch"/> are void.</summary>
internal sealed class Cut
{
    public Guid BroadcastId { get; init; }

    public Guid AccountId { get; init; }

    public long Epoch { get; set; }
}

internal sealed class Mute
{
    public Guid BroadcastId { get; init; }

    public Guid AccountId { get; init; }
}
