namespace Weir.Media.WebSockets;

/// <summary>
/// A connection behind its WebSocket handshake, in two halves: a <see cref="System.Net.WebSockets.WebSocket"/> reads what comes in, and what it wants
/// to say itself (pongs, pings, closes) is handed to whoever writes what goes out.
/// </summary>
public sealed class SplitStream(Stream inner) : Stream
{
    private Func<byte[], bool>? _outgoing;
    private int _heard;

    /// <summary>The other half, for the one who writes.</summary>
    public Stream Inner => inner;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From now on writes go here. False: too much waits already, the connection is given up.</summary>
    public void HandOver(Func<byte[], bool> outgoing) => Volatile.Write(ref _outgoing, outgoing);

    /// <summary>Whether anything came since it was asked last.</summary>
    public bool TakeHeard() => Interlocked.Exchange(ref _heard, 0) == 1;

    public override int Read(byte[] buffer, int offset, int count) => Hear(inner.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Hear(await inner.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!TryHandOver(buffer.AsSpan(offset, count)))
        {
            inner.Write(buffer, offset, count);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        TryHandOver(buffer.Span) ? ValueTask.CompletedTask : inner.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        if (Volatile.Read(ref _outgoing) is null)
        {
            inner.Flush();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _outgoing) is null ? inner.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Hear(int count)
    {
        if (count > 0)
        {
            Volatile.Write(ref _heard, 1);
        }

        return count;
    }

    private bool TryHandOver(ReadOnlySpan<byte> bytes)
    {
        if (Volatile.Read(ref _outgoing) is not { } outgoing)
        {
            return false;
        }

        return outgoing(bytes.ToArray()) ? true : throw new IOException("Too many control frames wait for a peer that does not read.");
    }
}
