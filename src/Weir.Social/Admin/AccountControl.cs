using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Admin;

/// <summary><c>/api/admin/accounts</c>: find and suspend. A suspended person is signed out, stops watching, and what they were sending ends.</summary>
internal static class AccountControl
{
    internal sealed record Entry(Guid Id, string Handle, string Name, bool IsAdmin, bool Suspended, DateTimeOffset CreatedAt);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/accounts", ListAsync);
        admin.MapPut("/accounts/{handle}/suspension", SuspendAsync);
        admin.MapDelete("/accounts/{handle}/suspension", LiftAsync);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(WeirDb db, CancellationToken cancellation, string q = "")
    {
        var wanted = q.Trim().ToLowerInvariant();
        return TypedResults.Ok(await db.Accounts
            .Where(a => a.DeletedAt == null && (a.UserName!.Contains(wanted) || a.Name.ToLower().Contains(wanted)))
            .OrderBy(a => a.UserName)
            .Take(200)
            .Select(a => new Entry(a.Id, a.UserName!, a.Name, a.IsAdmin, a.SuspendedAt != null, a.CreatedAt))
            .ToListAsync(cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SuspendAsync(
        string handle, Caller caller, WriteScope write, WeirDb db, Cutting cutting, TimeProvider clock, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        if (parsed == caller.Handle)
        {
            return Problems.Conflict("cannot-suspend-yourself", "You cannot suspend yourself.");
        }

        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await db.Accounts.SingleOrDefaultAsync(a => a.UserName == parsed && a.DeletedAt == null, cancellation) is not { } account)
            {
                return Problems.NotFound();
            }

            account.SuspendedAt ??= clock.Now();
            await db.Sessions.Where(s => s.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await cutting.OfViewerAsync(account.Id, cancellation);
            await cutting.OfHostAsync(account.Id, cancellation);
            foreach (var broadcast in await db.Broadcasts.Where(b => b.HostId == account.Id && b.DeletedAt == null).ToListAsync(cancellation))
            {
                if (broadcast.State is BroadcastState.Live or BroadcastState.Interrupted)
                {
                    await ChangeBroadcast.FinishAsync(broadcast, write, clock, cancellation);
                }

                if (broadcast.Kind == AudienceKind.Public)
                {
                    // Those who watch without a ticket were never admitted by name.
                    await cutting.AnonymousAsync(broadcast, cancellation);
                }

                write.Changed(broadcast.Id);
            }

            return TypedResults.NoContent();
        }, cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> LiftAsync(
        string handle, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await db.Accounts.SingleOrDefaultAsync(a => a.UserName == parsed && a.DeletedAt == null, cancellation) is not { } account)
            {
                return Problems.NotFound();
            }

            account.SuspendedAt = null;
            foreach (var broadcast in await db.Broadcasts.Where(b => b.HostId == account.Id && b.DeletedAt == null).Select(b => b.Id).ToListAsync(cancellation))
            {
                write.Changed(broadcast);
            }

            return TypedResults.NoContent();
        }, cancellation);
    }
}
