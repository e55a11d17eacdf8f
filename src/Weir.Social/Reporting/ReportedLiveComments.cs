using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>A comment under a broadcast or its replay. The live plane keeps those: it says, signed, what was written, and takes it off when it is told.</summary>
internal sealed class ReportedLiveComments(Entrance entrance, NodeKey key, WriteScope write) : IReportable
{
    public ReportKind Kind => ReportKind.LiveComment;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        var (broadcast, _) = await entrance.EnterAsync(target.Id, caller, cancellation);
        return broadcast is not null && CommentStatement.TryVerify(key, target.Statement, out var said) && said.Broadcast == broadcast.Id && Ids.TryParse(said.Comment, out _)
            ? new ReportedThing(broadcast.Id, said.Account, new Snapshot { Text = said.Text, Title = said.Name, Place = broadcast.Title, At = said.Time }, Part: said.Comment)
            : null;
    }

    /// <summary>The decision itself is what the node is told, with the broadcast's rules (see <see cref="LivePlane.RulesReader"/>).</summary>
    public Task<bool> RemoveAsync(Report report, CancellationToken cancellation)
    {
        write.Changed(report.TargetId);
        return Task.FromResult(true);
    }
}
