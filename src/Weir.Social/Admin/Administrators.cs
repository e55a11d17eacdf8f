using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Admin;

/// <summary>A server always has somebody who can administer it.</summary>
internal static class Administrators
{
    /// <summary>Asked in the transaction that takes one away: two who take each other away at the same moment are two transactions.</summary>
    public static async Task<ProblemHttpResult?> FaultWithoutAsync(WeirDb db, Guid account, CancellationToken cancellation) =>
        await db.Accounts.AnyAsync(a => a.IsAdmin && a.Id != account && a.DeletedAt == null && a.SuspendedAt == null, cancellation)
            ? null
            : Problems.Conflict("last-admin", "There must be an administrator.");
}
