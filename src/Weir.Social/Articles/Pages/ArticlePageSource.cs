using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Articles.Pages;

/// <summary>One line of a list of articles.</summary>
internal sealed record PageEntry(Guid Id, string Path, string Title, string Summary, DateTimeOffset PublishedAt, DateTimeOffset? EditedAt, PictureRef? Cover);

/// <summary>All that the page of one article shows.</summary>
internal sealed record ArticleContent(OfficialAccount Account, Article Article, string Path, RenderedArticle Text, PictureRef? Cover, Guid? Picture, List<PageEntry> More);

/// <summary>All that an account's page shows.</summary>
internal sealed record AccountContent(OfficialAccount Account, int Followers, List<PageEntry> Articles, int Page, bool HasOlder);

/// <summary>Reads what a page shows. Whoever is not signed in finds open accounts only, by the same query.</summary>
internal sealed class ArticlePageSource(WeirDb db, RenderedArticles rendered)
{
    public const int PageLength = 30;
    private const int MaxMore = 5;
    private const int MaxInFeed = 30;

    public async Task<AccountContent?> AccountAsync(string handle, int page, bool signedIn, CancellationToken cancellation)
    {
        if (await FindAsync(handle, signedIn, cancellation) is not { } account)
        {
            return null;
        }

        var entries = await EntriesAsync(account, (page - 1) * PageLength, PageLength + 1, null, cancellation);
        var followers = account.ShowsFollowers ? await db.Followers.CountAsync(f => f.OfficialAccountId == account.Id, cancellation) : 0;
        return new AccountContent(account, followers, [.. entries.Take(PageLength)], page, entries.Count > PageLength);
    }

    public async Task<AccountContent?> FeedAsync(string handle, CancellationToken cancellation) =>
        await FindAsync(handle, signedIn: false, cancellation) is { } account
            ? new AccountContent(account, 0, await EntriesAsync(account, 0, MaxInFeed, null, cancellation), 1, false)
            : null;

    public async Task<ArticleContent?> ArticleAsync(string handle, string name, bool signedIn, CancellationToken cancellation)
    {
        if (await FindAsync(handle, signedIn, cancellation) is not { } account)
        {
            return null;
        }

        var isId = Ids.TryParse(name, out var id);
        var article = await db.Articles.AsNoTracking().SingleOrDefaultAsync(
            a => a.OfficialAccountId == account.Id && a.IsPublished && a.DeletedAt == null && (isId ? a.Id == id : a.Slug == name), cancellation);
        if (article is null)
        {
            return null;
        }

        var named = ArticleMarkdown.PicturesIn(article.Markdown);
        var wanted = article.CoverId is { } coverId ? [.. named, coverId] : named;
        var files = (await db.Files.AsNoTracking().Where(f => wanted.Contains(f.Id)).ToListAsync(cancellation)).ToDictionary(f => f.Id, PictureRef.Of);
        // The picture of its card elsewhere: the cover, else the first in the text, else the account's.
        var picture = article.CoverId ?? named.Where(files.ContainsKey).Select(id => (Guid?)id).FirstOrDefault() ?? account.AvatarId;
        return new ArticleContent(
            account,
            article,
            ArticleReading.PathOf(account.Handle, article.Slug, article.Id),
            (await rendered.GetAsync(article.Id, article.PublishedVersion, sized: true, () => ArticleMarkdown.RenderAsync(article.Markdown, files)))!,
            article.CoverId is { } cover ? files.GetValueOrDefault(cover) : null,
            picture,
            await EntriesAsync(account, 0, MaxMore, article.Id, cancellation));
    }

    private Task<OfficialAccount?> FindAsync(string handle, bool signedIn, CancellationToken cancellation) =>
        db.OfficialAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Handle == handle && a.ClosedAt == null && (signedIn || a.Open), cancellation);

    private async Task<List<PageEntry>> EntriesAsync(OfficialAccount account, int skip, int take, Guid? without, CancellationToken cancellation)
    {
        var found = await db.Articles
            .Where(a => a.OfficialAccountId == account.Id && a.IsPublished && a.DeletedAt == null && a.Id != without)
            .OrderByDescending(a => a.PublishedAt).ThenBy(a => a.Id).Skip(skip).Take(take)
            .Select(a => new { a.Id, a.Slug, a.Title, a.Summary, a.PublishedAt, a.EditedAt, a.CoverId })
            .ToListAsync(cancellation);
        var covers = found.Select(a => a.CoverId).OfType<Guid>().ToList();
        var files = (await db.Files.AsNoTracking().Where(f => covers.Contains(f.Id)).ToListAsync(cancellation)).ToDictionary(f => f.Id, PictureRef.Of);
        return found.ConvertAll(a => new PageEntry(
            a.Id,
            ArticleReading.PathOf(account.Handle, a.Slug, a.Id),
            a.Title,
            a.Summary,
            a.PublishedAt!.Value,
            a.EditedAt,
            a.CoverId is { } cover ? files.GetValueOrDefault(cover) : null));
    }
}
