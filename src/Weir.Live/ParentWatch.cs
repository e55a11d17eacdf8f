using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Weir.Live;

/// <summary>
/// Ends the node when its standard input closes. The supervising process holds the other end: it closes it to ask for
/// the end, and if it dies the system does, so that a new one finds the ports free.
/// </summary>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime, ILogger<ParentWatch> log) : IHostedService
{
    private volatile bool _stopping;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: standard input is read by waiting, and of the thread pool's threads, one a core, none can be spared. Where the only one
        // waited here, publishers were not read for up to a second now and then.
        new Thread(Watch) { IsBackground = true, Name = "parent watch" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        return Task.CompletedTask;
    }

    private void Watch()
    {
        try
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[16];
            while (input.Read(buffer) > 0)
            {
                // Nothing is said on it; only its end matters.
            }
        }
        catch (IOException fault)
        {
            log.LogWarning("Standard input cannot be read, taken as closed: {Reason}", fault.Message);
        }

        if (!_stopping)
        {
            log.LogInformation("The supervising process closed its end; stopping");
            lifetime.StopApplication();
        }
    }
}
