using System.Buffers;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Transport.Tcp;

/// <summary>
/// What one connection has still to send: datagrams in their frames, in order, in one buffer that any thread fills while the writer sends the other.
/// Both together are bounded.
/// </summary>
/// <remarks>
/// Full, it takes no more media: the packet is lost, as in a full router, and the receiver asks for it again or for a keyframe. Checks and handshakes
/// have a reserve of their own, because a session whose checks get lost is taken for gone.
/// </remarks>
internal sealed class TcpQueue(int limit) : IDisposable
{
    /// <summary>Bytes for checks and handshakes above the limit: a hundred checks, or two whole handshakes.</summary>
    private const int Reserve = 16 * 1024;
    private const int FirstLength = 4 * 1024;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0, 1);
    private byte[] _filling = [];
    private byte[] _sending = [];
    private int _filled;
    private int _underWay;
    private bool _ended;

    /// <returns>False when there is no room for it.</returns>
    public bool TryAdd(ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            // RFC 7983 7: RTP and RTCP begin with 128 to 191.
            var isMedia = !datagram.IsEmpty && datagram[0] is >= 128 and <= 191;
            var needed = _filled + RtpFraming.HeaderLength + datagram.Length;
            if (_ended || _underWay + needed > limit + (isMedia ? 0 : Reserve))
            {
                return false;
            }

            if (needed > _filling.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(2 * _filling.Length, FirstLength)));
                _filling.AsSpan(0, _filled).CopyTo(larger);
                Return(ref _filling);
                _filling = larger;
            }

            var wasEmpty = _filled == 0;
            _filled += RtpFraming.Write(datagram, _filling.AsSpan(_filled));
            if (wasEmpty)
            {
                Wake();
            }

            return true;
        }
    }

    /// <summary>Takes no more; what is in it can still be sent.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Wake();
        }
    }

    /// <summary>
    /// All there is to send, as soon as there is something; valid until the next call, which says that it is sent. Empty at the end. For one reader.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                _underWay = 0;
                if (_filled > 0)
                {
                    (_filling, _sending) = (_sending, _filling);
                    (_underWay, _filled) = (_filled, 0);
                    return _sending.AsMemory(0, _underWay);
                }

                // Nothing to do: what a burst needed is for other connections.
                Return(ref _filling);
                Return(ref _sending);
                if (_ended)
                {
                    return default;
                }
            }

            await _work.WaitAsync();
        }
    }

    public void Dispose() => _work.Dispose();

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }

    private void Wake()
    {
        if (_work.CurrentCount == 0)
        {
            _work.Release();
        }
    }
}
