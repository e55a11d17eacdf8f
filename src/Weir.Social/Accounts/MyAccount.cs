using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.OfficialAccounts;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Accounts;

/// <summary>The caller's own account.</summary>
internal sealed record Me(Guid Id, string Handle, string Name, Guid? Avatar, string About, bool IsAdmin, bool MayGoLive);

internal sealed record SignedIn(Me Account, string Token);

/// <summary><c>/api/me</c>: look, change name and words about oneself, change the password.</summary>
internal static class MyAccount
{
    internal sealed record Patch(string? Name, string? About);

    internal sealed record PasswordChange(string? Current, string? New);

    public static void Map(RouteGroupBuilder api)
    {
        var me = api.MapGroup("/me").WithTags("Accounts");
        me.MapGet("", async (Caller caller, WeirDb db, LivePolicy live, CancellationToken cancellation) =>
            TypedResults.Ok(await live.MeAsync(await db.Accounts.AsNoTracking().SingleAsync(a => a.Id == caller.Id, cancellation), cancellation)));
        me.MapPatch("", ChangeAsync);
        me.MapPost("/password", ChangePasswordAsync).OnFullDisks();
    }

    private static async Task<Results<Ok<Me>, ProblemHttpResult>> ChangeAsync(
        Patch patch, Caller caller, WriteScope write, WeirDb db, LivePolicy live, CancellationToken cancellation)
    {
        var name = PlainText.Parse(patch.Name, PlainText.NameLength);
        if (name is null && (patch.Name is not null || patch.About is null))
        {
            return Problems.Field("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks.");
        }

        var about = patch.About is null ? null : OfficialText.Parse(patch.About.Trim(), Account.AboutLength);
        if (about is null && patch.About is not null)
        {
            return Problems.Field("about", "about-shape", $"This has at most {Account.AboutLength} characters.");
        }

        var account = await write.RunAsync(async () =>
        {
            var account = await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation);
            account.Name = name ?? account.Name;
            account.About = about ?? account.About;
            return account;
        }, cancellation);
        return TypedResults.Ok(await live.MeAsync(account, cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePasswordAsync(
        PasswordChange change,
        Caller caller,
        PasswordQueue passwords,
        Limits limits,
        WriteScope write,
        WeirDb db,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (PasswordRules.Fault(change.New, caller.Handle, caller.Name) is { } weak)
        {
            return Problems.Field("new", weak.Code, weak.Text);
        }

        var (account, fault) = await CheckPasswordAsync(change.Current, "current", caller, passwords, limits, db, context, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (passwords.Hash(change.New!, PasswordLane.Known, cancellation) is not { } hashing)
        {
            return PasswordQueue.Busy(context);
        }

        var hash = await hashing;
        fault = await write.RunAsync(async () =>
        {
            if (await PasswordRecheck.FaultAsync(
                db, caller, account.PasswordHash, () => WrongPassword("current"), cancellation) is { } changed)
            {
                return changed;
            }

            await db.Accounts.Where(a => a.Id == caller.Id).ExecuteUpdateAsync(set => set.SetProperty(a => a.PasswordHash, hash), cancellation);
            await db.Sessions.Where(s => s.AccountId == caller.Id && s.Id != caller.Session).ExecuteDeleteAsync(cancellation);
            // With a link that was made before, somebody who saw it would set yet another one.
            await db.PasswordResets.Where(r => r.AccountId == caller.Id).ExecuteDeleteAsync(cancellation);
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        security.PasswordChanged(context, caller);
        return TypedResults.NoContent();
    }

    /// <summary>
    /// Asks for the password again before something that a borrowed device should not do. It counts by the session, and by the account for
    /// all its sessions together, so that nobody outside of them can use the attempts up. What is written
    /// afterwards asks <see cref="PasswordRecheck"/> first.
    /// </summary>
    public static async Task<(Account Account, ProblemHttpResult? Fault)> CheckPasswordAsync(
        string? password,
        string field,
        Caller caller,
        PasswordQueue passwords,
        Limits limits,
        WeirDb db,
        HttpContext context,
        CancellationToken cancellation)
    {
        var account = await db.Accounts.AsNoTracking().SingleAsync(a => a.Id == caller.Id, cancellation);
        var session = caller.Session.ToText();
        if (!limits.PasswordChecks.TryTake(out var retryAfter, session))
        {
            return (account, Problems.Throttled(context, retryAfter));
        }

        if (!limits.PasswordChecksByAccount.TryTake(out retryAfter, caller.Id.ToText()))
        {
            limits.PasswordChecks.GiveBack(session);
            return (account, Problems.Throttled(context, retryAfter));
        }

        if (PasswordRules.IsImpossible(password))
        {
            return (account, Wrong());
        }

        if (passwords.Verify(account.PasswordHash, password, PasswordLane.Known, cancellation) is not { } verifying)
        {
            limits.PasswordChecks.GiveBack(session);
            limits.PasswordChecksByAccount.GiveBack(caller.Id.ToText());
            return (account, PasswordQueue.Busy(context));
        }

        return (account, await verifying == PasswordVerificationResult.Failed ? Wrong() : null);

        ProblemHttpResult Wrong()
        {
            context.RequestServices.GetRequiredService<SecurityLog>().PasswordCheckFailed(context, caller);
            return WrongPassword(field);
        }
    }

    public static ProblemHttpResult WrongPassword(string field) => Problems.Field(field, "wrong-password", "The password is wrong.");
}
