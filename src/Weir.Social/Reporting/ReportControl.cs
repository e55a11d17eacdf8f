using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social.Reporting;

/// <summary>
/// <c>/api/admin/reports</c>: what waits, what was decided, and deciding. One decision answers everybody who reported the same thing, and is in the audit trail with the report's id, without what was said.
/// </summary>
internal static class ReportControl
{
    private const int PageLength = 50;
    private const int MaxWords = 100;

    /// <summary>One person's word about it.</summary>
    internal sealed record Word(Person From, ReportReason Reason, string Note, DateTimeOffset CreatedAt);

    internal sealed record Entry(
        Guid Id,
        ReportKind Kind,
        Guid TargetId,
        Person? Accused,
        bool AccusedSuspended,
        Snapshot? Snapshot,
        List<Word> Words,
        DateTimeOffset CreatedAt,
        DateTimeOffset? DecidedAt,
        Person? DecidedBy,
        ReportOutcome? Outcome);

    internal sealed record Page(int Open, List<Entry> Reports, DateTimeOffset? Next);

    /// <param name="Remove">Take the reported thing away.</param>
    /// <param name="Suspend">Suspend who is answerable for it.</param>
    internal sealed record Decision(bool Remove, bool Suspend);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/reports", ListAsync);
        admin.MapPost("/reports/{id}/decision", DecideAsync).OnFullDisks();
    }

    /// <param name="state"><c>open</c>, oldest first, each thing once; or <c>closed</c>, newest decision first.</param>
    private static async Task<Results<Ok<Page>, ProblemHttpResult>> ListAsync(WeirDb db, CancellationToken cancellation, string state = "open", DateTimeOffset? from = null)
    {
        if (state is not ("open" or "closed"))
        {
            return Problems.Field("state", "state-unknown", "The state is open or closed.");
        }

        // The first who reported a thing stands for all who did before the decision.
        var firsts = db.Reports.AsNoTracking().Where(r => !db.Reports.Any(o =>
            o.Kind == r.Kind && o.TargetId == r.TargetId && o.Part == r.Part && o.DecidedAt == r.DecidedAt && (o.CreatedAt < r.CreatedAt || (o.CreatedAt == r.CreatedAt && o.Id < r.Id))));
        var start = from?.ToUniversalTime();
        var open = await firsts.CountAsync(r => r.DecidedAt == null, cancellation);
        var page = state == "open"
            ? await firsts.Where(r => r.DecidedAt == null && (start == null || r.CreatedAt > start)).OrderBy(r => r.CreatedAt).Take(PageLength + 1).ToListAsync(cancellation)
            : await firsts.Where(r => r.DecidedAt != null && (start == null || r.DecidedAt < start)).OrderByDescending(r => r.DecidedAt).Take(PageLength + 1).ToListAsync(cancellation);
        var shown = page.Take(PageLength).ToList();
        var targets = shown.ConvertAll(r => r.TargetId).Distinct().ToList();
        var all = await db.Reports.AsNoTracking().Where(r => targets.Contains(r.TargetId)).OrderBy(r => r.CreatedAt).Take(PageLength * MaxWords).ToListAsync(cancellation);
        var ids = all.Select(r => r.ReporterId).Concat(shown.SelectMany(r => new[] { r.AccusedId ?? Guid.Empty, r.DecidedById ?? Guid.Empty })).Distinct().ToList();
        var people = await db.Accounts.AsNoTracking().Where(a => ids.Contains(a.Id)).ToDictionaryAsync(a => a.Id, cancellation);
        var entries = shown.ConvertAll(r => new Entry(
            r.Id,
            r.Kind,
            r.TargetId,
            Of(r.AccusedId),
            r.AccusedId is { } accused && people.GetValueOrDefault(accused)?.SuspendedAt is not null,
            r.Snapshot,
            [.. all.Where(o => Same(o, r)).Take(MaxWords).Select(o => new Word(Of(o.ReporterId)!, o.Reason, o.Note, o.CreatedAt))],
            r.CreatedAt,
            r.DecidedAt,
            Of(r.DecidedById),
            r.Outcome));
        return TypedResults.Ok(new Page(open, entries, page.Count <= PageLength ? null : state == "open" ? shown[^1].CreatedAt : shown[^1].DecidedAt));

        Person? Of(Guid? id) => id is { } known && people.TryGetValue(known, out var account) ? new Person(account.Id, account.Handle, account.Name, account.AvatarId) : null;
    }

    private static bool Same(Report one, Report other) =>
        one.Kind == other.Kind && one.TargetId == other.TargetId && one.Part == other.Part && one.DecidedAt == other.DecidedAt;

    private static async Task<Results<NoContent, ProblemHttpResult>> DecideAsync(
        string id,
        Decision decision,
        Caller caller,
        IEnumerable<IReportable> kinds,
        Suspension suspension,
        AuditTrail trail,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var fault = await write.RunAsync(async () =>
        {
            if (await db.Reports.SingleOrDefaultAsync(r => r.Id == wanted, cancellation) is not { } report)
            {
                return Problems.NotFound();
            }

            if (report.DecidedAt is not null)
            {
                return Problems.Conflict("already-decided", "This was decided already.");
            }

            var accused = await db.Accounts.SingleOrDefaultAsync(a => a.Id == report.AccusedId && a.DeletedAt == null, cancellation);
            if (decision.Suspend && accused?.Id == caller.Id)
            {
                return Problems.Conflict("cannot-suspend-yourself", "You cannot suspend yourself.");
            }

            if (decision.Suspend && accused is not null && await Administrators.FaultWithoutAsync(db, accused.Id, cancellation) is { } last)
            {
                return last;
            }

            // Judged before anything is changed: a fault leaves nothing behind.
            if (decision.Remove && (kinds.SingleOrDefault(k => k.Kind == report.Kind) is not { } kind || !await kind.RemoveAsync(report, cancellation)))
            {
                db.ChangeTracker.Clear();
                return Problems.Conflict("cannot-remove", "This cannot be taken away.");
            }

            if (decision.Suspend && accused is not null)
            {
                await suspension.ApplyAsync(accused, cancellation);
                trail.Add(AuditAction.AccountSuspended, caller, accused, $"report {report.Id.ToText()}");
            }

            if (decision.Remove)
            {
                trail.Add(AuditAction.ContentRemoved, caller, report.TargetId, accused?.Handle ?? "", $"{Json.Word(report.Kind)}, report {report.Id.ToText()}");
            }

            var now = clock.Now();
            var same = await db.Reports
                .Where(r => r.Kind == report.Kind && r.TargetId == report.TargetId && r.Part == report.Part && r.DecidedAt == null).ToListAsync(cancellation);
            foreach (var one in same)
            {
                (one.DecidedAt, one.DecidedById, one.Outcome) = (now, caller.Id, OutcomeOf(decision));
                // Its words are kept for a while; pictures and files only for deciding.
                await FileUses.ReleaseAsync(db, FilePlace.Report, one.Id, now, cancellation);
            }

            trail.Add(
                decision is { Remove: false, Suspend: false } ? AuditAction.ReportDismissed : AuditAction.ReportSettled,
                caller,
                report.Id,
                accused?.Handle ?? "",
                $"{Json.Word(report.Kind)}, {Json.Word(report.Reason)}, {same.Count} reported it");
            return null;
        }, cancellation);
        return fault is null ? TypedResults.NoContent() : fault;
    }

    private static ReportOutcome OutcomeOf(Decision decision) => decision switch
    {
        { Remove: true, Suspend: true } => ReportOutcome.RemovedAndSuspended,
        { Remove: true } => ReportOutcome.Removed,
        { Suspend: true } => ReportOutcome.Suspended,
        _ => ReportOutcome.Dismissed,
    };
}
