namespace Weir.Social.Notifications;

internal enum NoticeKind
{
    /// <summary>Pushed only: the list of chats shows what is unread.</summary>
    DirectMessage,

    /// <summary>The same in a group, without naming me.</summary>
    GroupMessage,
    Mention,
    Reply,
    FriendRequest,
    FriendAccepted,
    MomentLike,
    MomentComment,

    /// <summary>An answer to my comment under somebody's moment.</summary>
    MomentReply,

    /// <summary>Somebody with my star went live.</summary>
    Live,

    /// <summary>Somebody wants me in a group that needs my word.</summary>
    GroupRequest,

    /// <summary>Somebody wants me as an editor of an official account.</summary>
    EditorInvitation,
    InvitationUsed,
    Article,

    /// <summary>To administrators: one of them made a link that sets the password of another.</summary>
    AdministratorReset,

    /// <summary>What came quietly since the last one.</summary>
    Summary,
}

/// <summary>
/// Something that concerned somebody. The row is a pointer and says nothing itself: the list reads the thing when it is shown, so whatever was taken back or hidden since is not in it.
/// </summary>
internal sealed class Notification
{
    /// <summary>How many a person's list has at most, and for how long.</summary>
    public const int MaxListed = 500;

    /// <summary>So many of a person's newest outlast a sweep whatever their age, so that a clock that is ahead for a while costs nobody their list.</summary>
    public const int AlwaysKept = 50;

    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    public Guid Id { get; init; }

    /// <summary>Whom it concerns.</summary>
    public Guid AccountId { get; init; }

    public NoticeKind Kind { get; init; }

    /// <summary>Who did it: an account, for an article an official account; empty for a summary.</summary>
    public Guid ActorId { get; init; }

    /// <summary>The conversation, moment, broadcast, article, request or official account; see <see cref="NoticeReader"/>.</summary>
    public Guid SubjectId { get; init; }

    /// <summary>The message or comment in it; empty where there is none.</summary>
    public Guid DetailId { get; init; }

    /// <summary>A message's number.</summary>
    public long Seq { get; init; }

    public DateTimeOffset At { get; init; }

    public bool Read { get; set; }

    /// <summary>Listed without a number on the bell: it waits for the day's summary, or came from a muted conversation.</summary>
    public bool Quiet { get; init; }

    /// <summary>Waits for a summary.</summary>
    public bool Waits { get; set; }

    /// <summary>The summary that told of it.</summary>
    public Guid? SummaryId { get; set; }
}

/// <summary>A friend, or an official account that I follow, of whom I want to know at once when they are live.</summary>
internal sealed class Star
{
    public const int MaxPerPerson = 200;

    public Guid OwnerId { get; init; }

    /// <summary>An account or an official account.</summary>
    public Guid TargetId { get; init; }
}
