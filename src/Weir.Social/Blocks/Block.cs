namespace Weir.Social.Blocks;

/// <summary>
/// Neither sees the other. Kept by handle, so that blocking an unknown handle looks like blocking a known one; <see cref="BlockedId"/> is
/// filled in when the account is made.
/// </summary>
internal sealed class Block
{
    public const int MaxPerPerson = 1000;

    public Guid OwnerId { get; init; }

    public required string Handle { get; init; }

    public Guid? BlockedId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
