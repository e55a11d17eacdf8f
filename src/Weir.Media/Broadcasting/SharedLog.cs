using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Broadcasting;

/// <summary>Is told that a log has grown or is complete. Called by the writer: quick, and nothing that throws.</summary>
public interface ILogListener
{
    void OnAppended();
}

/// <summary>A log, whatever its entries are.</summary>
public interface ILog
{
    void Subscribe(ILogListener listener);

    void Unsubscribe(ILogListener listener);
}

/// <summary>
/// A bounded log with one writer at a time and any number of readers, each of which is a cursor and nothing more.
/// Appending never waits for a reader: what a slow reader has not read when it is trimmed, it skips.
/// </summary>
public sealed class SharedLog<T> : ILog
    where T : class
{
    private readonly T?[] _slots;
    private long _first;
    private long _next;
    private volatile bool _completed;
    private TaskCompletionSource _pulse = NewPulse();
    private ILogListener[] _listeners = [];

    /// <param name="capacity">Entries kept at most; a power of two.</param>
    /// <param name="firstIndex">Index of the first entry to come.</param>
    public SharedLog(int capacity, long firstIndex = 0)
    {
        if (capacity < 2 || !System.Numerics.BitOperations.IsPow2(capacity))
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), "The capacity is a power of two.");
        }

        _slots = new T?[capacity];
        _first = _next = firstIndex;
    }

    public int Capacity => _slots.Length;

    /// <summary>Index of the oldest entry still held.</summary>
    public long First => Volatile.Read(ref _first);

    /// <summary>Index the next entry will get.</summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>Whatever comes at or after <paramref name="index"/>, an entry or the end, is still to be told to the listeners.</summary>
    public bool IsAhead(long index) => index >= Next && !_completed;

    /// <summary>No entry will follow.</summary>
    public bool IsCompleted => _completed;

    /// <summary>Appends; the oldest entry makes room when the log is full. Callers serialise.</summary>
    public long Append(T item)
    {
        if (_completed)
        {
            throw new InvalidOperationException("The log is completed.");
        }

        var index = _next;
        if (index - _first == _slots.Length)
        {
            Volatile.Write(ref _first, _first + 1);
        }

        Volatile.Write(ref _slots[Slot(index)], item);
        Volatile.Write(ref _next, index + 1);
        Pulse();
        return index;
    }

    /// <summary>Lets go of the entries before <paramref name="index"/>. Callers serialise with <see cref="Append"/>.</summary>
    public void TrimBefore(long index)
    {
        var end = Math.Min(index, _next);
        for (var i = _first; i < end; i++)
        {
            Volatile.Write(ref _first, i + 1);
            Volatile.Write(ref _slots[Slot(i)], null);
        }
    }

    /// <summary>False when the entry is not written yet or is gone already (<see cref="First"/> tells which).</summary>
    public bool TryGet(long index, [NotNullWhen(true)] out T? item)
    {
        item = null;
        if (index >= Next || index < First)
        {
            return false;
        }

        var candidate = Volatile.Read(ref _slots[Slot(index)]);

        // The writer may have reused the slot between the two reads; it moves First before it does.
        if (candidate is null || index < First)
        {
            return false;
        }

        item = candidate;
        return true;
    }

    /// <summary>Completes when something was appended at or after <paramref name="index"/>, or none will come. May complete early: look again.</summary>
    public ValueTask WaitAsync(long index, CancellationToken cancellation)
    {
        if (Next > index || _completed)
        {
            return ValueTask.CompletedTask;
        }

        // The pulse is read before the second check: an append after it sets exactly this pulse.
        var pulse = Volatile.Read(ref _pulse);
        return Next > index || _completed ? ValueTask.CompletedTask : new ValueTask(pulse.Task.WaitAsync(cancellation));
    }

    public void Complete()
    {
        _completed = true;
        Pulse();
    }

    public void Subscribe(ILogListener listener)
    {
        ILogListener[] before;
        do
        {
            before = Volatile.Read(ref _listeners);
        }
        while (Interlocked.CompareExchange(ref _listeners, [.. before, listener], before) != before);
    }

    public void Unsubscribe(ILogListener listener)
    {
        ILogListener[] before;
        do
        {
            before = Volatile.Read(ref _listeners);
        }
        while (Interlocked.CompareExchange(ref _listeners, [.. before.Where(other => other != listener)], before) != before);
    }

    private void Pulse()
    {
        Interlocked.Exchange(ref _pulse, NewPulse()).SetResult();
        foreach (var listener in Volatile.Read(ref _listeners))
        {
            listener.OnAppended();
        }
    }

    private int Slot(long index) => (int)(index & (_slots.Length - 1));

    // Continuations must not run inside Append: the writer would then do its readers' work.
    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
