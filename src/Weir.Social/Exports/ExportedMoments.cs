using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Audiences;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Exports;

/// <summary>
/// The person's moments, and what they said and liked under others' that they may see. Whose those were is said, what they showed is not. A
/// moment that is hidden from the person is left out like one that is deleted, or a copy would tell them apart.
/// </summary>
internal static class ExportedMoments
{
    private const string Folder = "moments/";

    internal sealed record Line(Guid Id, DateTimeOffset CreatedAt, AudienceKind Audience, string? Text, List<string>? Pictures, Card? Card);

    internal sealed record CommentLine(Guid Id, Guid Moment, string? Of, DateTimeOffset CreatedAt, string Text);

    internal sealed record LikeLine(Guid Moment, string? Of, DateTimeOffset CreatedAt);

    /// <returns>The pages with their titles.</returns>
    public static async Task<List<(string Path, string Title)>> WriteAsync(WeirDb db, ExportArchive archive, ExportPages words, Guid me, DateTimeOffset now, CancellationToken cancellation)
    {
        await archive.WriteListAsync(Folder + "moments.json", LinesAsync(db, me, cancellation), cancellation);
        await archive.WriteListAsync(Folder + "comments.json", CommentsAsync(db, me, now, cancellation), cancellation);
        await archive.WriteListAsync(Folder + "likes.json", LikesAsync(db, me, now, cancellation), cancellation);
        await archive.WriteTextAsync(Folder + "moments.html", MomentPageAsync(LinesAsync(db, me, cancellation), words), cancellation);
        await archive.WriteTextAsync(Folder + "comments.html", CommentPageAsync(CommentsAsync(db, me, now, cancellation), words), cancellation);
        await archive.WriteTextAsync(Folder + "likes.html", LikePageAsync(LikesAsync(db, me, now, cancellation), words), cancellation);
        return [.. new[] { "moments", "comments", "likes" }.Select(name => (Folder + name + ".html", words[name]))];
    }

    private static async IAsyncEnumerable<Line> LinesAsync(WeirDb db, Guid me, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var moments = ExportWriter.Paged(
            after => db.Moments.AsNoTracking().Where(m => m.OwnerId == me && m.DeletedAt == null && m.Id > after).OrderBy(m => m.Id), moment => moment.Id, cancellation);
        await foreach (var moment in moments)
        {
            yield return new Line(
                moment.Id,
                moment.CreatedAt,
                moment.Kind,
                moment.Text is { Length: > 0 } text ? text : null,
                moment.Content?.Pictures is { } pictures ? await ExportedConversations.PathsAsync(db, pictures.ConvertAll(p => p.Id), cancellation) : null,
                moment.Content?.Card);
        }
    }

    private static IAsyncEnumerable<CommentLine> CommentsAsync(WeirDb db, Guid me, DateTimeOffset now, CancellationToken cancellation) => ExportWriter.Paged(
        after => db.MomentComments.Where(c => c.AuthorId == me && c.Id > after).AsSeenBy(me).WhereVisible(db, now).Select(v => v.Item).OrderBy(c => c.Id)
            .Select(c => new CommentLine(c.Id, c.MomentId, c.Moment!.Owner!.DeletedAt == null ? c.Moment.Owner.UserName : null, c.CreatedAt, c.Text)),
        line => line.Id,
        cancellation);

    private static IAsyncEnumerable<LikeLine> LikesAsync(WeirDb db, Guid me, DateTimeOffset now, CancellationToken cancellation) => ExportWriter.Paged(
        after => db.MomentLikes.Where(l => l.AuthorId == me && l.MomentId > after).AsSeenBy(me).WhereVisible(db, now).Select(v => v.Item)
            .OrderBy(l => l.MomentId)
            .Select(l => new LikeLine(l.MomentId, l.Moment!.Owner!.DeletedAt == null ? l.Moment.Owner.UserName : null, l.CreatedAt)),
        line => line.Moment,
        cancellation);

    private static async IAsyncEnumerable<string> MomentPageAsync(IAsyncEnumerable<Line> lines, ExportPages words)
    {
        yield return words.Begin(words["moments"]);
        await foreach (var line in lines)
        {
            yield return $"<article>{ExportPages.Time(line.CreatedAt)}{ExportPages.Text(line.Text)}{string.Concat((line.Pictures ?? []).Select(path => ExportPages.Picture("../" + path)))}</article>\n";
        }
    }

    private static async IAsyncEnumerable<string> CommentPageAsync(IAsyncEnumerable<CommentLine> lines, ExportPages words)
    {
        yield return words.Begin(words["comments"]) + ExportPages.Text(words["comments.text"]);
        await foreach (var line in lines)
        {
            yield return $"<article>{ExportPages.Time(line.CreatedAt)} {Of(line.Of, words)}{ExportPages.Text(line.Text)}</article>\n";
        }
    }

    private static async IAsyncEnumerable<string> LikePageAsync(IAsyncEnumerable<LikeLine> lines, ExportPages words)
    {
        yield return words.Begin(words["likes"]);
        await foreach (var line in lines)
        {
            yield return $"<article>{ExportPages.Time(line.CreatedAt)} {Of(line.Of, words)}</article>\n";
        }
    }

    private static string Of(string? handle, ExportPages words) => $"<small>{(handle is null ? ExportPages.Encode(words["deleted"]) : "@" + handle)}</small>";
}
