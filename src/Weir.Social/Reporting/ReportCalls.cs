using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.OfficialAccounts;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Reporting;

/// <summary><c>/api/reports</c>: report what I can see; what became of my reports. The reported person is not told, and what I cannot see answers like what is not there.</summary>
internal static class ReportCalls
{
    internal sealed record Request(ReportKind? Kind, string? Id, string? Part, string? Statement, ReportReason? Reason, string? Note);

    internal sealed record Made(Guid Id);

    internal sealed record Mine(Guid Id, ReportKind Kind, ReportReason Reason, DateTimeOffset CreatedAt, bool Open);

    public static void AddServices(IServiceCollection services)
    {
        services.AddScoped<IReportable, ReportedMessages>();
        services.AddScoped<IReportable, ReportedMoments>();
        services.AddScoped<IReportable, ReportedMomentComments>();
        services.AddScoped<IReportable, ReportedBroadcasts>();
        services.AddScoped<IReportable, ReportedLiveComments>();
        services.AddScoped<IReportable, ReportedArticles>();
        services.AddScoped<IReportable, ReportedOfficials>();
        services.AddScoped<IReportable, ReportedPeople>();
        services.AddSingleton<ReportRetention>().AddHostedService(provider => provider.GetRequiredService<ReportRetention>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        var reports = api.MapGroup("/reports").WithTags("Reports");
        reports.MapPost("", ReportAsync);
        reports.MapGet("", async (Caller caller, WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await db.Reports
            .Where(r => r.ReporterId == caller.Id)
            .OrderByDescending(r => r.CreatedAt)
            .Take(100)
            .Select(r => new Mine(r.Id, r.Kind, r.Reason, r.CreatedAt, r.DecidedAt == null))
            .ToListAsync(cancellation)));
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> ReportAsync(
        Request request,
        Caller caller,
        IEnumerable<IReportable> kinds,
        Limits limits,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (request.Reason is not { } reason)
        {
            return Problems.Field("reason", "reason-shape", "Say what is wrong with it.");
        }

        if (OfficialText.Parse(request.Note?.Trim(), Report.MaxNote) is not { } note)
        {
            return Problems.Field("note", "note-shape", $"A note has at most {Report.MaxNote} characters.");
        }

        if (!limits.Reports.TryTake(out var retryAfter, caller.Handle))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var kind = kinds.SingleOrDefault(k => k.Kind == request.Kind);
        if (kind is null)
        {
            return Problems.Field("kind", "kind-shape", "This cannot be reported.");
        }

        return await write.RunAsync<Results<Created<Made>, ProblemHttpResult>>(async () =>
        {
            if (await kind.FindAsync(new ReportTarget(request.Id ?? "", request.Part, request.Statement), caller, cancellation) is not { } thing)
            {
                return Problems.NotFound();
            }

            if (thing.AccusedId == caller.Id)
            {
                return Problems.Conflict("report-own", "This is your own.");
            }

            var open = db.Reports.Where(r => r.ReporterId == caller.Id && r.DecidedAt == null);
            var there = await open
                .Where(r => r.Kind == kind.Kind && r.TargetId == thing.TargetId && r.Part == thing.Part).Select(r => (Guid?)r.Id).SingleOrDefaultAsync(cancellation);
            if (there is { } before)
            {
                return TypedResults.Created((string?)null, new Made(before));
            }

            if (await open.CountAsync(cancellation) >= Report.MaxOpen)
            {
                return Problems.Conflict("too-many-reports", $"{Report.MaxOpen} of your reports wait for an answer.");
            }

            var report = new Report
            {
                Id = Guid.CreateVersion7(clock.GetUtcNow()),
                ReporterId = caller.Id,
                Kind = kind.Kind,
                TargetId = thing.TargetId,
                Part = thing.Part,
                AccusedId = thing.AccusedId,
                Reason = reason,
                Note = note,
                Snapshot = thing.Snapshot,
                CreatedAt = clock.Now(),
            };
            db.Reports.Add(report);
            db.FileUses.AddRange((thing.Files ?? []).Distinct().Select(file => new FileUse { FileId = file, Place = FilePlace.Report, PlaceId = report.Id }));
            return TypedResults.Created((string?)null, new Made(report.Id));
        }, cancellation);
    }
}
