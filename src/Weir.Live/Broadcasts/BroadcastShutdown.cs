using Microsoft.Extensions.Hosting;

namespace Weir.Live.Broadcasts;

/// <summary>
/// Closes sessions and recordings when the node stops. Registered before the services that use them, so it is stopped
/// after them.
/// </summary>
internal sealed class BroadcastShutdown(BroadcastDirectory broadcasts, IHostApplicationLifetime lifetime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Viewers are told at once, before Kestrel waits for their connections to end.
        lifetime.ApplicationStopping.Register(broadcasts.BeginStop);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => broadcasts.StopAsync();
}
