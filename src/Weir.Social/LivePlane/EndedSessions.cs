using Microsoft.EntityFrameworkCore;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.LivePlane;

/// <summary>
/// Has the live node hear of sessions that another process ended and of keys that it renewed, as the command line does. What is done here
/// is sent at once (<see cref="WriteScope"/>). What tells is the sessions' epoch, which changes of accounts raise too: then the node hears
/// the same once more.
/// </summary>
internal sealed class EndedSessions(
    LiveLink link, SessionsEpochReader epochs, IServiceScopeFactory scopes, TimeProvider clock, ILogger<EndedSessions> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        long? known = null;
        Dictionary<Guid, (int, int)> keys = [];
        try
        {
            do
            {
                try
                {
                    var epoch = await epochs.ReadAsync();
                    if (epoch != known)
                    {
                        var now = await KeysAsync(stoppingToken);
                        if (known is not null)
                        {
                            link.SessionsChanged();
                            link.Changed([.. now.Except(keys).Select(changed => changed.Key)]);
                        }

                        keys = now;
                    }

                    known = epoch;
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    // The database is away for a moment: the next round sees what has changed until then.
                    log.LogWarning(fault, "The sessions' epoch could not be read");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>What the keys of all broadcasts that have not ended are derived from.</summary>
    private async Task<Dictionary<Guid, (int, int)>> KeysAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<WeirDb>().Broadcasts
            .Where(b => b.State != BroadcastState.Ended && b.DeletedAt == null)
            .Select(b => new { b.Id, b.Owner!.EncoderKeyGeneration, b.Owner.StreamKeyGeneration })
            .ToListAsync(cancellation)).ToDictionary(b => b.Id, b => (b.EncoderKeyGeneration, b.StreamKeyGeneration));
    }
}
