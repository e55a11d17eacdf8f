using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Articles;

/// <summary>A published article as lists and cards show it.</summary>
/// <param name="Reads">Null for others than editors unless the account shows it.</param>
internal sealed record ArticleCard(
    Guid Id,
    OfficialRef Account,
    string Title,
    string Summary,
    Guid? Cover,
    string Url,
    DateTimeOffset PublishedAt,
    DateTimeOffset? EditedAt,
    long? Reads,
    int Likes,
    bool Liked);

internal static class ArticleReading
{
    /// <summary>The path of its permanent page.</summary>
    public static string PathOf(string handle, string? slug, Guid id) => $"/a/{handle}/{slug ?? id.ToText()}";

    /// <summary>Those that readers see: the account is there, the article is published. <paramref name="signedIn"/> false leaves those of open accounts.</summary>
    public static IQueryable<Article> WhereReadable(this IQueryable<Article> articles, WeirDb db, bool signedIn) => articles.Where(a =>
        a.IsPublished && a.DeletedAt == null
        && db.OfficialAccounts.Any(o => o.Id == a.OfficialAccountId && o.ClosedAt == null && (signedIn || o.Open)));

    public static async Task<List<ArticleCard>> ToCardsAsync(this IQueryable<Article> articles, WeirDb db, Guid viewer, CancellationToken cancellation)
    {
        var found = await (
            from article in articles
            join account in db.OfficialAccounts on article.OfficialAccountId equals account.Id
            select new
            {
                article.Id,
                Account = account,
                article.Slug,
                article.Title,
                article.Summary,
                article.CoverId,
                article.PublishedAt,
                article.EditedAt,
                article.Reads,
                article.Likes,
                Liked = db.ArticleLikes.Any(l => l.ArticleId == article.Id && l.AccountId == viewer),
                IsEditor = db.OfficialEditors.Any(e => e.OfficialAccountId == account.Id && e.AccountId == viewer && e.AcceptedAt != null),
            }).AsNoTracking().ToListAsync(cancellation);
        return found.ConvertAll(f => new ArticleCard(
            f.Id,
            new OfficialRef(f.Account.Id, f.Account.Handle, f.Account.Name, f.Account.AvatarId),
            f.Title,
            f.Summary,
            f.CoverId,
            PathOf(f.Account.Handle, f.Slug, f.Id),
            f.PublishedAt!.Value,
            f.EditedAt,
            f.IsEditor || f.Account.ShowsReads ? f.Reads : null,
            f.Likes,
            f.Liked));
    }
}
