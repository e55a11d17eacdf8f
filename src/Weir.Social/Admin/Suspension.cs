using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Admin;

/// <summary>A suspended person is signed out, stops watching, and what they were sending ends. Inside the running transaction.</summary>
internal sealed class Suspension(WeirDb db, WriteScope write, Cutting cutting, TimeProvider clock)
{
    public async Task ApplyAsync(Account account, CancellationToken cancellation)
    {
        account.SuspendedAt ??= clock.Now();
        await db.Sessions.Where(s => s.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        await cutting.OfViewerAsync(account.Id, cancellation);
        await cutting.OfHostAsync(account.Id, cancellation);
        foreach (var broadcast in await db.Broadcasts.Where(b => b.OwnerId == account.Id && b.DeletedAt == null).ToListAsync(cancellation))
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
    }

    public async Task LiftAsync(Account account, CancellationToken cancellation)
    {
        account.SuspendedAt = null;
        foreach (var broadcast in await db.Broadcasts.Where(b => b.OwnerId == account.Id && b.DeletedAt == null).Select(b => b.Id).ToListAsync(cancellation))
        {
            write.Changed(broadcast);
        }
    }
}
