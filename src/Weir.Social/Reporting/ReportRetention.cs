using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Reporting;

/// <summary>
/// What a reported thing said is kept for deciding, and for <see cref="Report.KeptFor"/> after. Of an account that is deleted only what is
/// still to be decided is kept.
/// </summary>
internal sealed class ReportRetention(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ReportRetention> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Inside the transaction that ends the account.</summary>
    public static Task ForgetAsync(WeirDb db, Guid account, CancellationToken cancellation) =>
        ForgetAsync(db.Reports.Where(r => r.AccusedId == account && r.DecidedAt != null), cancellation);

    /// <summary>Takes away what has been kept long enough, and what a decision about a deleted account has left.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
        var oldest = clock.Now() - Report.KeptFor;
        var over = db.Reports.Where(r => r.Snapshot != null && r.DecidedAt != null
            && (r.DecidedAt <= oldest || db.Accounts.Any(a => a.Id == r.AccusedId && a.DeletedAt != null)));
        if (await over.AnyAsync(cancellation))
        {
            await write.RunAsync(() => ForgetAsync(over, cancellation), cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogError(fault, "What was reported and kept long enough could not be taken away; the next round tries again");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private static Task<int> ForgetAsync(IQueryable<Report> reports, CancellationToken cancellation) =>
        reports.ExecuteUpdateAsync(set => set.SetProperty(r => r.Snapshot, (Snapshot?)null), cancellation);
}
