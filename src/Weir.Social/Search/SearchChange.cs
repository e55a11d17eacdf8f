using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Weir.Social.Accounts;
using Weir.Social.Articles;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Search;

/// <summary>Something that is searched for changed and the index does not know yet. Written in the transaction of the change, so a crash forgets none.</summary>
internal sealed class SearchChange
{
    public long Id { get; init; }

    public ThingKind Kind { get; init; }

    public Guid ThingId { get; init; }

    public static void Configure(ModelBuilder model) => model.Entity<SearchChange>(change => change.Property(c => c.Id).ValueGeneratedOnAdd());
}

/// <summary>Notes changes of whatever searches look at, wherever they are made: no place that changes a name or a title has to think of it.</summary>
internal sealed class SearchChanges : SaveChangesInterceptor
{
    public static readonly SearchChanges Instance = new();

    // Never synchronously: every change is saved by WriteScope.
    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is WeirDb db)
        {
            var changed = db.ChangeTracker.Entries().Select(Of).OfType<(ThingKind Kind, Guid Id)>().ToHashSet();
            changed.ExceptWith(db.ChangeTracker.Entries<SearchChange>().Select(e => (e.Entity.Kind, e.Entity.ThingId)));
            foreach (var (kind, id) in changed)
            {
                db.SearchChanges.Add(new SearchChange { Kind = kind, ThingId = id });
                db.SearchedChanged = true;
            }
        }

        return base.SavingChangesAsync(eventData, result, cancellationToken);
    }

    private static (ThingKind Kind, Guid Id)? Of(EntityEntry entry) => entry.Entity switch
    {
        Account account when Touches(entry, nameof(Account.Name), nameof(Account.UserName), nameof(Account.DeletedAt)) => (ThingKind.Account, account.Id),
        OfficialAccount account when Touches(entry, nameof(OfficialAccount.Name), nameof(OfficialAccount.Description), nameof(OfficialAccount.ClosedAt)) => (ThingKind.OfficialAccount, account.Id),
        Article article when Touches(entry, nameof(Article.Title), nameof(Article.Summary), nameof(Article.Markdown), nameof(Article.IsPublished), nameof(Article.DeletedAt)) =>
            (ThingKind.Article, article.Id),
        Broadcast broadcast when Touches(entry, nameof(Broadcast.Title), nameof(Broadcast.DeletedAt)) => (ThingKind.Broadcast, broadcast.Id),
        Moment moment when Touches(entry, nameof(Moment.Text), nameof(Moment.DeletedAt)) => (ThingKind.Moment, moment.Id),
        _ => null,
    };

    private static bool Touches(EntityEntry entry, params ReadOnlySpan<string> properties)
    {
        if (entry.State is EntityState.Added or EntityState.Deleted)
        {
            return true;
        }

        foreach (var property in properties)
        {
            if (entry.State == EntityState.Modified && entry.Property(property).IsModified)
            {
                return true;
            }
        }

        return false;
    }
}
