namespace Weir.Social.LivePlane;

/// <summary>
/// What one connection still has to send. It holds which broadcasts changed, never the messages: a broadcast that changes a hundred times before it
/// is sent is one entry and one message with the newest rules, so the bound is the number of broadcasts and nothing is ever dropped.
/// </summary>
internal sealed class Outbox(TimeProvider clock)
{
    /// <summary>
    /// Which sessions are left is read and sent as a whole, and the node compares every viewer with it: not more often than this, however
    /// many end.
    /// </summary>
    public static readonly TimeSpan SessionsEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly HashSet<Guid> _dirty = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _replaced = new();
    private bool _switch;
    private bool _sessions;
    private long? _sessionsTaken;
    private ulong _received;
    private ulong _acknowledged;
    private long _changes;
    private long _applied;
    private TaskCompletionSource _appliedMore = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Complete { get; set; }

    /// <summary>A newer connection took this one's place.</summary>
    public CancellationToken Replaced => _replaced.Token;

    public void Replace() => _replaced.Cancel();

    public void Add(IEnumerable<Guid> broadcasts)
    {
        lock (_lock)
        {
            _dirty.UnionWith(broadcasts);
            _changes++;
            Signal();
        }
    }

    public void AddSwitch()
    {
        lock (_lock)
        {
            _switch = true;
            _changes++;
            Signal();
        }
    }

    public void AddSessions()
    {
        lock (_lock)
        {
            _sessions = true;
            _changes++;
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
            TimeSpan pause;
            lock (_lock)
            {
                pause = _sessions ? PauseOfSessions() : Timeout.InfiniteTimeSpan;
                var sessions = pause == TimeSpan.Zero;
                if (_switch || sessions || _dirty.Count > 0 || _received > _acknowledged)
                {
                    var due = new Due(_switch, sessions, _received > _acknowledged ? _received : null, [.. _dirty.Take(max)]);
                    (_switch, _sessions) = (false, _sessions && !sessions);
                    _sessionsTaken = sessions ? clock.GetTimestamp() : _sessionsTaken;
                    _acknowledged = _received;
                    _dirty.ExceptWith(due.Broadcasts);
                    return _dirty.Count == 0 && !_sessions ? due with { Through = _changes } : due;
                }
            }

            await using var timer = clock.CreateTimer(static outbox => ((Outbox)outbox!).Wake(), this, pause, Timeout.InfiniteTimeSpan);
            await _signal.WaitAsync(cancellation);
        }
    }

    /// <summary>The node has applied every change up to this number.</summary>
    public void Applied(long change)
    {
        lock (_lock)
        {
            _applied = Math.Max(_applied, change);
            _appliedMore.TrySetResult();
            _appliedMore = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes when the node has applied everything that changed until now.</summary>
    public async Task AppliedAsync(CancellationToken cancellation)
    {
        long until;
        lock (_lock)
        {
            until = _changes;
        }

        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_applied >= until)
                {
                    return;
                }

                more = _appliedMore.Task;
            }

            await more.WaitAsync(cancellation);
        }
    }

    /// <summary>How long the sessions must not be sent yet; the first that ends after a while is sent at once.</summary>
    private TimeSpan PauseOfSessions()
    {
        var pause = _sessionsTaken is { } taken ? SessionsEvery - clock.GetElapsedTime(taken) : TimeSpan.Zero;
        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    private void Wake()
    {
        lock (_lock)
        {
            Signal();
        }
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    /// <param name="Through">With it, every change up to this number has been taken.</param>
    internal sealed record Due(bool Switch, bool Sessions, ulong? Acknowledge, IReadOnlyList<Guid> Broadcasts, long? Through = null);
}
