using Microsoft.EntityFrameworkCore;
using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>
/// Ends the watching of those who fell out of an audience. Called inside the transaction that changes a relation, after the change: it asks
/// the predicate again about everybody who holds a ticket, and voids the tickets of those it now keeps out.
/// </summary>
internal sealed class Cutting(WeirDb db, WriteScope write, TimeProvider clock)
{
    /// <summary>The relation between these two changed: broadcasts of either that the other was admitted to.</summary>
    public Task BetweenAsync(Guid one, Guid other, CancellationToken cancellation) => CheckAsync(
        from admission in db.Admissions
        join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
        where broadcast.DeletedAt == null
            && ((broadcast.OwnerId == one && admission.AccountId == other) || (broadcast.OwnerId == other && admission.AccountId == one))
        select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId },
        cancellation);

    /// <summary>Everybody who was admitted to any broadcast of this host.</summary>
    public Task OfHostAsync(Guid host, CancellationToken cancellation) => CheckAsync(
        from admission in db.Admissions
        join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
        where broadcast.DeletedAt == null && broadcast.OwnerId == host
        select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId },
        cancellation);

    /// <summary>Every broadcast to which this account was admitted.</summary>
    public Task OfViewerAsync(Guid viewer, CancellationToken cancellation) => CheckAsync(
        from admission in db.Admissions
        join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
        where broadcast.DeletedAt == null && admission.AccountId == viewer
        select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId },
        cancellation);

    /// <summary>Everybody who was admitted to this broadcast.</summary>
    public Task OfBroadcastAsync(Guid id, CancellationToken cancellation) => CheckAsync(
        from admission in db.Admissions
        join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
        where broadcast.DeletedAt == null && broadcast.Id == id
        select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId },
        cancellation);

    /// <summary>This account left a conversation, or was removed from it: what is shown there, to it and by it.</summary>
    public Task OfConversationAsync(Guid conversation, Guid account, CancellationToken cancellation) => CheckAsync(
        from admission in db.Admissions
        join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
        where broadcast.DeletedAt == null && broadcast.ConversationId == conversation && (admission.AccountId == account || broadcast.OwnerId == account)
        select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId },
        cancellation);

    /// <summary>Everybody without an account, those who came without a ticket too: the broadcast is no longer open to all.</summary>
    public Task AnonymousAsync(Broadcast broadcast, CancellationToken cancellation) => CutAsync(broadcast, [Guid.Empty], cancellation);

    private async Task CheckAsync(IQueryable<Viewing<Broadcast>> admitted, CancellationToken cancellation)
    {
        // The predicate reads the database: what the caller changed must be there.
        await db.SaveChangesAsync(cancellation);
        var now = clock.Now();
        var outside = (await admitted.WithFacts(db).ToListAsync(cancellation))
            .Where(known => !known.Facts.MaySee(now))
            .GroupBy(known => known.Item, known => known.Viewer)
            .ToList();
        foreach (var broadcast in outside)
        {
            await CutAsync(broadcast.Key, [.. broadcast], cancellation);
        }
    }

    private async Task CutAsync(Broadcast broadcast, IReadOnlyList<Guid> accounts, CancellationToken cancellation)
    {
        broadcast.Epoch++;
        var known = await db.Cuts.Where(c => c.BroadcastId == broadcast.Id).ToDictionaryAsync(c => c.AccountId, cancellation);
        foreach (var account in accounts)
        {
            if (known.TryGetValue(account, out var cut))
            {
                cut.Epoch = broadcast.Epoch;
            }
            else
            {
                db.Cuts.Add(new Cut { BroadcastId = broadcast.Id, AccountId = account, Epoch = broadcast.Epoch });
            }
        }

        await db.SaveChangesAsync(cancellation);
        foreach (var batch in accounts.Chunk(500))
        {
            await db.Admissions.Where(a => a.BroadcastId == broadcast.Id && batch.Contains(a.AccountId)).ExecuteDeleteAsync(cancellation);
        }

        write.Changed(broadcast.Id);
        SocialMetrics.Cuts.Add(accounts.Count);
    }
}
