using System.Linq.Expressions;
using Weir.Social.Data;

namespace Weir.Social.Accounts;

/// <summary>
/// Whom somebody sees at all. Every answer to a person that names another asks it, whatever else it asks; only those in one conversation,
/// those who run one official account, and administrators see each other regardless, because they do something together.
/// </summary>
internal static class VisiblePeople
{
    /// <summary>
    /// Without those whose account is deleted, and those who blocked the viewer: to them it is as if nobody had the handle.
    /// </summary>
    public static readonly Expression<Func<WeirDb, Guid, IQueryable<Account>, IQueryable<Account>>> Visible = (db, viewer, accounts) =>
        accounts.Where(a => a.DeletedAt == null && !db.Blocks.Any(b => b.OwnerId == a.Id && b.BlockedId == viewer));

    public static IQueryable<Account> VisibleTo(this IQueryable<Account> accounts, WeirDb db, Guid viewer)
    {
        // A captured variable is a parameter of the query; a constant would make another query of each viewer.
        Expression<Func<Guid>> captured = () => viewer;
        return accounts.Provider.CreateQuery<Account>(Visible.With(Expression.Constant(db), captured.Body, accounts.Expression));
    }
}
