using Microsoft.EntityFrameworkCore;
using Weir.Social.Articles;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>What the index holds of people, accounts, articles, broadcasts and moments: their words, and the time that orders them.</summary>
internal static class Things
{
    /// <summary>Those that are there; the others are to be taken out. Who may see one is no matter of the index.</summary>
    public static async Task<List<Thing>> ReadAsync(WeirDb db, ThingKind kind, List<Guid> ids, CancellationToken cancellation) => kind switch
    {
        ThingKind.Account => (await db.Accounts.Where(a => ids.Contains(a.Id) && a.DeletedAt == null).Select(a => new { a.Id, a.CreatedAt, a.Name, a.UserName }).ToListAsync(cancellation))
            .ConvertAll(a => new Thing(kind, a.Id, a.CreatedAt, Tokens.Of(a.Name, a.UserName))),
        ThingKind.OfficialAccount => (await db.OfficialAccounts.Where(a => ids.Contains(a.Id) && a.ClosedAt == null).Select(a => new { a.Id, a.CreatedAt, a.Name, a.Handle, a.Description }).ToListAsync(cancellation))
            .ConvertAll(a => new Thing(kind, a.Id, a.CreatedAt, Tokens.Of(a.Name, a.Handle, a.Description))),
        ThingKind.Article => await ArticlesAsync(db, ids, cancellation),
        ThingKind.Broadcast => (await db.Broadcasts.Where(b => ids.Contains(b.Id) && b.DeletedAt == null).Select(b => new { b.Id, b.CreatedAt, b.Title }).ToListAsync(cancellation))
            .ConvertAll(b => new Thing(kind, b.Id, b.CreatedAt, Tokens.Of(b.Title))),
        ThingKind.Moment => (await db.Moments.Where(m => ids.Contains(m.Id) && m.DeletedAt == null).Select(m => new { m.Id, m.CreatedAt, m.Text }).ToListAsync(cancellation))
            .ConvertAll(m => new Thing(kind, m.Id, m.CreatedAt, Tokens.Of(m.Text))),
        _ => [],
    };

    private static async Task<List<Thing>> ArticlesAsync(WeirDb db, List<Guid> ids, CancellationToken cancellation)
    {
        var things = new List<Thing>();
        var articles = await db.Articles.Where(a => ids.Contains(a.Id) && a.IsPublished && a.DeletedAt == null)
            .Select(a => new { a.Id, a.PublishedAt, a.Title, a.Summary, a.Markdown }).ToListAsync(cancellation);
        foreach (var one in articles)
        {
            var text = (await ArticleMarkdown.RenderAsync(one.Markdown, cancellation: cancellation))?.Text;
            things.Add(new Thing(ThingKind.Article, one.Id, one.PublishedAt!.Value, Tokens.Of(one.Title, one.Summary, text)));
        }

        return things;
    }

    /// <summary>The next ids after one.</summary>
    public static Task<List<Guid>> NextAsync(WeirDb db, ThingKind kind, Guid last, int most, CancellationToken cancellation) => (kind switch
    {
        ThingKind.Account => db.Accounts.Select(a => a.Id),
        ThingKind.OfficialAccount => db.OfficialAccounts.Select(a => a.Id),
        ThingKind.Article => db.Articles.Select(a => a.Id),
        ThingKind.Broadcast => db.Broadcasts.Select(b => b.Id),
        ThingKind.Moment => db.Moments.Select(m => m.Id),
        _ => null,
    })?.Where(id => id.CompareTo(last) > 0).OrderBy(id => id).Take(most).ToListAsync(cancellation) ?? Task.FromResult<List<Guid>>([]);
}
