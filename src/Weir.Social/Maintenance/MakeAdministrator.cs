using System.Data;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Maintenance;

/// <summary>
/// <c>weir make-administrator</c>: for the person at the server's keyboard, beside a running Weir or without one. A server whose only
/// administrator cannot sign in any more has no other way to a new one.
/// </summary>
public static class MakeAdministrator
{
    /// <summary>
    /// The account is an administrator from its next request on, in sessions that are open too. In the audit trail, as an act of the
    /// command line.
    /// </summary>
    /// <returns>Whether it was none before.</returns>
    /// <exception cref="MaintenanceException">
    /// There is no such account, or it was deleted or is suspended; or there is no database.
    /// </exception>
    public static async Task<bool> RunAsync(SocialOptions options, string handle, CancellationToken cancellation = default)
    {
        if (options.Database == DatabaseProvider.Sqlite && !File.Exists(options.DatabaseFile))
        {
            throw new MaintenanceException(
                $"There is no database in {options.DataDirectory}. Say with --data where this server keeps its data.");
        }

        await using var db = Database.Open(options);
        await db.MigrateAsync(cancellation);
        var parsed = Handle.Parse(handle);
        // On SQLite this waits for the turn of a running Weir's write, and takes the next.
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellation);
        var account = await db.Accounts.SingleOrDefaultAsync(a => a.NormalizedUserName == parsed, cancellation)
            ?? throw new MaintenanceException($"Nobody here has the handle '{handle}'.");
        if (account.DeletedAt is not null)
        {
            throw new MaintenanceException($"The account '{handle}' was deleted. Choose one that can sign in.");
        }

        if (account.SuspendedAt is not null)
        {
            throw new MaintenanceException(
                $"The account '{handle}' is suspended and cannot sign in. Make another one an administrator, who can lift the suspension.");
        }

        if (account.IsAdmin)
        {
            return false;
        }

        account.IsAdmin = true;
        db.AuditEntries.Add(AuditTrail.Of(
            AuditAction.AdministratorMadeByCommand, Guid.Empty, "", account.Id, account.Handle, "", TimeProvider.System));
        await db.SaveChangesAsync(cancellation);
        await SessionsEpoch.RaiseIfChangedAsync(db, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }
}
