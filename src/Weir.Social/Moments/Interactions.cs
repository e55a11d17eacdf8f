using System.Linq.Expressions;
using Weir.Social.Audiences;
using Weir.Social.Data;

namespace Weir.Social.Moments;

/// <summary>Everything that decides whether one viewer may see one like or comment, as it is at the moment of reading.</summary>
internal sealed record InteractionFacts
{
    /// <summary>The viewer may see the moment.</summary>
    public bool MomentVisible { get; init; }

    /// <summary>The author was suspended or deleted.</summary>
    public bool AuthorGone { get; init; }

    public bool IsAuthor { get; init; }

    public bool AuthorHoldsViewer { get; init; }

    public bool ViewerHoldsAuthor { get; init; }

    /// <summary>Author or viewer blocked the other.</summary>
    public bool Blocked { get; init; }

    /// <summary>
    /// The author and their friends, the moment's owner among them. Ending a friendship on one side hides nothing of what was said while it was there; ending it on both
    /// does, and making it again shows it again.
    /// </summary>
    public bool MaySee() => MomentVisible && !AuthorGone && (IsAuthor || (!Blocked && (AuthorHoldsViewer || ViewerHoldsAuthor)));
}

/// <summary>
/// Who sees likes and comments: whoever sees the moment (<see cref="Visibility"/>) and is their author or, on one side at least, still a friend of their author.
/// <see cref="InteractionFacts.MaySee"/> and <see cref="WhereSeen"/> say the same; the property test of visibility proves it.
/// </summary>
internal static class Interactions
{
    public static IQueryable<Viewing<T>> AsSeenBy<T>(this IQueryable<T> interactions, Guid viewer)
        where T : Interaction => interactions.Select(i => new Viewing<T> { Item = i, Post = i.Moment!, Viewer = viewer });

    /// <summary>Those that the viewer may see.</summary>
    public static IQueryable<Viewing<T>> WhereSeen<T>(this IQueryable<Viewing<T>> viewings, WeirDb db, DateTimeOffset now)
        where T : Interaction => viewings.WhereVisible(db, now).WhereAuthorKnown(db);

    /// <summary>The second half of <see cref="WhereSeen"/>, under moments that the viewer is known to see.</summary>
    public static IQueryable<Viewing<T>> WhereAuthorKnown<T>(this IQueryable<Viewing<T>> viewings, WeirDb db)
        where T : Interaction =>
        viewings.Provider.CreateQuery<Viewing<T>>(viewings.Expression.Then(Expression.Constant(db), AuthorKnown<T>()));

    /// <summary>The same for a <see cref="CompiledQuery{T}"/>.</summary>
    public static Expression<Func<WeirDb, IQueryable<Viewing<T>>, IQueryable<Viewing<T>>>> AuthorKnown<T>()
        where T : Interaction => (db, viewings) => viewings.Where(v =>
            v.Item.Author!.SuspendedAt == null
            && v.Item.Author.DeletedAt == null
            && (v.Item.AuthorId == v.Viewer
                || (!db.Blocks.Any(b => (b.OwnerId == v.Item.AuthorId && b.BlockedId == v.Viewer) || (b.OwnerId == v.Viewer && b.BlockedId == v.Item.AuthorId))
                    && (db.Friendships.Any(f => f.OwnerId == v.Item.AuthorId && f.FriendId == v.Viewer)
                        || db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Item.AuthorId)))));

    /// <summary>The facts about each, in the same query that reads it; those about the moment are separate.</summary>
    public static IQueryable<KnownInteraction<T>> WithInteractionFacts<T>(this IQueryable<Known<T>> known, WeirDb db)
        where T : Interaction => known.Select(v => new KnownInteraction<T>
        {
            Item = v.Item,
            Viewer = v.Viewer,
            Moment = v.Facts,
            Author = new InteractionFacts
            {
                AuthorGone = v.Item.Author!.SuspendedAt != null || v.Item.Author.DeletedAt != null,
                IsAuthor = v.Item.AuthorId == v.Viewer,
                AuthorHoldsViewer = db.Friendships.Any(f => f.OwnerId == v.Item.AuthorId && f.FriendId == v.Viewer),
                ViewerHoldsAuthor = db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Item.AuthorId),
                Blocked = db.Blocks.Any(b => (b.OwnerId == v.Item.AuthorId && b.BlockedId == v.Viewer) || (b.OwnerId == v.Viewer && b.BlockedId == v.Item.AuthorId)),
            },
        });
}

/// <summary>What is known about a like or comment and one viewer at the moment of reading.</summary>
internal sealed class KnownInteraction<T>
{
    public required T Item { get; init; }

    public required Guid Viewer { get; init; }

    public required AudienceFacts Moment { get; init; }

    public required InteractionFacts Author { get; init; }

    public bool MaySee(DateTimeOffset now) => (Author with { MomentVisible = Moment.MaySee(now) }).MaySee();
}
