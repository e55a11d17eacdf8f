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

    private Queue<byte[]>? _queue;
    private int _count;

    public readonly bool IsEmpty => Volatile.Read(in _count) == 0;

    /// <summary>From any thread. False when too many wait.</summary>
    public bool TryAdd(byte[] bytes)
    {
        var queue = LazyInitializer.EnsureInitialized(ref _queue, static () => new Queue<byte[]>());
        lock (queue)
        {
            if (queue.Count >= Most)
            {
                return false;
            }

            queue.Enqueue(bytes);
            Volatile.Write(ref _count, queue.Count);
            return true;
        }
    }

    public bool TryTake([NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (IsEmpty)
        {
            return false;
        }

        lock (_queue!)
        {
            var taken = _queue.TryDequeue(out bytes);
            Volatile.Write(ref _count, _queue.Count);
            return taken;
        }
    }
}
