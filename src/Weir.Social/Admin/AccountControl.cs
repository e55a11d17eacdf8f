using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Admin;

/// <summary><c>/api/admin/accounts</c>: find, suspend, make administrators; <see cref="PasswordResets"/> beside it.</summary>
internal static class AccountControl
{
    private const int MaxListed = 200;

    internal sealed record Entry(
        Guid Id, string Handle, string Name, Guid? Avatar, bool IsAdmin, bool Suspended, DateTimeOffset CreatedAt, DateTimeOffset? LastSeenAt, string? InvitedBy);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/accounts", ListAsync);
        admin.MapPut("/accounts/{handle}/suspension", (string handle, Deed deed, Suspension suspension, CancellationToken cancellation) => deed.OnAsync(handle, async account =>
        {
            if (account.Id == deed.Caller.Id)
            {
                return Problems.Conflict("cannot-suspend-yourself", "You cannot suspend yourself.");
            }

            if (await Administrators.FaultWithoutAsync(deed.Db, account.Id, cancellation) is { } last)
            {
                return last;
            }

            if (account.SuspendedAt is null)
            {
                deed.Trail.Add(AuditAction.AccountSuspended, deed.Caller, account);
            }

            await suspension.ApplyAsync(account, cancellation);
            return null;
        }, cancellation)).OnFullDisks();
        admin.MapDelete("/accounts/{handle}/suspension", (string handle, Deed deed, Suspension suspension, CancellationToken cancellation) => deed.OnAsync(handle, async account =>
        {
            if (account.SuspendedAt is not null)
            {
                deed.Trail.Add(AuditAction.SuspensionLifted, deed.Caller, account);
                await suspension.LiftAsync(account, cancellation);
            }

            return null;
        }, cancellation));
        admin.MapPut("/accounts/{handle}/administrator", (string handle, Deed deed, CancellationToken cancellation) => deed.OnAsync(handle, account =>
        {
            if (!account.IsAdmin)
            {
                account.IsAdmin = true;
                deed.Trail.Add(AuditAction.AdministratorMade, deed.Caller, account);
            }

            return Task.FromResult<ProblemHttpResult?>(null);
        }, cancellation));
        admin.MapDelete("/accounts/{handle}/administrator", (string handle, Deed deed, CancellationToken cancellation) => deed.OnAsync(handle, async account =>
        {
            if (!account.IsAdmin)
            {
                return null;
            }

            if (await Administrators.FaultWithoutAsync(deed.Db, account.Id, cancellation) is { } last)
            {
                return last;
            }

            account.IsAdmin = false;
            deed.Trail.Add(AuditAction.AdministratorUnmade, deed.Caller, account);
            return null;
        }, cancellation));
    }

    private static async Task<Ok<List<Entry>>> ListAsync(WeirDb db, CancellationToken cancellation, string q = "", string after = "", int limit = MaxListed)
    {
        var wanted = q.Trim().TrimStart('@').ToLowerInvariant();
        return TypedResults.Ok(await db.Accounts
            .Where(a => a.DeletedAt == null && (a.UserName!.Contains(wanted) || a.Name.ToLower().Contains(wanted)) && string.Compare(a.UserName, after) > 0)
            .OrderBy(a => a.UserName)
            .Take(Math.Clamp(limit, 1, MaxListed))
            .Select(a => new Entry(
                a.Id,
                a.UserName!,
                a.Name,
                a.AvatarId,
                a.IsAdmin,
                a.SuspendedAt != null,
                a.CreatedAt,
                db.Sessions.Where(s => s.AccountId == a.Id).Max(s => (DateTimeOffset?)s.LastSeenAt),
                db.Invitations.Where(i => i.UsedById == a.Id).Select(i => db.Accounts.Single(from => from.Id == i.FromId).UserName).FirstOrDefault()))
            .ToListAsync(cancellation));
    }

    /// <summary>What an administrator does to one account, in one transaction with its line in the trail.</summary>
    internal sealed record Deed(Caller Caller, WriteScope Write, WeirDb Db, AuditTrail Trail)
    {
        public static ValueTask<Deed> BindAsync(HttpContext http) => ValueTask.FromResult(new Deed(
            http.Features.Get<Caller>()!,
            http.RequestServices.GetRequiredService<WriteScope>(),
            http.RequestServices.GetRequiredService<WeirDb>(),
            http.RequestServices.GetRequiredService<AuditTrail>()));

        public async Task<Results<NoContent, ProblemHttpResult>> OnAsync(string handle, Func<Account, Task<ProblemHttpResult?>> change, CancellationToken cancellation)
        {
            var parsed = Handle.Parse(handle);
            var fault = await Write.RunAsync(
                async () => await Db.Accounts.SingleOrDefaultAsync(a => a.UserName == parsed && a.DeletedAt == null, cancellation) is { } account
                    ? await change(account)
                    : Problems.NotFound(),
                cancellation);
            return fault is null ? TypedResults.NoContent() : fault;
        }
    }
}
