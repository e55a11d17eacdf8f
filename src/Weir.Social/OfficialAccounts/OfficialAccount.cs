namespace Weir.Social.OfficialAccounts;

/// <summary>How often an account may send articles to its followers.</summary>
internal enum OfficialKind
{
    /// <summary>Once a day.</summary>
    Subscription,

    /// <summary>Four times a month.</summary>
    Service,
}

/// <summary>
/// A place that publishes articles, and broadcasts to those who follow it; people run it, it is nobody's person. Its handle has the shape of a person's in a namespace of
/// its own (<c>/a/HANDLE</c>), and is never given again.
/// </summary>
internal sealed class OfficialAccount
{
    public const int MaxPerOwner = 10;
    public const int DescriptionLength = 500;

    public Guid Id { get; init; }

    public required string Handle { get; init; }

    public required string Name { get; set; }

    public string Description { get; set; } = "";

    /// <summary>The file of its picture.</summary>
    public Guid? AvatarId { get; set; }

    public OfficialKind Kind { get; set; }

    /// <summary>Its articles may be read by anybody; otherwise by whoever is signed in.</summary>
    public bool Open { get; set; }

    /// <summary>Everybody sees how many follow it.</summary>
    public bool ShowsFollowers { get; set; }

    /// <summary>Readers see how often an article was read.</summary>
    public bool ShowsReads { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Closed by its owner, or by an administrator of the server, who can open it again. A closed account is as if it were not there.</summary>
    public DateTimeOffset? ClosedAt { get; set; }
}

internal enum EditorRole
{
    Editor,
    Owner,
}

/// <summary>
/// A person who runs an account; an account has one owner. While <see cref="AcceptedAt"/> is null it is an invitation and gives no right. A post to the followers stays
/// visible to them only while its owner is an editor.
/// </summary>
internal sealed class OfficialEditor
{
    public const int MaxPerAccount = 50;

    public Guid OfficialAccountId { get; init; }

    public Guid AccountId { get; init; }

    public EditorRole Role { get; set; }

    public DateTimeOffset InvitedAt { get; init; }

    public DateTimeOffset? AcceptedAt { get; set; }
}

/// <summary>A person who follows an account. The row is the whole of it: without it they are no follower.</summary>
internal sealed class Follower
{
    public const int MaxPerPerson = 1000;

    public Guid OfficialAccountId { get; init; }

    public Guid AccountId { get; init; }

    public DateTimeOffset Since { get; init; }

    /// <summary>New articles make no dot.</summary>
    public bool Muted { get; set; }

    /// <summary>What the account sent up to here was looked at.</summary>
    public DateTimeOffset SeenAt { get; set; }
}

/// <summary>A person whom an account removed from its followers; they cannot follow it again until an editor takes this back.</summary>
internal sealed class RemovedFollower
{
    public Guid OfficialAccountId { get; init; }

    public Guid AccountId { get; init; }

    public DateTimeOffset At { get; init; }
}
