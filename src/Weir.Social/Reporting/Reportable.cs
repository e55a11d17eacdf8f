using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>What a caller points at.</summary>
/// <param name="Part">The comment's id or, for a live comment, what the live plane says about it.</param>
internal sealed record ReportTarget(string Id, string? Part, string? Statement);

/// <summary>Something that its reporter can see at this moment.</summary>
/// <param name="Files">Kept from deletion until the report is decided.</param>
internal sealed record ReportedThing(Guid TargetId, Guid? AccusedId, Snapshot Snapshot, string Part = "", IReadOnlyList<Guid>? Files = null);

/// <summary>A kind of thing that can be reported. A capability whose things can be reported adds one.</summary>
internal interface IReportable
{
    ReportKind Kind { get; }

    /// <summary>The thing, or null when the caller cannot see it or it is not there.</summary>
    Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation);

    /// <summary>Takes it away inside the running transaction; false when that is not possible. Gone already counts as taken away.</summary>
    Task<bool> RemoveAsync(Report report, CancellationToken cancellation);
}
