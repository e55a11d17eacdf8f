using Weir.Social.Data;

namespace Weir.Social.Conversations;

/// <summary>
/// A place where messages are numbered. In a one-to-one conversation <see cref="OneId"/> and <see cref="OtherId"/> are its two people in the order of their
/// ids, unique together, so that two people can never have two; a group has neither.
/// </summary>
internal sealed class Conversation
{
    public const int MaxMembers = 500;

    /// <summary>A group with so many members asks whoever it wants; up to there a friend's word is enough.</summary>
    public const int AsksFrom = 40;

    public Guid Id { get; init; }

    public Guid? OneId { get; init; }

    public Guid? OtherId { get; init; }

    /// <summary>Groups only, and they may have none.</summary>
    public string? Name { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The number of the newest message, 0 when there is none. Numbers begin at 1 and have no gaps.</summary>
    public long LastSeq { get; set; }

    /// <summary>When the newest message came; before that, when the conversation was made.</summary>
    public DateTimeOffset LastAt { get; set; }

    /// <summary>Grows whenever somebody comes or goes, so that a list of members that was read earlier is known to be old.</summary>
    public int MembersVersion { get; set; }

    public bool IsGroup => OneId is null;

    public List<ConversationMember> Members { get; } = [];

    /// <summary>Somebody comes in; what was said before is not theirs.</summary>
    public void Admit(WeirDb db, Guid account, DateTimeOffset now)
    {
        db.ConversationMembers.Add(new ConversationMember { ConversationId = Id, AccountId = account, JoinedAt = now, FromSeq = LastSeq, ReadSeq = LastSeq });
        MembersVersion++;
    }
}

internal enum MemberRole
{
    Member,
    Administrator,
    Owner,
}

internal sealed class ConversationMember
{
    public Guid ConversationId { get; init; }

    public Guid AccountId { get; init; }

    public MemberRole Role { get; set; }

    public DateTimeOffset JoinedAt { get; init; }

    /// <summary>What was said up to this number was said before they came and is not theirs to read.</summary>
    public long FromSeq { get; init; }

    /// <summary>Read up to this number. Shown to the reader's own devices only.</summary>
    public long ReadSeq { get; set; }

    public bool Muted { get; set; }

    public DateTimeOffset? PinnedAt { get; set; }
}

/// <summary>One message. A recalled one keeps its number and loses what it said.</summary>
internal sealed class Message
{
    public static readonly TimeSpan RecallLimit = TimeSpan.FromMinutes(2);

    public Guid ConversationId { get; init; }

    public long Seq { get; init; }

    public Guid Id { get; init; }

    public Guid SenderId { get; init; }

    public required string ClientId { get; init; }

    public string? Text { get; set; }

    /// <summary>What it has beside the text; then the text may be empty.</summary>
    public MessageContent? Content { get; set; }

    /// <summary>Tells what happened to the group: nobody is told to read it.</summary>
    public bool IsNotice { get; init; }

    public long? ReplyToSeq { get; set; }

    public List<Guid> Mentions { get; set; } = [];

    public DateTimeOffset SentAt { get; init; }

    public DateTimeOffset? RecalledAt { get; set; }

    /// <summary>A message of the future was sent while the clock was wrong; it does not stay open till then.</summary>
    public bool IsRecallable(DateTimeOffset now) => (now - SentAt).Duration() <= RecallLimit;
}
