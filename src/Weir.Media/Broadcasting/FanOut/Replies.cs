using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>
/// What one viewer is answered between the frames: pongs, acknowledgements. Asked before every write to every viewer and nearly always empty, so that is
/// one number to look at; the queue comes with the first answer.
/// </summary>
internal struct Replies
{
    /// <summary>Answers that wait for their turn at most: a peer that asks more and reads nothing is let go.</summary>
    private const int Most = 64;

    private ConcurrentQueue<byte[]>? _queue;
    private int _count;

    public readonly bool IsEmpty => Volatile.Read(in _count) == 0;

    /// <summary>From any thread. False when too many wait.</summary>
    public bool TryAdd(byte[] bytes)
    {
        if (Volatile.Read(ref _count) >= Most)
        {
            return false;
        }

        var queue = Volatile.Read(ref _queue) ?? Interlocked.CompareExchange(ref _queue, new ConcurrentQueue<byte[]>(), null) ?? _queue!;
        queue.Enqueue(bytes);
        Interlocked.Increment(ref _count);
        return true;
    }

    public bool TryTake([NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (IsEmpty || !_queue!.TryDequeue(out bytes))
        {
            return false;
        }

        Interlocked.Decrement(ref _count);
        return true;
    }
}
