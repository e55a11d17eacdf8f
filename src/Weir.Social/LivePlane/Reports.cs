using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Notifications;

namespace Weir.Social.LivePlane;

/// <summary>Writes into the broadcasts' records what the live node reports. A report that is repeated or overtaken changes nothing.</summary>
internal sealed class Reports(WeirDb db, WriteScope write, LiveNotices notices)
{
    /// <summary>One transaction for all of them, which are of different broadcasts.</summary>
    public Task ApplyAsync(IReadOnlyList<BroadcastReport> reports, CancellationToken cancellation) => write.RunAsync(async () =>
    {
        var ids = reports.Select(report => Ids.FromWire(report.Broadcast)).ToList();
        var broadcasts = await db.Broadcasts.Where(b => ids.Contains(b.Id)).ToDictionaryAsync(b => b.Id, cancellation);
        foreach (var report in reports)
        {
            if (broadcasts.TryGetValue(Ids.FromWire(report.Broadcast), out var broadcast) && broadcast.Revision < report.Revision)
            {
                await ApplyAsync(broadcast, report, cancellation);
            }
        }

        return true;
    }, cancellation, WriteLane.Live);

    /// <summary>The node confirmed that it forgot these broadcasts; nothing needs their rows any more.</summary>
    public Task ForgottenAsync(IReadOnlyList<Guid> broadcasts, CancellationToken cancellation) => write.RunAsync(async () =>
    {
        // One row in two tables, which no single statement deletes.
        db.Broadcasts.RemoveRange(await db.Broadcasts.Where(b => broadcasts.Contains(b.Id) && b.DeletedAt != null).ToListAsync(cancellation));
        return true;
    }, cancellation, WriteLane.Live);

    private async Task ApplyAsync(Broadcast broadcast, BroadcastReport report, CancellationToken cancellation)
    {
        // The first state that is heard of may be a later one: only the newest is written.
        var begins = broadcast.State == BroadcastState.Ready && report.Phase is BroadcastPhase.Live or BroadcastPhase.Interrupted;
        broadcast.Revision = report.Revision;
        broadcast.StartedAt ??= report.StartedAt > 0 ? Times.FromMicroseconds(report.StartedAt) : null;
        broadcast.MediaDuration = Math.Max(report.MediaDuration, 0);
        broadcast.Recorded |= report.Recorded;
        // A node that was started again counts its viewers from zero.
        broadcast.PeakViewers = Math.Max(report.PeakViewers, broadcast.PeakViewers);
        broadcast.Comments = Math.Max(report.Comments, 0);
        if (report is { Width: > 0, Height: > 0 })
        {
            (broadcast.Width, broadcast.Height) = (report.Width, report.Height);
        }

        // Ended is final: a node that has not yet heard of the end may still report the stream.
        if (broadcast.State != BroadcastState.Ended)
        {
            broadcast.State = report.Phase switch
            {
                BroadcastPhase.Live => BroadcastState.Live,
                BroadcastPhase.Interrupted => BroadcastState.Interrupted,
                BroadcastPhase.Ended => BroadcastState.Ended,
                _ => broadcast.State,
            };
            if (broadcast.State == BroadcastState.Ended)
            {
                broadcast.EndedAt = Times.FromMicroseconds(report.ChangedAt);
                write.Changed(broadcast.Id);
                // The encoder key goes to the host's next newest broadcast.
                await write.ChangedOpenOfAsync(broadcast.OwnerId, cancellation);
            }
        }

        if (begins)
        {
            await notices.BeganAsync(broadcast, cancellation);
        }

        await notices.SayAsync(broadcast, cancellation);
    }
}
