using Microsoft.EntityFrameworkCore;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Security;

namespace Weir.Social.Audiences;

/// <summary>Somebody who was admitted to a broadcast.</summary>
internal readonly record struct Admitted(Guid Broadcast, Guid Account);

/// <summary>
/// Ends the watching of those who fell out of an audience. Called inside the transaction that changes a relation, after the change: it
/// asks the predicate again about everybody who holds a ticket, and voids the tickets of those it now keeps out. With more than
/// <see cref="MostInTurn"/> of them the transaction keeps only the <see cref="AdmissionCheck"/>, and they are checked in turns of that many
/// before the call is answered, so that nobody waits for all of them.
/// </summary>
internal sealed class Cutting(WeirDb db, WriteScope write, AdmissionChecks checks, SecurityLog security, TimeProvider clock)
{
    /// <summary>Admissions that one turn checks.</summary>
    public const int MostInTurn = 100;

    /// <summary>Of so many broadcasts: each is a few commands.</summary>
    public const int MostBroadcastsInTurn = 16;

    /// <summary>The relation between these two changed: broadcasts of either that the other was admitted to.</summary>
    public Task BetweenAsync(Guid one, Guid other, CancellationToken cancellation) =>
        CheckAsync(new() { Of = CheckOf.Pair, One = one, Other = other }, cancellation);

    /// <summary>Everybody who was admitted to any broadcast of this host.</summary>
    public Task OfHostAsync(Guid host, CancellationToken cancellation) =>
        CheckAsync(new() { Of = CheckOf.Host, One = host }, cancellation);

    /// <summary>Every broadcast to which this account was admitted.</summary>
    public Task OfViewerAsync(Guid viewer, CancellationToken cancellation) =>
        CheckAsync(new() { Of = CheckOf.Viewer, One = viewer }, cancellation);

    /// <summary>Everybody who was admitted to this broadcast.</summary>
    public Task OfBroadcastAsync(Guid id, CancellationToken cancellation) =>
        CheckAsync(new() { Of = CheckOf.Broadcast, One = id }, cancellation);

    /// <summary>This account left a conversation, or was removed from it: what is shown there, to it and by it.</summary>
    public Task OfConversationAsync(Guid conversation, Guid account, CancellationToken cancellation) =>
        CheckAsync(new() { Of = CheckOf.Conversation, One = conversation, Other = account }, cancellation);

    /// <summary>Everybody without an account, those who came without a ticket too: the broadcast is no longer open to all.</summary>
    public async Task AnonymousAsync(Broadcast broadcast, CancellationToken cancellation)
    {
        await CutAsync(broadcast, [Guid.Empty], cancellation);
        write.Changed(broadcast.Id);
    }

    /// <summary>Those of a check who are outside, in one statement: at one moment.</summary>
    public async Task<List<Admitted>> OutsideAsync(AdmissionCheck check, CancellationToken cancellation) =>
        await OutsideAsync(check.Admitted(db), cancellation);

    /// <summary>
    /// Cuts those of these who are admitted and outside in the running transaction, and says of which broadcasts. The live plane does not
    /// hear of it yet.
    /// </summary>
    public async Task<List<Guid>> CutOutsideAsync(IReadOnlyList<Admitted> asked, CancellationToken cancellation)
    {
        var cut = new List<Guid>();
        foreach (var viewers in asked.GroupBy(viewing => viewing.Broadcast, viewing => viewing.Account))
        {
            var accounts = viewers.ToList();
            var all = new AdmissionCheck { Of = CheckOf.Broadcast, One = viewers.Key }.Admitted(db);
            var outside = await OutsideAsync(all.Where(v => accounts.Contains(v.Viewer)), cancellation);
            cut.AddRange(await CutAsync(outside, cancellation));
        }

        return cut;
    }

    private async Task CheckAsync(AdmissionCheck check, CancellationToken cancellation)
    {
        // The predicate reads the database: what the caller changed must be there.
        await db.SaveChangesAsync(cancellation);
        var admitted = check.Admitted(db);
        var some = await admitted.Select(v => v.Item.Id).Take(MostInTurn + 1).ToListAsync(cancellation);
        if (some.Count > MostInTurn || some.Distinct().Count() > MostBroadcastsInTurn)
        {
            db.AdmissionChecks.Add(check);
            write.AfterTurn(() => checks.CheckAsync(check));
            return;
        }

        if (some.Count > 0)
        {
            foreach (var broadcast in await CutAsync(await OutsideAsync(admitted, cancellation), cancellation))
            {
                write.Changed(broadcast);
            }
        }
    }

    private async Task<List<Admitted>> OutsideAsync(IQueryable<Viewing<Broadcast>> admitted, CancellationToken cancellation) =>
        (await admitted.Select(v => new { v.Item.Id, v.Viewer })
            .Except(admitted.WhereVisible(db, clock.Now()).Select(v => new { v.Item.Id, v.Viewer }))
            .ToListAsync(cancellation)).ConvertAll(v => new Admitted(v.Id, v.Viewer));

    private async Task<List<Guid>> CutAsync(List<Admitted> outside, CancellationToken cancellation)
    {
        if (outside.Count == 0)
        {
            return [];
        }

        var accounts = outside.ToLookup(viewing => viewing.Broadcast, viewing => viewing.Account);
        var ids = accounts.Select(viewers => viewers.Key).ToList();
        foreach (var broadcast in await db.Broadcasts.Where(b => ids.Contains(b.Id)).ToListAsync(cancellation))
        {
            await CutAsync(broadcast, [.. accounts[broadcast.Id]], cancellation);
        }

        return ids;
    }

    // Whoever takes an admission away raises the epoch in the same transaction: a ticket is signed with the epoch that was read together
    // with the admission, so it is void from here on.
    private async Task CutAsync(Broadcast broadcast, IReadOnlyList<Guid> accounts, CancellationToken cancellation)
    {
        broadcast.Epoch++;
        var known = await db.Cuts.Where(c => c.BroadcastId == broadcast.Id && accounts.Contains(c.AccountId))
            .ToDictionaryAsync(c => c.AccountId, cancellation);
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
        await db.Admissions.Where(a => a.BroadcastId == broadcast.Id && accounts.Contains(a.AccountId)).ExecuteDeleteAsync(cancellation);
        SocialMetrics.Cuts.Add(accounts.Count);
        write.AfterCommit(() => security.ViewersCut(broadcast.Id, accounts));
    }
}
