using Weir.Social.Sessions;

namespace Weir.Social.LivePlane;

/// <summary>
/// Has the live node hear of sessions that another process ended, as the command line does. Those that end here are sent at once (<see
/// cref="Data.WriteScope"/>). What tells is the sessions' epoch, which changes of accounts raise too: then the node hears the same once
/// more.
/// </summary>
internal sealed class EndedSessions(LiveLink link, SessionsEpochReader epochs, TimeProvider clock, ILogger<EndedSessions> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        long? known = null;
        try
        {
            do
            {
                try
                {
                    var epoch = await epochs.ReadAsync();
                    if (known is { } before && epoch != before)
                    {
                        link.SessionsChanged();
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
}
