using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.OfficialAccounts;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>A published article. Taken away, it is deleted: its link is as one that never was.</summary>
internal sealed class ReportedArticles(WeirDb db, WriteScope write, ArticlePages pages, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.Article;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        Ids.TryParse(target.Id, out var id);
        var article = await db.Articles.AsNoTracking().Where(a => a.Id == id).WhereReadable(db, signedIn: true).SingleOrDefaultAsync(cancellation);
        if (article is null)
        {
            return null;
        }

        var named = ArticleMarkdown.PicturesIn(article.Markdown).Append(article.CoverId ?? Guid.Empty).ToList();
        var pictures = await db.Files.AsNoTracking().Where(f => named.Contains(f.Id)).OrderBy(f => f.CreatedAt).ToListAsync(cancellation);
        return new ReportedThing(
            article.Id,
            await ReportedOfficials.OwnerOfAsync(db, article.OfficialAccountId, cancellation),
            new Snapshot
            {
                Title = article.Title,
                Text = article.Markdown,
                Pictures = pictures.ConvertAll(PictureRef.Of),
                Place = await db.OfficialAccounts.Where(o => o.Id == article.OfficialAccountId).Select(o => o.Name).SingleAsync(cancellation),
                At = article.EditedAt ?? article.PublishedAt,
            },
            Files: pictures.ConvertAll(p => p.Id));
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        if (await db.Articles.SingleOrDefaultAsync(a => a.Id == report.TargetId && a.DeletedAt == null, cancellation) is { } article)
        {
            await DraftCalls.TakeAwayAsync(db, article, clock.Now(), cancellation);
            write.AfterCommit(pages.Forget);
        }

        return true;
    }
}

/// <summary>An official account. Taken away, it is closed; an administrator can open it again.</summary>
internal sealed class ReportedOfficials(WeirDb db, WriteScope write, Cutting cutting, ArticlePages pages, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.Official;

    public static async Task<Guid?> OwnerOfAsync(WeirDb db, Guid account, CancellationToken cancellation) => await db.OfficialEditors
        .Where(e => e.OfficialAccountId == account && e.Role == EditorRole.Owner).Select(e => (Guid?)e.AccountId).SingleOrDefaultAsync(cancellation);

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        Ids.TryParse(target.Id, out var id);
        var account = await db.OfficialAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.ClosedAt == null, cancellation);
        return account is null ? null : new ReportedThing(
            account.Id, await OwnerOfAsync(db, account.Id, cancellation), new Snapshot { Title = $"{account.Name} (@{account.Handle})", Text = account.Description, At = account.CreatedAt });
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        if (await db.OfficialAccounts.SingleOrDefaultAsync(a => a.Id == report.TargetId && a.ClosedAt == null, cancellation) is { } account)
        {
            await OpenAccount.ShutAsync(account, db, cutting, clock, cancellation);
            write.AfterCommit(pages.Forget);
        }

        return true;
    }
}
