using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Articles;

/// <summary>
/// The pictures of an article: those of its draft are for its editors, those of what was published last for its readers. Every call belongs
/// into the transaction that changes the article.
/// </summary>
internal static class ArticlePictures
{
    /// <summary>
    /// The draft has these and no others. The caller's own uploads come into use; another editor's are in use here already. Not taken when
    /// one of them is not there, or not the caller's; then nothing was changed. Known are those that the article had before.
    /// </summary>
    public static async Task<(bool Taken, HashSet<Guid> Known)> DraftAsync(
        WeirDb db, Guid article, Guid caller, IReadOnlyCollection<Guid> pictures, DateTimeOffset now, CancellationToken cancellation)
    {
        var (drafted, published) = await UsesAsync(db, article, cancellation);
        HashSet<Guid> known = [.. drafted, .. published];
        if (await FileUses.ClaimAsync(
            db, caller, FileKind.Picture, [.. pictures.Except(known)], FilePlace.Article, article, cancellation) is null)
        {
            return (false, known);
        }

        // Readers still see it, and the draft has it again.
        db.FileUses.AddRange(pictures.Where(picture => known.Contains(picture) && !drafted.Contains(picture)).Distinct()
            .Select(picture => new FileUse { FileId = picture, Place = FilePlace.Article, PlaceId = article }));
        await FileUses.ReleaseAsync(db, FilePlace.Article, article, now, cancellation, keep: [.. pictures]);
        return (true, known);
    }

    /// <summary>Readers see what the draft has, and no longer what it has not.</summary>
    public static async Task PublishAsync(WeirDb db, Guid article, DateTimeOffset now, CancellationToken cancellation)
    {
        var (drafted, published) = await UsesAsync(db, article, cancellation);
        db.FileUses.AddRange(drafted.Except(published)
            .Select(picture => new FileUse { FileId = picture, Place = FilePlace.PublishedArticle, PlaceId = article }));
        await FileUses.ReleaseAsync(db, FilePlace.PublishedArticle, article, now, cancellation, keep: drafted);
    }

    /// <summary>It is deleted, or nothing of it is published any more (<paramref name="draftStays"/>).</summary>
    public static async Task EndAsync(
        WeirDb db, Guid article, bool draftStays, DateTimeOffset now, CancellationToken cancellation)
    {
        await FileUses.ReleaseAsync(db, FilePlace.PublishedArticle, article, now, cancellation);
        if (!draftStays)
        {
            // The second looks in the database for who else uses them.
            await db.SaveChangesAsync(cancellation);
            await FileUses.ReleaseAsync(db, FilePlace.Article, article, now, cancellation);
        }
    }

    private static async Task<(HashSet<Guid> Drafted, HashSet<Guid> Published)> UsesAsync(
        WeirDb db, Guid article, CancellationToken cancellation)
    {
        var uses = await db.FileUses
            .Where(u => u.PlaceId == article && (u.Place == FilePlace.Article || u.Place == FilePlace.PublishedArticle))
            .Select(u => new { u.FileId, u.Place }).ToListAsync(cancellation);
        return (
            [.. uses.Where(u => u.Place == FilePlace.Article).Select(u => u.FileId)],
            [.. uses.Where(u => u.Place == FilePlace.PublishedArticle).Select(u => u.FileId)]);
    }
}
