namespace Weir.Media.WebRtc.Transport.Udp;

/// <summary>
/// A thread's tables for sending a batch: datagrams of the same length to the same peer in a row leave as one, which the kernel (or the network
/// card) takes apart (UDP_SEGMENT), all of them with one call (sendmmsg).
/// </summary>
internal sealed unsafe class SendBatch
{
    /// <summary>The kernel's own limits for one segmented datagram: UDP_MAX_SEGMENTS of older kernels, and 64 KB.</summary>
    private const int MaxSegments = 64;
    private const int MaxSegmentedLength = 60_000;

    /// <summary>How long a thread waits for room in the kernel's queue. After that the rest is lost; receivers ask for it again.</summary>
    private const int PatienceMs = 10;

    [ThreadStatic]
    private static SendBatch? _current;

    private static volatile bool _segments = true;

    private readonly UdpKernel.Message[] _messages = GC.AllocateUninitializedArray<UdpKernel.Message>(RtcBatch.Capacity, pinned: true);
    private readonly UdpKernel.Piece[] _pieces = GC.AllocateUninitializedArray<UdpKernel.Piece>(RtcBatch.Capacity, pinned: true);
    private readonly UdpKernel.Segmenting[] _segmentings = GC.AllocateUninitializedArray<UdpKernel.Segmenting>(RtcBatch.Capacity, pinned: true);
    private readonly byte[] _names = GC.AllocateUninitializedArray<byte>(RtcBatch.Capacity * RtcAddress.V6Length, pinned: true);
    private readonly int[] _datagrams = new int[RtcBatch.Capacity];

    /// <summary>False when the kernel or a network card has no UDP_SEGMENT, or for comparing.</summary>
    public static bool Segments
    {
        get => _segments;
        set => _segments = value;
    }

    public static SendBatch Current => _current ??= new SendBatch();

    /// <param name="bytes">Pinned.</param>
    public void Send(int socket, bool v6, ReadOnlySpan<byte> bytes, ReadOnlySpan<RtcBatch.Entry> entries, RtcEndpoint endpoint)
    {
        var segments = _segments;
        var count = Fill(v6, bytes, entries, segments);
        var patience = PatienceMs;
        for (var at = 0; at < count;)
        {
            int sent;
            int error;
            fixed (UdpKernel.Message* messages = &_messages[at])
            {
                sent = UdpKernel.SendMany(socket, messages, count - at, out error);
            }

            if (sent > 0)
            {
                at += sent;
            }
            else if (error == UdpKernel.WouldBlock)
            {
                if (patience <= 0 || !UdpKernel.AwaitRoom(socket, patience))
                {
                    endpoint.Drop(RtcDrop.SendFull, Datagrams(at, count));
                    return;
                }

                patience -= 2;
            }
            else if (segments && error is UdpKernel.IoError or UdpKernel.InvalidArgument && _datagrams[at] > 1)
            {
                // A card that computes no checksums cannot take datagrams apart, and old kernels do not know how.
                _segments = false;
                Send(socket, v6, bytes, entries[Datagrams(0, at)..], endpoint);
                return;
            }
            else if (error != UdpKernel.Interrupted)
            {
                endpoint.Drop(RtcDrop.SendFailed, _datagrams[at]);
                at++;
            }
        }
    }

    private int Fill(bool v6, ReadOnlySpan<byte> bytes, ReadOnlySpan<RtcBatch.Entry> entries, bool segments)
    {
        var count = 0;
        fixed (byte* start = bytes, names = _names)
        fixed (UdpKernel.Piece* pieces = _pieces)
        fixed (UdpKernel.Segmenting* segmentings = _segmentings)
        {
            for (var at = 0; at < entries.Length; count++)
            {
                var entry = entries[at];
                var run = segments ? Run(entries[at..]) : 1;
                var name = names + (count * RtcAddress.V6Length);
                var length = entry.Length * (run - 1) + entries[at + run - 1].Length;
                pieces[count] = new UdpKernel.Piece { Start = start + entry.Offset, Length = (nuint)length };
                var message = new UdpKernel.Message
                {
                    Name = name,
                    NameLength = (uint)entry.To.Write(new Span<byte>(name, RtcAddress.V6Length), v6),
                    Pieces = pieces + count,
                    PieceCount = 1,
                };
                if (run > 1)
                {
                    segmentings[count] = new UdpKernel.Segmenting
                    {
                        Length = 18, Level = UdpKernel.Segmenting.Udp, Type = UdpKernel.Segmenting.Segment, Size = (ushort)entry.Length,
                    };
                    message.Control = (byte*)(segmentings + count);
                    message.ControlLength = (nuint)sizeof(UdpKernel.Segmenting);
                }

                _messages[count] = message;
                _datagrams[count] = run;
                at += run;
            }
        }

        return count;
    }

    /// <summary>How many from the first on may leave as one: the same address, and no length but the last's different, which is shorter.</summary>
    private static int Run(ReadOnlySpan<RtcBatch.Entry> entries)
    {
        var length = entries[0].Length;
        var most = Math.Min(entries.Length, Math.Min(MaxSegments, MaxSegmentedLength / length));
        var run = 1;
        while (run < most && entries[run].Length <= length && entries[run].To == entries[0].To)
        {
            if (entries[run++].Length < length)
            {
                break;
            }
        }

        return run;
    }

    private int Datagrams(int from, int to)
    {
        var all = 0;
        for (var at = from; at < to; at++)
        {
            all += _datagrams[at];
        }

        return all;
    }
}
