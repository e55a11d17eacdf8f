namespace Weir.Media.WebRtc.Transport;

/// <summary>
/// Packets for many peers that leave with few system calls. It belongs to one thread, is kept and used again; when it is full it leaves by itself.
/// </summary>
public sealed class RtcBatch(RtcEndpoint endpoint)
{
    /// <summary>A keyframe of 300 KB for one viewer, or a picture of 4 KB for 64: with more per call the kernel gains nothing.</summary>
    internal const int Capacity = 256;

    // Pinned, so that the kernel reads the packets where they were encrypted.
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Capacity * RtcEndpoint.MaxDatagram, pinned: true);
    private readonly Entry[] _entries = new Entry[Capacity];
    private int _length;

    public RtcEndpoint Endpoint { get; } = endpoint;

    /// <summary>Packets in it.</summary>
    public int Count { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    internal ReadOnlySpan<Entry> Entries => _entries.AsSpan(0, Count);

    /// <summary>Sends what is in it.</summary>
    public void Flush()
    {
        if (Count > 0)
        {
            Endpoint.Send(this);
            Count = 0;
            _length = 0;
        }
    }

    /// <summary>Room for one datagram.</summary>
    internal Span<byte> Reserve()
    {
        if (Count == Capacity)
        {
            Flush();
        }

        return _bytes.AsSpan(_length, RtcEndpoint.MaxDatagram);
    }

    internal void Add(int length, RtcAddress to)
    {
        _entries[Count++] = new Entry(_length, length, to);
        _length += length;
    }

    internal readonly record struct Entry(int Offset, int Length, RtcAddress To);
}
