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
    public Task ApplyAsync(BroadcastReport report, CancellationToken cancellation) => write.RunAsync(async () =>
    {
        var id = Ids.FromWire(report.Broadcast);
        var broadcast = await db.Broadcasts.SingleOrDefaultAsync(b => b.Id == id && b.Revision < report.Revision, cancellation);
        if (broadcast is null)
        {
            return false;
        }

        var begins = broadcast.State == BroadcastState.Ready && report.Phase == BroadcastPhase.Live;
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
                write.Changed(id);
                // The encoder key goes to the host's next newest broadcast.
                await write.ChangedOpenOfAsync(broadcast.OwnerId, cancellation);
            }
        }

        if (begins)
        {
            await notices.BeganAsync(broadcast, cancellation);
        }

        await notices.SayAsync(broadcast, cancellation);

        return true;
    }, cancellation);

    /// <summary>The node confirmed that it forgot this broadcast; nothing needs its row any more.</summary>
    public Task ForgottenAsync(Guid broadcast, CancellationToken cancellation) => write.RunAsync(async () =>
    {
        // One row in two tables, which no single statement deletes.
        db.Broadcasts.RemoveRange(await db.Broadcasts.Where(b => b.Id == broadcast && b.DeletedAt != null).ToListAsync(cancellation));
        return true;
    }, cancellation);
}
