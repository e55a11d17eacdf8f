using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>A moment that the reporter sees. Taken away, it is as if its owner had deleted it.</summary>
internal sealed class ReportedMoments(WeirDb db, MomentEntrance entrance, WriteScope write, MomentHints hints, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.Moment;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        var (moment, _) = await entrance.EnterAsync(target.Id, caller, cancellation);
        return moment is null ? null : new ReportedThing(
            moment.Id,
            moment.OwnerId,
            new Snapshot { Text = moment.Text, Pictures = moment.Content?.Pictures, At = moment.CreatedAt },
            Files: [.. (moment.Content?.Pictures ?? []).Select(p => p.Id)]);
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        if (await db.Moments.SingleOrDefaultAsync(m => m.Id == report.TargetId && m.DeletedAt == null, cancellation) is { } moment)
        {
            var told = await hints.SeenByAsync(moment, cancellation);
            await MomentModel.EmptyAsync(db, moment, clock.Now(), cancellation);
            write.AfterCommit(() => hints.Tell(told, moment.Id, MomentHappening.Deleted));
        }

        return true;
    }
}

/// <summary>A comment that the reporter sees, under a moment that they see. Of the moment nothing is kept: it is not what was reported.</summary>
internal sealed class ReportedMomentComments(WeirDb db, MomentEntrance entrance, WriteScope write, MomentHints hints, TimeProvider clock) : IReportable
{
    public ReportKind Kind => ReportKind.MomentComment;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        var (moment, _) = await entrance.EnterAsync(target.Id, caller, cancellation);
        var comment = moment is null ? null : await CommentMoment.FindAsync(target.Part ?? "", moment, caller, db, clock.Now(), cancellation);
        return comment is null ? null : new ReportedThing(comment.MomentId, comment.AuthorId, new Snapshot { Text = comment.Text, At = comment.CreatedAt }, Part: comment.Id.ToText());
    }

    public async Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        Ids.TryParse(report.Part, out var id);
        if (await db.Moments.SingleOrDefaultAsync(m => m.Id == report.TargetId, cancellation) is { } moment)
        {
            await CommentMoment.RemoveAsync(id, moment, db, hints, write, cancellation);
        }

        return true;
    }
}
