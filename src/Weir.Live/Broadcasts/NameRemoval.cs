using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Live.Recordings;

namespace Weir.Live.Broadcasts;

/// <summary>
/// The names of deleted accounts leave the recordings. Behind everything else, one recording after the other: an account may have
/// commented in thousands. The rules name such accounts again whenever the social plane is connected to, so a process that ends before
/// all is done leaves nothing behind that the next one would not do.
/// </summary>
internal sealed class NameRemoval(BroadcastDirectory broadcasts, ReplayStore replays, TimeProvider clock, ILogger<NameRemoval> log)
    : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();

    // Each broadcast once. There are no more than the social plane has named.
    private readonly HashSet<Guid> _waiting = [];

    /// <summary>How many names were taken out of each. A deleted account never comes back.</summary>
    private readonly Dictionary<Guid, int> _done = [];
    private readonly SemaphoreSlim _signal = new(0, 1);

    public void Apply(Rules rules)
    {
        lock (_lock)
        {
            if (rules.Names.Count <= _done.GetValueOrDefault(rules.Broadcast) || !_waiting.Add(rules.Broadcast))
            {
                return;
            }

            Signal();
        }
    }

    /// <summary>Works until nothing waits.</summary>
    /// <returns>False when a disk refused; what is left waits for the next time.</returns>
    public async Task<bool> CatchUpAsync()
    {
        var refused = new List<Guid>();
        while (Next() is { } broadcast)
        {
            try
            {
                await RemoveAsync(broadcast);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // Also a recording that was closed at this moment.
                log.LogWarning(
                    "Names cannot be taken out of the recording of {Broadcast} yet: {Reason}", broadcast.ToText(), fault.Message);
                refused.Add(broadcast);
            }
        }

        lock (_lock)
        {
            _waiting.UnionWith(refused);
            foreach (var gone in _done.Keys.Where(broadcast => broadcasts.Find(broadcast) is null).ToArray())
            {
                _done.Remove(gone);
            }
        }

        return refused.Count == 0;
    }

    public override void Dispose()
    {
        _signal.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _signal.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested && !await CatchUpAsync())
            {
                await Task.Delay(Again, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                lock (_lock)
                {
                    Signal();
                }
            }
        }
    }

    private async Task RemoveAsync(Guid broadcast)
    {
        if (broadcasts.Find(broadcast) is not { } rules)
        {
            return;
        }

        if (broadcasts.FindRunning(broadcast)?.Outputs.Events is { } events)
        {
            await events.RenameAsync(rules.Names);
        }
        else if (replays.TryOpen(broadcast, out var lease))
        {
            using (lease)
            {
                await lease.Replay.Events.RenameAsync(rules.Names);
            }
        }

        lock (_lock)
        {
            _done[broadcast] = rules.Names.Count;
        }
    }

    private Guid? Next()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return null;
            }

            var next = _waiting.First();
            _waiting.Remove(next);
            return next;
        }
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }
}
