using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Notifications;

/// <summary>What happened, for one person.</summary>
internal sealed record Happened(NoticeKind Kind, Guid Account, Guid Actor, Guid Subject, Guid Detail = default, long Seq = 0);

/// <summary>
/// Where every capability says what concerns whom: inside its own transaction, with <see cref="AddAsync(Happened, CancellationToken)"/>. The list has it in that transaction;
/// devices hear of it once it is on disk. Nobody is told of their own doing, nor twice of the same. What concerns the empty id is looked up
/// like everything else and written nowhere: so it takes about the same time whether or not there is somebody.
/// </summary>
internal sealed class Notices(WeirDb db, WriteScope write, NoticeDelivery delivery, TimeProvider clock)
{
    public Task AddAsync(Happened happened, CancellationToken cancellation) => AddAsync([happened], cancellation);

    public async Task AddAsync(IEnumerable<Happened> happened, CancellationToken cancellation)
    {
        foreach (var batch in happened.Where(h => h.Account != h.Actor).DistinctBy(h => (h.Account, h.Kind, h.Subject, h.Detail, h.Actor)).Chunk(500))
        {
            await AddBatchAsync(batch, cancellation);
        }
    }

    /// <summary>What was said of this is no longer so, and whoever says it again is heard again. Inside the running transaction.</summary>
    public async Task WithdrawAsync(NoticeKind kind, Guid account, Guid subject, CancellationToken cancellation)
    {
        if (await db.Notifications
            .Where(n => n.AccountId == account && n.Kind == kind && n.SubjectId == subject)
            .ExecuteDeleteAsync(cancellation) > 0)
        {
            write.AfterCommit(() => delivery.Changed(account));
        }
    }

    private async Task AddBatchAsync(Happened[] batch, CancellationToken cancellation)
    {
        var accounts = batch.Select(h => h.Account).Distinct().ToList();
        var subjects = batch.Select(h => h.Subject).Distinct().ToList();
        var settings = await db.NoticeSettings.AsNoTracking().Where(s => accounts.Contains(s.AccountId)).ToDictionaryAsync(s => s.AccountId, cancellation);
        var there = (await db.Notifications
            .Where(n => accounts.Contains(n.AccountId) && subjects.Contains(n.SubjectId))
            .Select(n => new { n.AccountId, n.Kind, n.SubjectId, n.DetailId, n.ActorId })
            .ToListAsync(cancellation)).Select(n => (n.AccountId, n.Kind, n.SubjectId, n.DetailId, n.ActorId)).ToHashSet();
        var muted = (await db.ConversationMembers
            .Where(m => m.Muted && accounts.Contains(m.AccountId) && subjects.Contains(m.ConversationId))
            .Select(m => new { m.AccountId, m.ConversationId })
            .ToListAsync(cancellation)).Select(m => (m.AccountId, m.ConversationId)).ToHashSet();
        var added = new List<Notification>(batch.Length);
        foreach (var one in batch)
        {
            if (one.Account == Guid.Empty || there.Contains((one.Account, one.Kind, one.Subject, one.Detail, one.Actor)))
            {
                continue;
            }

            var wants = settings.GetValueOrDefault(one.Account);
            var choice = wants?.For(one.Kind) ?? NoticeSettings.Default(one.Kind);
            var silent = muted.Contains((one.Account, one.Subject));
            var waits = !silent && choice.Push == PushChoice.Summary && wants is not { SummaryAt: null };
            if (choice.InApp)
            {
                added.Add(new Notification
                {
                    Id = Guid.CreateVersion7(clock.GetUtcNow()),
                    AccountId = one.Account,
                    Kind = one.Kind,
                    ActorId = one.Actor,
                    SubjectId = one.Subject,
                    DetailId = one.Detail,
                    Seq = one.Seq,
                    At = clock.Now(),
                    Quiet = silent || waits,
                    Waits = waits,
                });
            }

            var push = !silent && choice.Push == PushChoice.Now;
            if (choice.InApp || push)
            {
                write.AfterCommit(() => delivery.Deliver(one, choice.InApp, push));
            }
        }

        db.Notifications.AddRange(await NoticeShares.FitAsync(db, added, cancellation));
    }
}
