using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Realtime;

/// <summary>Asks again and again whether the sessions of open connections still hold, as a request would, and closes those that do not.</summary>
internal sealed class SessionWatch(Connections connections, IServiceScopeFactory scopes, TimeProvider clock, ILogger<SessionWatch> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await CheckAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    // The database is away for a moment: nobody is let in meanwhile either, and the next round asks again.
                    log.LogWarning(fault, "Sessions could not be checked");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task CheckAsync(CancellationToken cancellation)
    {
        foreach (var batch in connections.Sessions().Chunk(500))
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            var valid = await db.Sessions.StillGood(clock.Now())
                .Where(s => batch.Contains(s.Id) && s.Account!.SuspendedAt == null && s.Account.DeletedAt == null)
                .Select(s => s.Id)
                .ToListAsync(cancellation);
            if (valid.Count < batch.Length)
            {
                connections.Close(batch.Except(valid).ToHashSet());
            }
        }
    }
}
