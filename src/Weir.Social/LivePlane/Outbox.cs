namespace Weir.Social.LivePlane;

/// <summary>
/// What one connection still has to send. It holds which broadcasts changed, never the messages: a broadcast that changes a hundred times before it
/// is sent is one entry and one message with the newest rules, so the bound is the number of broadcasts and nothing is ever dropped.
/// </summary>
internal sealed class Outbox
{
    private readonly Lock _lock = new();
    private readonly HashSet<Guid> _dirty = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _replaced = new();
    private bool _switch;
    private ulong _received;
    private ulong _acknowledged;

    public bool Complete { get; set; }

    /// <summary>A newer connection took this one's place.</summary>
    public CancellationToken Replaced => _replaced.Token;

    public void Replace() => _replaced.Cancel();

    public void Add(IEnumerable<Guid> broadcasts)
    {
        lock (_lock)
        {
            _dirty.UnionWith(broadcasts);
            Signal();
        }
    }

    public void AddSwitch()
    {
        lock (_lock)
        {
            _switch = true;
            Signal();
        }
    }

    /// <summary>Reports up to this sequence number are on disk.</summary>
    public void Acknowledge(ulong sequence)
    {
        lock (_lock)
        {
            _received = sequence;
            Signal();
        }
    }

    /// <summary>Waits until there is something to send and takes at most <paramref name="max"/> broadcasts of it.</summary>
    public async Task<Due> TakeAsync(int max, CancellationToken cancellation)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_switch || _dirty.Count > 0 || _received > _acknowledged)
                {
                    var due = new Due(_switch, _received > _acknowledged ? _received : null, [.. _dirty.Take(max)]);
                    _switch = false;
                    _acknowledged = _received;
                    _dirty.ExceptWith(due.Broadcasts);
                    return due;
                }
            }

            await _signal.WaitAsync(cancellation);
        }
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    internal sealed record Due(bool Switch, ulong? Acknowledge, IReadOnlyList<Guid> Broadcasts);
}
