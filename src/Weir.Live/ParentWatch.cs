using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Weir.Live;

/// <summary>
/// Ends the node when its standard input closes. The supervising process holds the other end: it closes it to ask for
/// the end, and if it dies the system does, so that a new one finds the ports free.
/// </summary>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime, ILogger<ParentWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[16];
        try
        {
            while (await input.ReadAsync(buffer, stoppingToken) > 0)
            {
                // Nothing is said on it; only its end matters.
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        log.LogInformation("The supervising process closed its end; stopping");
        lifetime.StopApplication();
    }
}
