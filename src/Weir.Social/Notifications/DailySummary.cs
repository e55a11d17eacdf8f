using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Notifications;

/// <summary>
/// Once a day, at the time of day each person chose, what came quietly is told of together: one entry in the list and one push, if there is anything that stands and was not read.
/// Also takes away what is too old for any list.
/// </summary>
internal sealed class DailySummary(IServiceScopeFactory scopes, TimeProvider clock, ILogger<DailySummary> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>How many of each kind a summary tells of, as it is now.</summary>
    public static async Task<Dictionary<NoticeKind, int>> CountsAsync(IServiceProvider services, Guid account, Guid summary, CancellationToken cancellation)
    {
        var db = services.GetRequiredService<WeirDb>();
        var rows = await db.Notifications.AsNoTracking().Where(n => n.AccountId == account && n.SummaryId == summary).Take(Notification.MaxListed).ToListAsync(cancellation);
        var standing = await services.GetRequiredService<NoticeReader>().StandingAsync(account, rows, cancellation);
        return standing.CountBy(s => s.Notice.Kind).ToDictionary();
    }

    /// <summary>Tells everybody whose time has come. Gives how many.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        List<Guid> accounts;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            accounts = await db.Notifications.Where(n => n.Waits).Select(n => n.AccountId).Distinct().ToListAsync(cancellation);
        }

        var told = 0;
        foreach (var account in accounts)
        {
            await using var scope = scopes.CreateAsyncScope();
            told += await TellAsync(scope.ServiceProvider, account, cancellation) ? 1 : 0;
        }

        return told;
    }

    public async Task SweepAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
        var oldest = clock.Now() - Notification.Lifetime;
        await write.RunAsync(
            () => db.Notifications
                .Where(n => n.At <= oldest && db.Notifications.Count(newer => newer.AccountId == n.AccountId && newer.At > n.At) >= Notification.AlwaysKept)
                .ExecuteDeleteAsync(cancellation),
            cancellation);
        var full = await db.Notifications.GroupBy(n => n.AccountId).Where(g => g.Count() > Notification.MaxListed).Select(g => g.Key).ToListAsync(cancellation);
        foreach (var account in full)
        {
            var last = await db.Notifications.Where(n => n.AccountId == account).OrderByDescending(n => n.At).Skip(Notification.MaxListed - 1).Select(n => n.At).FirstAsync(cancellation);
            await write.RunAsync(() => db.Notifications.Where(n => n.AccountId == account && n.At < last).ExecuteDeleteAsync(cancellation), cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        long? swept = null;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RunAsync(stoppingToken);
                    if (swept is not { } last || clock.GetElapsedTime(last) > TimeSpan.FromHours(1))
                    {
                        await SweepAsync(stoppingToken);
                        swept = clock.GetTimestamp();
                    }
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogError(fault, "Summaries could not be made");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> TellAsync(IServiceProvider services, Guid account, CancellationToken cancellation)
    {
        var db = services.GetRequiredService<WeirDb>();
        var write = services.GetRequiredService<WriteScope>();
        var settings = await db.NoticeSettings.AsNoTracking().SingleOrDefaultAsync(s => s.AccountId == account, cancellation) ?? new NoticeSettings();
        var now = clock.Now();
        var due = settings.LastSummary(now) ?? DateTimeOffset.MaxValue;
        return await write.RunAsync(async () =>
        {
            var waiting = await db.Notifications.Where(n => n.AccountId == account && n.Waits && n.At <= due).ToListAsync(cancellation);
            if (waiting.Count == 0)
            {
                return false;
            }

            waiting.ForEach(n => n.Waits = false);
            var standing = settings.SummaryAt is null ? [] : await services.GetRequiredService<NoticeReader>().StandingAsync(account, waiting, cancellation);
            var tells = standing.Where(s => !s.Read).ToList();
            if (tells.Count == 0)
            {
                return false;
            }

            var id = Guid.CreateVersion7(now);
            var summary = new Notification { Id = id, AccountId = account, Kind = NoticeKind.Summary, SubjectId = id, At = now };
            db.Notifications.Add(summary);
            tells.ForEach(s => s.Notice.SummaryId = summary.Id);
            var delivery = services.GetRequiredService<NoticeDelivery>();
            write.AfterCommit(() => delivery.Deliver(new Happened(NoticeKind.Summary, account, Guid.Empty, summary.Id), listed: true, push: true));
            return true;
        }, cancellation);
    }
}
