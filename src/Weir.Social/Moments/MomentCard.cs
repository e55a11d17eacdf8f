using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Moments;

/// <summary>A comment as the API shows it.</summary>
/// <param name="ReplyTo">Whom it answers, unless what it answers is hidden from the viewer.</param>
internal sealed record CommentCard(Guid Id, Person Author, string Text, Person? ReplyTo, DateTimeOffset CreatedAt, bool Mine);

/// <summary>A moment as the API shows it to one viewer.</summary>
/// <param name="Audience">Of the viewer's own only.</param>
/// <param name="Likes">Those that the viewer may see, the first one first.</param>
internal sealed record MomentCard(
    Guid Id,
    Person Author,
    string Text,
    List<PictureRef> Pictures,
    Card? Card,
    DateTimeOffset CreatedAt,
    bool Mine,
    AudienceBody? Audience,
    bool Liked,
    List<Person> Likes,
    List<CommentCard> Comments);

/// <summary>A moment with whoever posted it.</summary>
internal sealed class FoundMoment
{
    public required Moment Moment { get; init; }

    public required Person Author { get; init; }
}

/// <summary>Makes cards of moments that the viewer is known to see: the same few queries, however many they are.</summary>
internal sealed class MomentCards(WeirDb db)
{
    private static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<FoundLike>>> Likes = new(() =>
    {
        Expression<Func<WeirDb, Guid, List<Guid>, IQueryable<Viewing<MomentLike>>>> under = (db, viewer, moments) => db.MomentLikes
            .Where(l => moments.Contains(l.MomentId))
            .Select(l => new Viewing<MomentLike> { Item = l, Post = l.Moment!, Viewer = viewer });
        var context = under.Parameters[0];
        var likes = under.Body.Then(context, Interactions.AuthorKnown<MomentLike>())
            .Then<Viewing<MomentLike>, FoundLike>(context, (db, seen) => seen
                .OrderBy(v => v.Item.CreatedAt).ThenBy(v => v.Item.AuthorId)
                .Select(v => new FoundLike
                {
                    Moment = v.Item.MomentId,
                    Person = new Person(v.Item.Author!.Id, v.Item.Author.UserName!, v.Item.Author.Name, v.Item.Author.AvatarId),
                }));
        return EF.CompileAsyncQuery(Expression.Lambda<Func<WeirDb, Guid, List<Guid>, IQueryable<FoundLike>>>(likes, under.Parameters));
    });

    private static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<FoundComment>>> Comments = new(() =>
    {
        Expression<Func<WeirDb, Guid, List<Guid>, IQueryable<Viewing<MomentComment>>>> under = (db, viewer, moments) => db.MomentComments
            .AsNoTracking()
            .Where(c => moments.Contains(c.MomentId))
            .Select(c => new Viewing<MomentComment> { Item = c, Post = c.Moment!, Viewer = viewer });
        Expression<Func<IQueryable<Viewing<MomentComment>>, IQueryable<Account>, IQueryable<FoundComment>>> found = (all, people) =>
            from seen in all
            join answered in people on seen.Item.ReplyToAuthorId equals answered.Id into known
            from answered in known.DefaultIfEmpty()
            orderby seen.Item.CreatedAt, seen.Item.Id
            select new FoundComment
            {
                Comment = seen.Item,
                Author = new Person(seen.Item.Author!.Id, seen.Item.Author.UserName!, seen.Item.Author.Name, seen.Item.Author.AvatarId),
                ReplyTo = answered == null ? null : new Person(answered.Id, answered.UserName!, answered.Name, answered.AvatarId),
            };
        Expression<Func<WeirDb, IQueryable<Account>>> everybody = db => db.Accounts;
        var (context, me) = (under.Parameters[0], under.Parameters[1]);
        var comments = found.With(
            under.Body.Then(context, Interactions.AuthorKnown<MomentComment>()),
            VisiblePeople.Visible.With(context, me, everybody.With(context)));
        return EF.CompileAsyncQuery(
            Expression.Lambda<Func<WeirDb, Guid, List<Guid>, IQueryable<FoundComment>>>(comments, under.Parameters));
    });

    public async Task<List<MomentCard>> MakeAsync(IReadOnlyList<Moment> moments, Guid viewer, CancellationToken cancellation)
    {
        var owners = moments.Select(m => m.OwnerId).Distinct().ToList();
        var authors = await db.Accounts
            .Where(a => owners.Contains(a.Id))
            .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))
            .ToDictionaryAsync(p => p.Id, cancellation);
        return await MakeAsync([.. moments.Select(m => new FoundMoment { Moment = m, Author = authors[m.OwnerId] })], viewer, cancellation);
    }

    public async Task<List<MomentCard>> MakeAsync(List<FoundMoment> found, Guid viewer, CancellationToken cancellation)
    {
        if (found.Count == 0)
        {
            return [];
        }

        var ids = found.ConvertAll(f => f.Moment.Id);
        var audiences = await Audience.ReadAsync(db, [.. found.Where(f => f.Moment.OwnerId == viewer).Select(f => f.Moment)], cancellation);
        var likes = (await Likes.On(db)(db, viewer, ids).ToListAsync(cancellation)).ToLookup(l => l.Moment, l => l.Person);
        var comments = (await CommentsAsync(ids, viewer, cancellation)).ToLookup(c => c.Moment, c => c.Card);
        return found.ConvertAll(f => new MomentCard(
            f.Moment.Id,
            f.Author,
            f.Moment.Text,
            f.Moment.Content?.Pictures ?? [],
            f.Moment.Content?.Card,
            f.Moment.CreatedAt,
            f.Moment.OwnerId == viewer,
            audiences.GetValueOrDefault(f.Moment.Id),
            likes[f.Moment.Id].Any(person => person.Id == viewer),
            [.. likes[f.Moment.Id]],
            [.. comments[f.Moment.Id]]));
    }

    private async Task<List<(Guid Moment, CommentCard Card)>> CommentsAsync(List<Guid> moments, Guid viewer, CancellationToken cancellation)
    {
        var found = await Comments.On(db)(db, viewer, moments).ToListAsync(cancellation);
        // An answer must not tell that somebody whom the viewer does not see said something. Whom they answered themselves they know.
        var visible = found.Select(f => f.Comment.Id).ToHashSet();
        return found.ConvertAll(f => (f.Comment.MomentId, new CommentCard(
            f.Comment.Id,
            f.Author,
            f.Comment.Text,
            f.Comment.AuthorId == viewer || (f.Comment.ReplyToId is { } answered && visible.Contains(answered)) ? f.ReplyTo : null,
            f.Comment.CreatedAt,
            f.Comment.AuthorId == viewer)));
    }

    private sealed class FoundLike
    {
        public required Guid Moment { get; init; }

        public required Person Person { get; init; }
    }

    private sealed class FoundComment
    {
        public required MomentComment Comment { get; init; }

        public required Person Author { get; init; }

        public Person? ReplyTo { get; init; }
    }
}
