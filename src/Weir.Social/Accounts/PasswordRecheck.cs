using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Accounts;

/// <summary>
/// A password waits for its check, and the next one for its hash, for seconds when many do. Meanwhile somebody may have set another one
/// and ended the session, so the transaction that writes asks again what was true when the password was checked.
/// </summary>
internal static class PasswordRecheck
{
    /// <summary>Whether the account still has the password that was checked, and may sign in.</summary>
    public static Task<bool> HoldsAsync(WeirDb db, Guid account, string? hash, CancellationToken cancellation) => db.Accounts.AnyAsync(
        a => a.Id == account && a.PasswordHash == hash && a.SuspendedAt == null && a.DeletedAt == null, cancellation);

    /// <summary>
    /// Inside a session: what to answer when the session ended (401) or the password is another one (400); null when neither.
    /// </summary>
    /// <param name="hash">Of the password that was checked.</param>
    /// <param name="other">The answer where the password is another one.</param>
    public static async Task<ProblemHttpResult?> FaultAsync(
        WeirDb db, Caller caller, string? hash, Func<ProblemHttpResult> other, CancellationToken cancellation)
    {
        var isThere = await db.Sessions.AnyAsync(
            s => s.Id == caller.Session && s.Account!.SuspendedAt == null && s.Account.DeletedAt == null, cancellation);
        return !isThere ? Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Sign in first.")
            : await HoldsAsync(db, caller.Id, hash, cancellation) ? null
            : other();
    }
}
