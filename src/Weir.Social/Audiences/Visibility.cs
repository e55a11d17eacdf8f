using System.Linq.Expressions;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Audiences;

/// <summary>
/// A post, or something that belongs to one, and somebody who may or may not see it; the empty id is somebody without an account.
/// </summary>
/// <typeparam name="T">What is asked for: a kind of post, a comment under a moment.</typeparam>
internal class Viewing<T>
{
    public required T Item { get; init; }

    /// <summary>The post itself, or the one that the item belongs to.</summary>
    public required Post Post { get; init; }

    public required Guid Viewer { get; init; }
}

/// <summary>What is known about a viewing at the moment of reading.</summary>
internal sealed class Known<T> : Viewing<T>
{
    public required AudienceFacts Facts { get; init; }
}

/// <summary>
/// Who may see what: <see cref="AudienceFacts.MaySee"/> for one post, <see cref="WhereVisible"/> for lists, whatever kind of post it is. They say the same, and what the
/// rules say; a property test over random worlds proves it on both databases.
/// </summary>
internal static class Visibility
{
    /// <summary>Those that the viewer may see: the same decision as <see cref="AudienceFacts.MaySee"/>, made by the database.</summary>
    public static IQueryable<Viewing<T>> WhereVisible<T>(this IQueryable<Viewing<T>> viewings, WeirDb db, DateTimeOffset now)
    {
        // Members of an object and not the times themselves, which would stand in the text of the query.
        var starts = Expression.Constant(MomentWindowStarts.At(now));
        return viewings.Provider.CreateQuery<Viewing<T>>(Visible<T>().With(
            Expression.Constant(db),
            viewings.Expression,
            Expression.Property(starts, nameof(MomentWindowStarts.ThreeDays)),
            Expression.Property(starts, nameof(MomentWindowStarts.Month)),
            Expression.Property(starts, nameof(MomentWindowStarts.SixMonths))));
    }

    /// <summary>The same for a <see cref="CompiledQuery{T}"/>, which is given <see cref="MomentWindowStarts"/>.</summary>
    public static Expression<Func<
        WeirDb, IQueryable<Viewing<T>>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IQueryable<Viewing<T>>>> Visible<T>() =>
        (db, viewings, threeDays, month, sixMonths) => viewings.Where(v =>
            v.Post.DeletedAt == null
            && v.Post.Owner!.SuspendedAt == null
            && v.Post.Owner.DeletedAt == null
            && ((v.Viewer == Guid.Empty && (v.Post.Kind == AudienceKind.Link || v.Post.Kind == AudienceKind.Public))
                || (db.Accounts.Any(a => a.Id == v.Viewer && a.SuspendedAt == null && a.DeletedAt == null)
                    && (v.Viewer == v.Post.OwnerId
                        // The audience first: it alone turns away most of what a stranger does not see.
                        || ((v.Post.Kind == AudienceKind.Link
                                || v.Post.Kind == AudienceKind.Public
                                || (v.Post.Kind == AudienceKind.Followers
                                    && db.Followers.Any(f => f.OfficialAccountId == v.Post.OfficialAccountId && f.AccountId == v.Viewer)
                                    && db.OfficialEditors.Any(e => e.OfficialAccountId == v.Post.OfficialAccountId && e.AccountId == v.Post.OwnerId && e.AcceptedAt != null)
                                    && db.OfficialAccounts.Any(o => o.Id == v.Post.OfficialAccountId && o.ClosedAt == null))
                                || (v.Post.Kind == AudienceKind.Conversation
                                    && db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Viewer)
                                    && db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Post.OwnerId)
                                    && db.Conversations.Any(c => c.Id == v.Post.ConversationId && c.OneId == null))
                                || (db.Friendships.Any(f => f.OwnerId == v.Post.OwnerId && f.FriendId == v.Viewer)
                                    && db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Post.OwnerId)
                                    && (v.Post.Kind == AudienceKind.Friends
                                        || (v.Post.Kind == AudienceKind.Circles
                                            && v.Post.Circles.Any(c => !c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)))
                                        || (v.Post.Kind == AudienceKind.Conversation
                                            && db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Viewer)
                                            && db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Post.OwnerId)))))
                            && !db.Blocks.Any(b => (b.OwnerId == v.Post.OwnerId && b.BlockedId == v.Viewer) || (b.OwnerId == v.Viewer && b.BlockedId == v.Post.OwnerId))
                            && !v.Post.Exceptions.Any(e => e.AccountId == v.Viewer)
                            && !v.Post.Circles.Any(c => c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer))
                            && (!v.Post.IsMoment
                                || ((v.Post.Owner.MomentWindow == MomentWindow.All
                                        || (v.Post.Owner.MomentWindow == MomentWindow.ThreeDays && v.Post.CreatedAt >= threeDays)
                                        || (v.Post.Owner.MomentWindow == MomentWindow.Month && v.Post.CreatedAt >= month)
                                        || (v.Post.Owner.MomentWindow == MomentWindow.SixMonths && v.Post.CreatedAt >= sixMonths))
                                    && !db.MomentHidings.Any(h => h.OwnerId == v.Post.OwnerId && h.OtherId == v.Viewer && !h.Theirs)
                                    && !db.MomentHidings.Any(h => h.OwnerId == v.Viewer && h.OtherId == v.Post.OwnerId && h.Theirs))))))));

    /// <summary>The facts about each, in the same query that reads it.</summary>
    public static IQueryable<Known<T>> WithFacts<T>(this IQueryable<Viewing<T>> viewings, WeirDb db) =>
        viewings.Provider.CreateQuery<Known<T>>(viewings.Expression.Then(Expression.Constant(db), Facts<T>()));

    /// <summary>The same for a <see cref="CompiledQuery{T}"/>.</summary>
    public static Expression<Func<WeirDb, IQueryable<Viewing<T>>, IQueryable<Known<T>>>> Facts<T>() => (db, viewings) => viewings.Select(v => new Known<T>
    {
        Item = v.Item,
        Post = v.Post,
        Viewer = v.Viewer,
        Facts = new AudienceFacts
        {
            Kind = v.Post.Kind,
            Deleted = v.Post.DeletedAt != null,
            OwnerGone = v.Post.Owner!.SuspendedAt != null || v.Post.Owner.DeletedAt != null,
            SignedIn = v.Viewer != Guid.Empty,
            ViewerGone = !db.Accounts.Any(a => a.Id == v.Viewer && a.SuspendedAt == null && a.DeletedAt == null),
            IsOwner = v.Viewer == v.Post.OwnerId,
            OwnerHoldsViewer = db.Friendships.Any(f => f.OwnerId == v.Post.OwnerId && f.FriendId == v.Viewer),
            ViewerHoldsOwner = db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Post.OwnerId),
            Blocked = db.Blocks.Any(b => (b.OwnerId == v.Post.OwnerId && b.BlockedId == v.Viewer) || (b.OwnerId == v.Viewer && b.BlockedId == v.Post.OwnerId)),
            InCircle = v.Post.Circles.Any(c => !c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)),
            Excepted = v.Post.Exceptions.Any(e => e.AccountId == v.Viewer)
                || v.Post.Circles.Any(c => c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)),
            InConversation = db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Viewer)
                && db.ConversationMembers.Any(m => m.ConversationId == v.Post.ConversationId && m.AccountId == v.Post.OwnerId),
            InGroup = db.Conversations.Any(c => c.Id == v.Post.ConversationId && c.OneId == null),
            Follows = db.Followers.Any(f => f.OfficialAccountId == v.Post.OfficialAccountId && f.AccountId == v.Viewer),
            OwnerMayReachFollowers = db.OfficialAccounts.Any(o => o.Id == v.Post.OfficialAccountId && o.ClosedAt == null
                && db.OfficialEditors.Any(e => e.OfficialAccountId == o.Id && e.AccountId == v.Post.OwnerId && e.AcceptedAt != null)),
            IsMoment = v.Post.IsMoment,
            OwnerHides = db.MomentHidings.Any(h => h.OwnerId == v.Post.OwnerId && h.OtherId == v.Viewer && !h.Theirs),
            ViewerHides = db.MomentHidings.Any(h => h.OwnerId == v.Viewer && h.OtherId == v.Post.OwnerId && h.Theirs),
            Window = v.Post.Owner.MomentWindow,
            CreatedAt = v.Post.CreatedAt,
        },
    });

    public static IQueryable<Viewing<T>> AsSeenBy<T>(this IQueryable<T> posts, Guid viewer)
        where T : Post => posts.Select(p => new Viewing<T> { Item = p, Post = p, Viewer = viewer });
}
