namespace Weir.Social.Friends;

/// <summary>One direction of a friendship: <see cref="OwnerId"/> holds <see cref="FriendId"/>. People are friends while both directions exist.</summary>
internal sealed class Friendship
{
    public Guid OwnerId { get; init; }

    public Guid FriendId { get; init; }

    public DateTimeOffset Since { get; init; }
}

/// <summary>
/// Asks for a friendship. It is kept by handle and never looked up when made, so that asking an unknown, a hidden and a blocking
/// handle is the same for the one who asks: here, in the list of what they asked, and when they withdraw it. Who declines it and who
/// deletes their account does not end it either: to the one who asked it goes on waiting until they withdraw it.
/// </summary>
internal sealed class FriendRequest
{
    /// <summary>How many that were not accepted a person may have at a time.</summary>
    public const int MaxOpen = 200;

    public Guid Id { get; init; }

    public Guid FromId { get; init; }

    public required string ToHandle { get; init; }

    /// <summary>Whoever has the handle said no and sees it no more. The one who asked is not told.</summary>
    public bool Declined { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
