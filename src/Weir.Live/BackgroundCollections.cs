using Microsoft.Extensions.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live;

/// <summary>
/// Has the garbage collector look through everything beside the program now and then, as long as something is on air. .NET 10 ends the thread that does so after 20 s without work;
/// where it is needed later and not seen to be back in time, everybody stands still instead, for tens of milliseconds with thousands of viewers (dotnet/runtime pull request 119383,
/// for .NET 11, which will not need this). A node with nothing on air leaves the collector alone.
/// </summary>
internal sealed class BackgroundCollections : IHostedService, IDisposable
{
    /// <summary>A little less than what the thread waits for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly BroadcastDirectory _broadcasts;
    private readonly Action _collect;
    private readonly ITimer _timer;

    public BackgroundCollections(BroadcastDirectory broadcasts, TimeProvider clock)
        : this(broadcasts, clock, () => GC.Collect(2, GCCollectionMode.Forced, blocking: false, compacting: false))
    {
    }

    internal BackgroundCollections(BroadcastDirectory broadcasts, TimeProvider clock, Action collect)
    {
        (_broadcasts, _collect) = (broadcasts, collect);
        _timer = clock.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>The host makes it by starting it; the clock runs from then on.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_broadcasts.Running.Any(running => running.Broadcast.State is BroadcastState.Live or BroadcastState.Interrupted))
        {
            _collect();
        }
    }
}
