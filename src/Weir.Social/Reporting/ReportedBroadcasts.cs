using Microsoft.EntityFrameworkCore;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>A broadcast that the reporter may watch. Taken away, it is deleted with its recording.</summary>
internal sealed class ReportedBroadcasts(WeirDb db, Entrance entrance, WriteScope write, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.Broadcast;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        var (broadcast, _) = await entrance.EnterAsync(target.Id, caller, cancellation);
        return broadcast is null ? null : new ReportedThing(broadcast.Id, broadcast.OwnerId, new Snapshot { Title = broadcast.Title, At = broadcast.StartedAt ?? broadcast.CreatedAt });
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        if (await db.Broadcasts.SingleOrDefaultAsync(b => b.Id == report.TargetId && b.DeletedAt == null, cancellation) is { } broadcast)
        {
            await ChangeBroadcast.TakeAwayAsync(db, broadcast, write, clock, cancellation);
        }

        return true;
    }
}
