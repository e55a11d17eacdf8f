namespace Weir.Media.Broadcasting.FanOut;

public enum FeedState
{
    /// <summary>There are bytes; they are sent before the next are taken.</summary>
    Bytes,

    /// <summary>The same, and nothing after them for now: who is told of news need not ask again.</summary>
    LastBytes,

    /// <summary>Nothing now: the log that the feed follows tells when to look again.</summary>
    Nothing,

    /// <summary>Everything was taken and nothing will follow.</summary>
    Ended,

    /// <summary>The viewer stayed behind for too long and is let go.</summary>
    TooSlow,
}

/// <summary>
/// What one viewer is sent, as a sequence of bytes that is taken step by step. It knows nothing of sockets and never waits, so a
/// sender can drive thousands of them. One taker at a time.
/// </summary>
public abstract class Feed
{
    /// <summary>What the feed follows. Feeds of the same log and <see cref="Form"/> share their bytes.</summary>
    public abstract ILog Log { get; }

    /// <summary>Names the wire form of the log's entries.</summary>
    public abstract object Form { get; }

    /// <param name="shared">Bytes that feeds of the same log and form put together once; null takes each entry's own bytes, and never the last of them.</param>
    /// <param name="bytes">Valid until the next call with the same <paramref name="shared"/>.</param>
    public abstract FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes);

    /// <summary>What a viewer begins with was taken, or is there to be taken; false while it is still waited for.</summary>
    public virtual bool HasBegun => true;

    /// <summary>After <see cref="FeedState.Nothing"/>: completes when there may be something. May complete early.</summary>
    public abstract ValueTask WaitAsync(CancellationToken cancellation);
}

/// <summary>
/// The bytes of consecutive entries of a log, put together once for every viewer who is at the same place. Belongs to one sender.
/// </summary>
public sealed class Batch
{
    /// <summary>Bytes in one batch at most, but for a single larger entry: a viewer who joins is sent a burst of these.</summary>
    public const int MaxBytes = 256 << 10;

    private byte[] _buffer = new byte[16 << 10];
    private int _length;

    /// <summary>Index of the first entry; -1 while it holds nothing.</summary>
    public long From { get; private set; } = -1;

    /// <summary>Index of the entry after the last.</summary>
    public long To { get; private set; }

    /// <summary>What a taker must have been told before these bytes, in the terms of the feed that put them together.</summary>
    public object? First { get; set; }

    public object? Second { get; set; }

    /// <summary>The bytes; a single entry's are its own and not a copy.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Begins anew at an entry.</summary>
    public void Begin(long from)
    {
        From = To = from;
        Bytes = default;
        First = Second = null;
        _length = 0;
    }

    /// <summary>Passes over an entry that has no bytes in this form.</summary>
    public void Pass() => To++;

    /// <summary>False when it is full; the entry is not added then.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> entry)
    {
        if (_length == 0 && Bytes.IsEmpty)
        {
            Bytes = entry;
            To++;
            return true;
        }

        var before = Bytes;
        if (before.Length + entry.Length > MaxBytes)
        {
            return false;
        }

        var length = before.Length + entry.Length;
        if (_buffer.Length < length)
        {
            Array.Resize(ref _buffer, Math.Max(length, _buffer.Length * 2));
        }

        if (_length == 0)
        {
            before.CopyTo(_buffer);
        }

        entry.CopyTo(_buffer.AsMemory(before.Length));
        _length = length;
        Bytes = _buffer.AsMemory(0, length);
        To++;
        return true;
    }
}
