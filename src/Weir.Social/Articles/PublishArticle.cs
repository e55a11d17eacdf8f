using System.Text;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary><c>POST /api/articles/{id}/publish</c> and <c>/unpublish</c>: the draft becomes what readers see, or nothing is.</summary>
internal static class PublishArticle
{
    /// <param name="Version">The draft that the editor looked at.</param>
    internal sealed record Request(long Version);

    internal sealed record Published(string Url, DateTimeOffset PublishedAt, DateTimeOffset? EditedAt);

    public static void Map(RouteGroupBuilder articles)
    {
        articles.MapPost("/{id}/publish", PublishAsync);
        articles.MapPost("/{id}/unpublish", UnpublishAsync).OnFullDisks();
    }

    private static async Task<Results<Ok<Published>, ProblemHttpResult>> PublishAsync(
        string id,
        Request request,
        Caller caller,
        ArticleEntrance entrance,
        RenderCheck check,
        WeirDb db,
        ArticlePages pages,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        var (draft, _) = await entrance.EnterAsEditorAsync(id, caller, cancellation);
        if (draft is null)
        {
            return Problems.NotFound();
        }

        // Before the turn to write: nobody's message waits for the rendering. The version says whether it is still this text.
        var (rendered, refusal) = draft.Version == request.Version
            ? await check.RenderAsync(draft.DraftMarkdown, caller, context, cancellation)
            : default;
        if (refusal is not null)
        {
            return refusal;
        }

        var mayBeShown = rendered?.Pictures.Count <= Article.MaxPictures;
        // Written so that only the rendering finds it (`&#47;api/files/...`), a picture belongs to no article and would go after a day.
        var named = ArticleMarkdown.PicturesIn(draft.DraftMarkdown);
        var allAreNamed = rendered?.Pictures.All(named.Contains) == true;
        Published? published = null;
        var fault = await entrance.ChangeAsync(id, caller, async (article, account) =>
        {
            if (article.Version != request.Version)
            {
                return Problems.Conflict("changed-since", "Another editor saved this since you opened it.");
            }

            if (article.DraftTitle.Length == 0)
            {
                return Problems.Field("title", "title-shape", "An article needs a title.");
            }

            if (string.IsNullOrWhiteSpace(article.DraftMarkdown))
            {
                return Problems.Field("markdown", "article-empty", "There is nothing in it.");
            }

            if (!mayBeShown)
            {
                return Problems.Field("markdown", "article-shape", $"An article has at most {Article.MaxPictures} pictures, and is not nested without end.");
            }

            if (!allAreNamed)
            {
                return Problems.Field("markdown", "picture-unknown", "One of the pictures is not there, or not yours.");
            }

            var now = clock.Now();
            if (article.PublishedAt is null)
            {
                article.PublishedAt = now;
                var slug = SlugOf(article.DraftTitle);
                article.Slug = slug is null || await db.Articles.AnyAsync(a => a.OfficialAccountId == account.Id && a.Slug == slug, cancellation) ? article.Id.ToText() : slug;
            }
            else if (!article.IsPublished || article.PublishedVersion != article.Version)
            {
                article.EditedAt = now;
            }

            article.IsPublished = true;
            article.PublishedVersion = article.Version;
            article.Title = article.DraftTitle;
            article.Summary = article.DraftSummary;
            article.Markdown = article.DraftMarkdown;
            article.CoverId = article.DraftCoverId;
            await ArticlePictures.PublishAsync(db, article.Id, now, cancellation);
            published = new Published(ArticleReading.PathOf(account.Handle, article.Slug, article.Id), article.PublishedAt.Value, article.EditedAt);
            return null;
        }, cancellation);
        pages.Forget();
        return fault is null ? TypedResults.Ok(published!) : fault;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnpublishAsync(
        string id,
        Caller caller,
        ArticleEntrance entrance,
        WeirDb db,
        ArticlePages pages,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var fault = await entrance.ChangeAsync(id, caller, async (article, _) =>
        {
            article.IsPublished = false;
            await ArticlePictures.EndAsync(db, article.Id, draftStays: true, clock.Now(), cancellation);
            return null;
        }, cancellation);
        pages.Forget();
        return fault is null ? TypedResults.NoContent() : fault;
    }

    /// <summary>Words of the title in ASCII with hyphens; null when that says too little, as for a Chinese title, whose link has the id.</summary>
    internal static string? SlugOf(string title)
    {
        var slug = new StringBuilder();
        var lost = 0;
        foreach (var letter in title.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                slug.Append(letter);
            }
            else
            {
                lost += char.IsLetter(letter) ? 1 : 0;
                if (slug.Length > 0 && slug[^1] != '-')
                {
                    slug.Append('-');
                }
            }
        }

        var whole = slug.ToString().Trim('-');
        var cut = whole.Length <= Article.SlugLength ? whole : whole[..Article.SlugLength];
        if (cut.Length < whole.Length && cut.LastIndexOf('-') is > 20 and var end)
        {
            cut = cut[..end];
        }

        cut = cut.Trim('-');
        // 32 hexadecimal digits would be taken for an id.
        return cut.Length >= 3 && cut.Any(char.IsAsciiLetter) && lost <= cut.Length / 2 && !Ids.TryParse(cut, out _) ? cut : null;
    }
}
