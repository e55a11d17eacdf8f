using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Articles;
using Weir.Social.Data;

namespace Weir.Social.Exports;

/// <summary>
/// Articles that the person began: what readers see, and the draft while the person edits the account. Whoever edits it no more would read
/// there what others have written since.
/// </summary>
internal static class ExportedArticles
{
    internal sealed record Line(
        Guid Id, string Account, string Title, string Summary, string Markdown, DateTimeOffset? PublishedAt, bool IsPublished, string DraftTitle, string DraftSummary, string DraftMarkdown, DateTimeOffset CreatedAt);

    /// <returns>Their pages with their titles; a title is short, the texts are not kept.</returns>
    public static async Task<List<(string Path, string Title)>> WriteAsync(WeirDb db, ExportArchive archive, ExportPages words, Guid me, CancellationToken cancellation)
    {
        var written = new List<(string Path, string Title)>();
        var articles = ExportWriter.Paged(
            after =>
                from article in db.Articles
                where article.CreatedById == me && article.DeletedAt == null && article.Id > after
                join account in db.OfficialAccounts on article.OfficialAccountId equals account.Id
                where account.ClosedAt == null
                let edits = db.OfficialEditors.Any(e => e.OfficialAccountId == account.Id && e.AccountId == me && e.AcceptedAt != null)
                where edits || article.IsPublished
                orderby article.Id
                select new Line(
                    article.Id,
                    account.Handle,
                    article.Title,
                    article.Summary,
                    article.Markdown,
                    article.PublishedAt,
                    article.IsPublished,
                    edits ? article.DraftTitle : "",
                    edits ? article.DraftSummary : "",
                    edits ? article.DraftMarkdown : "",
                    article.CreatedAt),
            line => line.Id,
            cancellation);
        await foreach (var line in articles)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"articles/{written.Count + 1:0000}");
            var title = (line.IsPublished ? line.Title : line.DraftTitle) is { Length: > 0 } given ? given : words["draft"];
            await archive.WriteAsync(path + ".json", line, cancellation);
            await archive.WriteTextAsync(path + ".html", Of(words.Begin(title) + await BodyAsync(db, line, cancellation)), cancellation);
            written.Add((path + ".html", title));
        }

        return written;
    }

    // Its pictures lie beside the page, where the archive has them.
    private static async Task<string> BodyAsync(WeirDb db, Line line, CancellationToken cancellation)
    {
        if (await ArticleMarkdown.RenderAsync(line.IsPublished ? line.Markdown : line.DraftMarkdown, cancellation: cancellation) is not { } rendered)
        {
            return "";
        }

        var html = rendered.Html;
        var pictures = rendered.Pictures.ToList();
        foreach (var file in await db.Files.AsNoTracking().Where(f => pictures.Contains(f.Id)).ToListAsync(cancellation))
        {
            html = html.Replace($"\"{ArticleMarkdown.PicturePath}{file.Id.ToText()}\"", $"\"../{ExportWriter.PathOf(file.Id, file.Kind, file.Type, file.Name)}\"", StringComparison.Ordinal);
        }

        return html;
    }

    private static async IAsyncEnumerable<string> Of(string text)
    {
        await Task.CompletedTask;
        yield return text;
    }
}
