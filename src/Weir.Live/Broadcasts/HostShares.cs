using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>
/// How many broadcasts of one host may be published at a time. Each holds some seconds of media in memory while it is on air or
/// interrupted, and until the node lets go of it after its end; so this bounds what one account makes the node hold.
/// </summary>
internal sealed class HostShares(BroadcastDirectory broadcasts)
{
    /// <summary>On air or interrupted.</summary>
    public const int MostOnAir = 3;

    /// <summary>The same with those that ended within the last minute.</summary>
    public const int MostHeld = 6;

    private readonly Lock _lock = new();

    /// <summary>Publishers that were let in and have not connected yet: a host's second publisher must see the first.</summary>
    private readonly List<Rules> _coming = [];

    /// <summary>Whether it may be published now. Who publishes it again, or comes back to it, always may.</summary>
    public bool HasRoom(Rules rules)
    {
        lock (_lock)
        {
            return Fits(rules);
        }
    }

    /// <summary>Takes a publisher; null where the host has no room for one, or the broadcast is over.</summary>
    public Publisher? Publish(Rules rules, Func<Publisher?> publish, out bool hadRoom)
    {
        lock (_lock)
        {
            hadRoom = Fits(rules);
            if (!hadRoom)
            {
                return null;
            }

            _coming.Add(rules);
        }

        try
        {
            // Outside the lock: whoever published before is told to close.
            return publish();
        }
        finally
        {
            lock (_lock)
            {
                _coming.Remove(rules);
            }
        }
    }

    private bool Fits(Rules rules)
    {
        HashSet<Guid> onAir = [.. _coming.Where(coming => coming.Host == rules.Host).Select(coming => coming.Broadcast)];
        var ended = 0;
        foreach (var running in broadcasts.Running.Where(running => running.Rules.Host == rules.Host))
        {
            if (running.Broadcast.State == BroadcastState.Ended)
            {
                ended++;
            }
            else if (running.Broadcast.State != BroadcastState.Ready || running.Broadcast.Publisher is not null)
            {
                onAir.Add(running.Broadcast.Id);
            }
        }

        return onAir.Contains(rules.Broadcast) || (onAir.Count < MostOnAir && onAir.Count + ended < MostHeld);
    }
}
