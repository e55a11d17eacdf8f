namespace Weir.Social.Audiences;

internal enum AudienceKind
{
    Friends,
    Circles,
    Link,
    Public,
    OnlyMe,
}

/// <summary>A circle that an audience names, to let its members in or to keep them out.</summary>
internal sealed class AudienceCircle
{
    public Guid BroadcastId { get; init; }

    public Guid CircleId { get; init; }

    public bool Except { get; init; }
}

/// <summary>A handle that an audience keeps out. <see cref="AccountId"/> is filled in when an account with that handle is made.</summary>
internal sealed class AudienceException
{
    public Guid BroadcastId { get; init; }

    public required string Handle { get; init; }

    public Guid? AccountId { get; init; }
}
