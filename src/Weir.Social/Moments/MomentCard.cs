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

/// <summary>Makes cards of moments that the viewer is known to see: the same few queries, however many they are.</summary>
internal sealed class MomentCards(WeirDb db)
{
    public async Task<List<MomentCard>> MakeAsync(IReadOnlyList<Moment> moments, Guid viewer, CancellationToken cancellation)
    {
        if (moments.Count == 0)
        {
            return [];
        }

        var ids = moments.Select(m => m.Id).ToList();
        var owners = moments.Select(m => m.OwnerId).Distinct().ToList();
        var authors = await db.Accounts.Where(a => owners.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(p => p.Id, cancellation);
        var audiences = await Audience.ReadAsync(db, [.. moments.Where(m => m.OwnerId == viewer)], cancellation);
        var likes = (await db.MomentLikes.Where(l => ids.Contains(l.MomentId)).AsSeenBy(viewer).WhereAuthorKnown(db)
            .OrderBy(v => v.Item.CreatedAt).ThenBy(v => v.Item.AuthorId)
            .Select(v => new { v.Item.MomentId, Person = new Person(v.Item.Author!.Id, v.Item.Author.UserName!, v.Item.Author.Name, v.Item.Author.AvatarId) })
            .ToListAsync(cancellation)).ToLookup(l => l.MomentId, l => l.Person);
        var comments = (await CommentsAsync(ids, viewer, cancellation)).ToLookup(c => c.Moment, c => c.Card);
        return [.. moments.Select(m => new MomentCard(
            m.Id,
            authors[m.OwnerId],
            m.Text,
            m.Content?.Pictures ?? [],
            m.Content?.Card,
            m.CreatedAt,
            m.OwnerId == viewer,
            audiences.GetValueOrDefault(m.Id),
            likes[m.Id].Any(person => person.Id == viewer),
            [.. likes[m.Id]],
            [.. comments[m.Id]]))];
    }

    private async Task<List<(Guid Moment, CommentCard Card)>> CommentsAsync(List<Guid> moments, Guid viewer, CancellationToken cancellation)
    {
        var found = await (
            from seen in db.MomentComments.Where(c => moments.Contains(c.MomentId)).AsSeenBy(viewer).WhereAuthorKnown(db)
            join answered in db.Accounts.VisibleTo(db, viewer) on seen.Item.ReplyToAuthorId equals answered.Id into known
            from answered in known.DefaultIfEmpty()
            orderby seen.Item.CreatedAt, seen.Item.Id
            select new
            {
                Comment = seen.Item,
                Author = new Person(seen.Item.Author!.Id, seen.Item.Author.UserName!, seen.Item.Author.Name, seen.Item.Author.AvatarId),
                ReplyTo = answered == null ? null : new Person(answered.Id, answered.UserName!, answered.Name, answered.AvatarId),
            }).AsNoTracking().ToListAsync(cancellation);
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
}
