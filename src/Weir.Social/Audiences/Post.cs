using Weir.Social.Accounts;

namespace Weir.Social.Audiences;

/// <summary>
/// Something that a person shows to an audience: a broadcast, a moment. Here is all that <see cref="Visibility"/> must know of it; each kind keeps the rest in a table
/// of its own under the same id.
/// </summary>
internal abstract class Post
{
    public Guid Id { get; init; }

    public Guid OwnerId { get; init; }

    public Account? Owner { get; init; }

    /// <summary>Moments have a window and can be hidden; every other post is what its audience says.</summary>
    public bool IsMoment { get; protected init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Deleted by its owner; the row may stay for what still refers to it.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    public AudienceKind Kind { get; set; }

    /// <summary>Of <see cref="AudienceKind.Conversation"/> only.</summary>
    public Guid? ConversationId { get; set; }

    /// <summary>Of <see cref="AudienceKind.Followers"/> only.</summary>
    public Guid? OfficialAccountId { get; set; }

    public List<AudienceCircle> Circles { get; } = [];

    public List<AudienceException> Exceptions { get; } = [];
}

internal enum AudienceKind
{
    Friends,
    Circles,
    Link,
    Public,
    OnlyMe,

    /// <summary>Who is in a conversation, at the moment of reading. In a conversation of two they must be friends as well.</summary>
    Conversation,

    /// <summary>Who follows an official account, at the moment of reading.</summary>
    Followers,
}

/// <summary>A circle that an audience names, to let its members in or to keep them out.</summary>
internal sealed class AudienceCircle
{
    public Guid PostId { get; init; }

    public Guid CircleId { get; init; }

    public bool Except { get; init; }
}

/// <summary>A handle that an audience keeps out. <see cref="AccountId"/> is filled in when an account with that handle is made.</summary>
internal sealed class AudienceException
{
    public Guid PostId { get; init; }

    public required string Handle { get; init; }

    public Guid? AccountId { get; init; }
}
