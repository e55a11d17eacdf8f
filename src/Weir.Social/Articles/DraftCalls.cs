using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.OfficialAccounts;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>An article that somebody works on, in the one transaction of its change.</summary>
internal sealed class ArticleEntrance(WeirDb db, OfficialEntrance entrance, WriteScope write)
{
    /// <summary>The article and its account for an editor; everybody else gets the answer for one that does not exist.</summary>
    public async Task<(Article? Article, OfficialAccount? Account)> EnterAsEditorAsync(string id, Caller caller, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var article = await db.Articles.SingleOrDefaultAsync(a => a.Id == wanted && a.DeletedAt == null, cancellation);
        var (seen, _) = await entrance.EnterAsync(article?.OfficialAccountId ?? Guid.Empty, caller, EditorRole.Editor, cancellation);
        return seen is null ? (null, null) : (article, seen.Account);
    }

    public Task<ProblemHttpResult?> ChangeAsync(
        string id, Caller caller, Func<Article, OfficialAccount, Task<ProblemHttpResult?>> change, CancellationToken cancellation) =>
        write.RunAsync(async () =>
        {
            var (article, account) = await EnterAsEditorAsync(id, caller, cancellation);
            return article is null ? Problems.NotFound() : await change(article, account!);
        }, cancellation);
}

/// <summary>Drafts: begin one, look, save while writing, see it as readers would, delete.</summary>
internal static class DraftCalls
{
    // 100,000 characters of four bytes, escaped by the writer's JSON at worst.
    private const long MaxBody = 1024 * 1024;

    internal sealed record Made(Guid Id, long Version);

    internal sealed record SaveRequest(long Version, string? Title, string? Summary, string? Markdown, Guid? Cover);

    internal sealed record Saved(long Version, DateTimeOffset SavedAt);

    internal sealed record PreviewRequest(string? Markdown);

    internal sealed record Preview(string Html);

    internal sealed record Draft(
        Guid Id,
        OfficialRef Account,
        string Title,
        string Summary,
        string Markdown,
        Guid? Cover,
        long Version,
        DateTimeOffset SavedAt,
        Person SavedBy,
        bool IsPublished,
        long PublishedVersion,
        string? Url,
        DateTimeOffset? SentAt);

    public static void Map(RouteGroupBuilder official, RouteGroupBuilder articles)
    {
        official.MapPost("/{handle}/articles", BeginAsync);
        articles.MapGet("/{id}/draft", ReadAsync);
        articles.MapPut("/{id}/draft", SaveAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBody), CountedElsewhere.Mark);
        articles.MapPost("/preview", PreviewAsync).OnFullDisks().WithMetadata(new RequestSizeLimitAttribute(MaxBody));
        articles.MapDelete("/{id}", DeleteAsync);
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> BeginAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        Article? article = null;
        var fault = await entrance.ChangeAsync(handle, caller, EditorRole.Editor, async account =>
        {
            if (await db.Articles.CountAsync(a => a.OfficialAccountId == account.Id && a.DeletedAt == null, cancellation) >= Article.MaxPerAccount)
            {
                return Problems.Conflict("too-many-articles", $"An account has at most {Article.MaxPerAccount} articles.");
            }

            article = new Article
            {
                Id = Guid.CreateVersion7(clock.GetUtcNow()),
                OfficialAccountId = account.Id,
                CreatedById = caller.Id,
                CreatedAt = clock.Now(),
                SavedAt = clock.Now(),
                SavedById = caller.Id,
                Version = 1,
            };
            db.Articles.Add(article);
            return null;
        }, cancellation);
        return fault is null ? TypedResults.Created($"/api/articles/{article!.Id.ToText()}/draft", new Made(article.Id, article.Version)) : fault;
    }

    private static async Task<Results<Ok<Draft>, ProblemHttpResult>> ReadAsync(
        string id, Caller caller, ArticleEntrance entrance, WeirDb db, CancellationToken cancellation)
    {
        var (article, account) = await entrance.EnterAsEditorAsync(id, caller, cancellation);
        if (article is null)
        {
            return Problems.NotFound();
        }

        var savedBy = await db.Accounts.Where(a => a.Id == article.SavedById).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).SingleAsync(cancellation);
        var sentAt = await db.ArticleSends.Where(s => s.Items.Any(i => i.ArticleId == article.Id)).Select(s => (DateTimeOffset?)s.SentAt).SingleOrDefaultAsync(cancellation);
        return TypedResults.Ok(new Draft(
            article.Id,
            new OfficialRef(account!.Id, account.Handle, account.Name, account.AvatarId),
            article.DraftTitle,
            article.DraftSummary,
            article.DraftMarkdown,
            article.DraftCoverId,
            article.Version,
            article.SavedAt,
            savedBy,
            article.IsPublished,
            article.PublishedVersion,
            article.IsPublished ? ArticleReading.PathOf(account.Handle, article.Slug, article.Id) : null,
            sentAt));
    }

    private static async Task<Results<Ok<Saved>, ProblemHttpResult>> SaveAsync(
        string id,
        SaveRequest request,
        Caller caller,
        ArticleEntrance entrance,
        WeirDb db,
        WrittenBytes written,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        // A draft may be empty; only publishing needs a title.
        var title = string.IsNullOrWhiteSpace(request.Title) ? "" : PlainText.Parse(request.Title, Article.TitleLength);
        var summary = string.IsNullOrWhiteSpace(request.Summary) ? "" : PlainText.Parse(request.Summary.ReplaceLineEndings(" "), Article.SummaryLength);
        var markdown = OfficialText.Parse(request.Markdown, Article.MaxMarkdown);
        var faults = new List<(string, string, string)>();
        if (title is null)
        {
            faults.Add(("title", "title-shape", $"A title has at most {Article.TitleLength} characters."));
        }

        if (summary is null)
        {
            faults.Add(("summary", "summary-shape", $"A summary has at most {Article.SummaryLength} characters."));
        }

        if (markdown is null)
        {
            faults.Add(("markdown", "article-shape", $"An article has at most {Article.MaxMarkdown} characters."));
        }

        var pictures = markdown is null ? [] : ArticleMarkdown.PicturesIn(markdown);
        if (pictures.Count > Article.MaxPictures)
        {
            faults.Add(("markdown", "too-many-pictures", $"An article has at most {Article.MaxPictures} pictures."));
        }

        if (faults.Count > 0)
        {
            return Problems.Fields(faults);
        }

        if (request.Cover is { } cover)
        {
            pictures.Add(cover);
        }

        Saved? saved = null;
        var size = BytesOf(title!, summary!, markdown!);
        var counted = 0L;
        var fault = await entrance.ChangeAsync(id, caller, async (article, _) =>
        {
            if (article.Version != request.Version)
            {
                return Problems.Conflict("changed-since", "Another editor saved this since you opened it.");
            }

            // What it grows by and no more: editors save a long text every few seconds. The transaction may be repeated; it counts once.
            var cost = WrittenBytes.RowBytes
                + Math.Max(0, size - BytesOf(article.DraftTitle, article.DraftSummary, article.DraftMarkdown));
            if (cost > counted && !written.TryTake(caller.Id, cost - counted, out var retryAfter))
            {
                return Problems.Throttled(context, retryAfter);
            }

            counted = Math.Max(cost, counted);
            var (taken, known) = await ArticlePictures.DraftAsync(db, article.Id, caller.Id, pictures, clock.Now(), cancellation);
            if (!taken)
            {
                var isCover = request.Cover is { } missing && !known.Contains(missing) && pictures.Count == 1;
                return Problems.Field(isCover ? "cover" : "markdown", "picture-unknown", "One of the pictures is not there, or not yours.");
            }

            article.DraftTitle = title!;
            article.DraftSummary = summary!;
            article.DraftMarkdown = markdown!;
            article.DraftCoverId = request.Cover;
            article.Version++;
            article.SavedAt = clock.Now();
            article.SavedById = caller.Id;
            saved = new Saved(article.Version, article.SavedAt);
            return null;
        }, cancellation);
        return fault is null ? TypedResults.Ok(saved!) : fault;
    }

    private static long BytesOf(string title, string summary, string markdown) =>
        Encoding.UTF8.GetByteCount(title) + Encoding.UTF8.GetByteCount(summary) + (long)Encoding.UTF8.GetByteCount(markdown);

    private static async Task<Results<Ok<Preview>, ProblemHttpResult>> PreviewAsync(
        PreviewRequest request,
        Caller caller,
        ArticleThrottle throttle,
        DearCalls dear,
        RenderCheck check,
        HttpContext context,
        CancellationToken cancellation)
    {
        var address = AddressKey.Of(context.Connection.RemoteIpAddress);
        if (!dear.TryTake(DearCall.Previews, throttle.Previews, caller.Id.ToText(), address, out var retryAfter))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var (rendered, refusal) = OfficialText.Parse(request.Markdown, Article.MaxMarkdown) is { } markdown
            ? await check.RenderAsync(markdown, caller, context, cancellation)
            : default;
        return refusal is not null ? refusal
            : rendered is not null ? TypedResults.Ok(new Preview(rendered.Html))
            : Problems.Field("markdown", "article-shape", "This cannot be shown as an article.");
    }

    /// <summary>
    /// The article stops being: what it said and showed, and who liked it. Its row stays, because it counts as sent. Inside the running
    /// transaction; pages forget it afterwards.
    /// </summary>
    public static async Task TakeAwayAsync(WeirDb db, Article article, DateTimeOffset now, CancellationToken cancellation)
    {
        article.DeletedAt = now;
        article.IsPublished = false;
        (article.Title, article.Summary, article.Markdown, article.CoverId) = ("", "", "", null);
        (article.DraftTitle, article.DraftSummary, article.DraftMarkdown, article.DraftCoverId) = ("", "", "", null);
        // It is made of the words of the title.
        article.Slug = null;
        article.Likes = 0;
        await db.ArticleLikes.Where(l => l.ArticleId == article.Id).ExecuteDeleteAsync(cancellation);
        await ArticlePictures.EndAsync(db, article.Id, draftStays: false, now, cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, Caller caller, ArticleEntrance entrance, WeirDb db, ArticlePages pages, TimeProvider clock, CancellationToken cancellation)
    {
        var fault = await entrance.ChangeAsync(id, caller, async (article, _) =>
        {
            await TakeAwayAsync(db, article, clock.Now(), cancellation);
            return null;
        }, cancellation);
        pages.Forget();
        return fault is null ? TypedResults.NoContent() : fault;
    }
}
