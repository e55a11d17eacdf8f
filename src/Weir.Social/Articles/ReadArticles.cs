using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.OfficialAccounts;
using Weir.Social.Sessions;

namespace Weir.Social.Articles;

/// <summary>Lists of articles, one article, likes and reading numbers.</summary>
internal static class ReadArticles
{
    private const int MaxDays = 30;

    internal sealed record Whole(ArticleCard Card, string Html);

    /// <summary>As its editors see it in their list.</summary>
    internal sealed record Work(
        Guid Id,
        string Title,
        bool IsPublished,
        bool HasChanges,
        string? Url,
        DateTimeOffset SavedAt,
        DateTimeOffset? PublishedAt,
        DateTimeOffset? SentAt,
        long Reads,
        int Likes);

    internal sealed record Day(DateOnly Date, long Reads);

    internal sealed record Numbers(long Reads, int Likes, List<Day> Days);

    public static void Map(RouteGroupBuilder official, RouteGroupBuilder articles)
    {
        official.MapGet("/{handle}/articles", PublishedAsync);
        official.MapGet("/{handle}/work", WorkAsync);
        articles.MapGet("/{id}", GetAsync).AllowAnonymous();
        articles.MapGet("/{id}/card", CardAsync);
        articles.MapPut("/{id}/like", (string id, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
            LikeAsync(id, true, caller, write, db, clock, cancellation));
        articles.MapDelete("/{id}/like", (string id, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
            LikeAsync(id, false, caller, write, db, clock, cancellation));
        articles.MapGet("/{id}/numbers", NumbersAsync);
    }

    private static async Task<Results<Ok<List<ArticleCard>>, ProblemHttpResult>> PublishedAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation, DateTimeOffset? before = null, int limit = 30)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, null, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var readable = db.Articles.Where(a => a.OfficialAccountId == seen.Account.Id).WhereReadable(db, signedIn: true);
        if (before is { } time)
        {
            var start = time.ToUniversalTime();
            readable = readable.Where(a => a.PublishedAt < start);
        }

        return TypedResults.Ok(await readable.OrderByDescending(a => a.PublishedAt).Take(Math.Clamp(limit, 1, 100)).ToCardsAsync(db, caller.Id, cancellation));
    }

    private static async Task<Results<Ok<List<Work>>, ProblemHttpResult>> WorkAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation, DateTimeOffset? before = null, int limit = 50)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, EditorRole.Editor, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var mine = db.Articles.Where(a => a.OfficialAccountId == seen.Account.Id && a.DeletedAt == null);
        if (before is { } time)
        {
            var start = time.ToUniversalTime();
            mine = mine.Where(a => a.SavedAt < start);
        }

        var found = await mine.OrderByDescending(a => a.SavedAt).Take(Math.Clamp(limit, 1, 100)).AsNoTracking()
            .Select(a => new
            {
                Article = a,
                SentAt = db.ArticleSends.Where(s => s.Items.Any(i => i.ArticleId == a.Id)).Select(s => (DateTimeOffset?)s.SentAt).FirstOrDefault(),
            }).ToListAsync(cancellation);
        return TypedResults.Ok(found.ConvertAll(f => new Work(
            f.Article.Id,
            f.Article.DraftTitle,
            f.Article.IsPublished,
            f.Article.IsPublished && f.Article.PublishedVersion != f.Article.Version,
            f.Article.IsPublished ? ArticleReading.PathOf(seen.Account.Handle, f.Article.Slug, f.Article.Id) : null,
            f.Article.SavedAt,
            f.Article.PublishedAt,
            f.SentAt,
            f.Article.Reads,
            f.Article.Likes)));
    }

    private static async Task<Results<Ok<Whole>, ProblemHttpResult>> GetAsync(
        string id, Caller? caller, WeirDb db, RenderedArticles rendered, ReadCounter reads, HttpContext context, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var readable = db.Articles.Where(a => a.Id == wanted).WhereReadable(db, caller is not null);
        if ((await readable.ToCardsAsync(db, caller.IdOrNone(), cancellation)).SingleOrDefault() is not { } card)
        {
            return Problems.NotFound();
        }

        var version = await db.Articles.Where(a => a.Id == wanted).Select(a => a.PublishedVersion).SingleAsync(cancellation);
        var text = await rendered.GetAsync(wanted, version, sized: false, async () =>
            await ArticleMarkdown.RenderAsync(await db.Articles.Where(a => a.Id == wanted).Select(a => a.Markdown).SingleAsync(CancellationToken.None)));
        reads.Saw(wanted, context, caller?.Id);
        return TypedResults.Ok(new Whole(card, text!.Html));
    }

    /// <summary>For whoever is shown a card of it: that is not reading it.</summary>
    private static async Task<Results<Ok<ArticleCard>, ProblemHttpResult>> CardAsync(string id, Caller caller, WeirDb db, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        return (await db.Articles.Where(a => a.Id == wanted).WhereReadable(db, signedIn: true).ToCardsAsync(db, caller.Id, cancellation)).SingleOrDefault() is { } card
            ? TypedResults.Ok(card)
            : Problems.NotFound();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> LikeAsync(
        string id, bool likes, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var found = await write.RunAsync(async () =>
        {
            if (await db.Articles.Where(a => a.Id == wanted).WhereReadable(db, signedIn: true).SingleOrDefaultAsync(cancellation) is not { } article)
            {
                return false;
            }

            var mine = await db.ArticleLikes.SingleOrDefaultAsync(l => l.ArticleId == wanted && l.AccountId == caller.Id, cancellation);
            if (likes && mine is null)
            {
                db.ArticleLikes.Add(new ArticleLike { ArticleId = wanted, AccountId = caller.Id, At = clock.Now() });
                article.Likes++;
            }
            else if (!likes && mine is not null)
            {
                db.ArticleLikes.Remove(mine);
                article.Likes--;
            }

            return true;
        }, cancellation);
        return found ? TypedResults.NoContent() : Problems.NotFound();
    }

    /// <summary>Of an account that is being deleted.</summary>
    public static async Task TakeBackLikesAsync(WeirDb db, Guid account, CancellationToken cancellation)
    {
        await db.Articles.Where(a => db.ArticleLikes.Any(l => l.ArticleId == a.Id && l.AccountId == account))
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Likes, a => a.Likes - 1), cancellation);
        await db.ArticleLikes.Where(l => l.AccountId == account).ExecuteDeleteAsync(cancellation);
    }

    private static async Task<Results<Ok<Numbers>, ProblemHttpResult>> NumbersAsync(
        string id, Caller caller, ArticleEntrance entrance, WeirDb db, ReadCounter reads, CancellationToken cancellation)
    {
        var (article, _) = await entrance.EnterAsEditorAsync(id, caller, cancellation);
        if (article is null)
        {
            return Problems.NotFound();
        }

        await reads.FlushAsync(cancellation);
        await db.Entry(article).ReloadAsync(cancellation);
        var days = await db.ArticleDays.Where(d => d.ArticleId == article.Id).OrderByDescending(d => d.Day).Take(MaxDays)
            .Select(d => new Day(d.Day, d.Reads)).ToListAsync(cancellation);
        return TypedResults.Ok(new Numbers(article.Reads, article.Likes, days));
    }
}
