using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Planes;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>What happens by the clock: viewer numbers, health, presence, and the end of broadcasts nobody comes back to.</summary>
internal sealed class Ticker(
    BroadcastDirectory broadcasts, ReportQueue reports, LiveOptions options, TimeProvider clock, ILogger<Ticker> log) : BackgroundService
{
    /// <summary>HLS players may fetch the last segments for this long after the end.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(60);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        try
        {
            for (long tick = 0; await timer.WaitForNextTickAsync(stoppingToken); tick++)
            {
                foreach (var running in broadcasts.Running)
                {
                    await TickAsync(running, tick);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            log.LogDebug("The clock stops with the node");
        }
    }

    internal async Task TickAsync(LiveBroadcast running, long tick)
    {
        var broadcast = running.Broadcast;
        switch (broadcast.State)
        {
            case BroadcastState.Ended:
                if (running.LastAudience is not null)
                {
                    // Otherwise the social plane would hold the last viewers for present.
                    running.LastAudience = null;
                    reports.Put(new Presence { Broadcast = broadcast.Id.ToWire() });
                }

                if (clock.GetElapsedTime(running.EndedAt) > Retention)
                {
                    await broadcasts.RetireAsync(running);
                }

                return;
            case BroadcastState.Interrupted when clock.GetUtcNow() - broadcast.InterruptedSince >= options.InterruptionLimit:
                log.LogInformation("Broadcast {Broadcast} ends: its publisher stayed away", broadcast.Id.ToText());
                broadcast.End();
                return;
        }

        running.ReportNewPicture();
        var audience = running.Viewers.Now();
        // Every ten seconds in any case, for those who joined without changing the number.
        if (tick % 10 == 0 || running.LastAudience is not { } last || last.Count != audience.Count || !last.Accounts.SequenceEqual(audience.Accounts))
        {
            running.LastAudience = audience;
            broadcast.Timeline.AppendEvent(_ => LiveEvents.Viewers(audience.Count));
            reports.Put(new Presence
            {
                Broadcast = broadcast.Id.ToWire(),
                Accounts = { audience.Accounts.Select(Ids.ToWire) },
                Anonymous = audience.Anonymous,
            });
        }

        if (tick % 2 == 0 && broadcast.State == BroadcastState.Live)
        {
            broadcast.Timeline.AppendEvent(edge => LiveEvents.Clock(edge, clock.GetUtcNow()));
            broadcast.Timeline.AppendEvent(_ => LiveEvents.Health(running.TakeHealth()));
        }
        else if (tick % 2 == 0 && (broadcast.Publisher is not null || broadcast.Health.RefusedPublisher))
        {
            // Connected or refused, and nothing a viewer could see yet: the host must be told why.
            broadcast.Timeline.AppendEvent(_ => LiveEvents.Health(running.TakeHealth()));
        }
    }
}
