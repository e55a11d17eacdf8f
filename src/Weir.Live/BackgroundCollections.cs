using System.Runtime;
using Microsoft.Extensions.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live;

/// <summary>
/// Has the garbage collector look through everything beside the program now and then, as long as something is on air. .NET 10 ends the thread that does so after 20 s without work;
/// where it is needed later and not seen to be back in time, everybody stands still instead, for tens of milliseconds with thousands of viewers (dotnet/runtime pull request 119383,
/// for .NET 11, which will not need this). A node with nothing on air leaves the collector alone, but for one time after it let go of its
/// last broadcast: then the memory of all the media goes back to the system, which the collector would keep. Nobody watches at that moment
/// who could see everything stand still.
/// </summary>
internal sealed class BackgroundCollections : IHostedService, IDisposable
{
    /// <summary>A little less than what the thread waits for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>A node that has less than this is small enough.</summary>
    private const long MuchMemory = 256L << 20;

    private readonly BroadcastDirectory _broadcasts;
    private readonly Action _collect;
    private readonly Action _giveBack;
    private readonly ITimer _timer;
    private volatile bool _held;

    public BackgroundCollections(BroadcastDirectory broadcasts, TimeProvider clock)
        : this(broadcasts, clock, () => GC.Collect(2, GCCollectionMode.Forced, blocking: false, compacting: false), GiveBack)
    {
    }

    internal BackgroundCollections(BroadcastDirectory broadcasts, TimeProvider clock, Action collect, Action giveBack)
    {
        (_broadcasts, _collect, _giveBack) = (broadcasts, collect, giveBack);
        _timer = clock.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>The host makes it by starting it; the clock runs from then on.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer.Dispose();

    /// <summary>Frames are large objects, which are not compacted unless one says so. What is left is little, and so is the time.</summary>
    internal static void GiveBack()
    {
        if (GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes >= MuchMemory)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    private void Look()
    {
        var states = _broadcasts.Running.Select(running => running.Broadcast.State).ToList();
        if (states.Any(state => state is BroadcastState.Live or BroadcastState.Interrupted))
        {
            _collect();
        }

        // One that ended is held for a minute more.
        var holds = states.Any(state => state != BroadcastState.Ready);
        if (_held && !holds)
        {
            _giveBack();
        }

        _held = holds;
    }
}
