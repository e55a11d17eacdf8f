using System.Collections.Concurrent;

namespace Weir.Social.LivePlane;

/// <summary>Who watches one broadcast now, as the live node said last.</summary>
internal sealed record Watching(IReadOnlySet<Guid> Accounts, int Anonymous, DateTimeOffset AsOf);

/// <summary>
/// The social plane's end of the link to its live node: what to tell it (<see cref="Outbox"/>) and what it says that is not stored.
/// One node; a newer connection replaces the older.
/// </summary>
internal sealed class LiveLink(TimeProvider clock)
{
    /// <summary>Of how many broadcasts presence is kept; a node that names more is not believed.</summary>
    private const int MaxPresence = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(750);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Guid, Watching> _presence = new();
    private readonly HashSet<Guid> _changed = [];
    private Outbox? _outbox;

    /// <summary>The live node is connected and has been told everything.</summary>
    public bool Available => Volatile.Read(ref _outbox)?.Complete ?? false;

    /// <summary>Another one for each connection of the node; null while it is away.</summary>
    public object? Connection => Volatile.Read(ref _outbox);

    public Outbox Connect()
    {
        var outbox = new Outbox(clock);
        lock (_lock)
        {
            _outbox?.Replace();
            _outbox = outbox;
            Clear();
        }

        return outbox;
    }

    public void Disconnect(Outbox outbox)
    {
        lock (_lock)
        {
            if (_outbox == outbox)
            {
                _outbox = null;
                Clear();
            }
        }
    }

    /// <summary>The rules of these broadcasts changed (and are on disk).</summary>
    public void Changed(IReadOnlyCollection<Guid> broadcasts)
    {
        if (broadcasts.Count > 0)
        {
            Volatile.Read(ref _outbox)?.Add(broadcasts);
        }
    }

    /// <summary>Accounts or sessions changed, and perhaps one ended: the node must hear which are left.</summary>
    public void SessionsChanged() => Volatile.Read(ref _outbox)?.AddSessions();

    public void SwitchChanged() => Volatile.Read(ref _outbox)?.AddSwitch();

    /// <summary>
    /// Waits until the node has applied what changed so far, so that a stream key works when its owner reads it. Not
    /// for long: while the live plane is away or slow, the social plane answers all the same.
    /// </summary>
    public async Task AppliedAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _outbox) is not { Complete: true } outbox)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, outbox.Replaced);
        patience.CancelAfter(Patience);
        try
        {
            await outbox.AppliedAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            SocialMetrics.SlowCommands.Add(1);
        }
    }

    public Watching? WhoWatches(Guid broadcast) => _presence.GetValueOrDefault(broadcast);

    /// <summary>Adds the broadcasts whose viewers were reported since the last call; it may be that they are the same.</summary>
    public void TakeChanged(HashSet<Guid> changed)
    {
        lock (_lock)
        {
            changed.UnionWith(_changed);
            _changed.Clear();
        }
    }

    public void Watch(Outbox from, Guid broadcast, Watching watching)
    {
        lock (_lock)
        {
            if (_outbox != from)
            {
                return;
            }

            if (watching.Accounts.Count == 0 && watching.Anonymous == 0)
            {
                if (_presence.TryRemove(broadcast, out _))
                {
                    _changed.Add(broadcast);
                }
            }
            else if (_presence.Count < MaxPresence || _presence.ContainsKey(broadcast))
            {
                _presence[broadcast] = watching;
                _changed.Add(broadcast);
            }
        }
    }

    /// <summary>Nobody is known to watch any more, which is a change too.</summary>
    private void Clear()
    {
        _changed.UnionWith(_presence.Keys);
        _presence.Clear();
    }
}
