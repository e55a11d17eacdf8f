using System.Diagnostics;
using Org.BouncyCastle.Tls;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>
/// The datagrams of one handshake, as the blocking code wants them. It waits by its own clock: BouncyCastle is told to send again after a
/// millisecond, and this gives it the turn when it really is time.
/// </summary>
internal sealed class DtlsChannel : DatagramTransport, IDisposable
{
    /// <summary>A handshake's flight has fewer; more is a flood.</summary>
    private const int MaxWaiting = 64;
    private const int MaxDatagram = 1500;
    private const int MaxEarlyMs = 50;

    /// <summary>Fits every path (RFC 8261 5: 1200 bytes of payload).</summary>
    private const int MaxSent = 1200;

    private static readonly TimeSpan FirstResend = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastResend = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _something = new();
    private readonly Queue<byte[]> _waiting = new();
    private readonly TimeProvider _time;
    private readonly Action<ReadOnlySpan<byte>> _send;
    private readonly ITimer _alarm;
    private readonly ClientFlight? _order;
    private readonly Action<byte[]> _enqueue;
    private long _end;
    private long _resendAt;
    private TimeSpan _resendAfter = FirstResend;
    private bool _over;
    private bool _ended;
    private volatile bool _waits;

    /// <param name="send">Sends a datagram to where the peer is.</param>
    public DtlsChannel(TimeProvider time, DtlsRole role, Action<ReadOnlySpan<byte>> send)
    {
        _order = role == DtlsRole.Server ? new ClientFlight() : null;
        _enqueue = record =>
        {
            if (_waiting.Count < MaxWaiting)
            {
                _waiting.Enqueue(record);
            }
        };
        _time = time;
        _send = send;
        _end = long.MaxValue;
        LastHeard = time.GetTimestamp();
        _alarm = time.CreateTimer(_ => _something.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When the peer last sent something.</summary>
    public long LastHeard { get; private set; }

    /// <summary>Nothing happens before a datagram comes or time passes.</summary>
    public bool IsWaiting => _waits && !_something.IsSet;

    /// <summary>One side ended the connection.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _over;
            }
        }
    }

    /// <summary>The handshake's time begins.</summary>
    public void Begin(TimeSpan limit)
    {
        lock (_lock)
        {
            _end = _time.GetTimestamp() + (long)(limit.TotalSeconds * _time.TimestampFrequency);
            Rearm();
        }
    }

    /// <param name="datagram">Well-formed (<see cref="DtlsRecords"/>).</param>
    /// <returns>False when too many wait already.</returns>
    public bool Add(ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            if (_over || _waiting.Count == MaxWaiting)
            {
                return false;
            }

            LastHeard = _time.GetTimestamp();
            if (_order is not null && !_ended)
            {
                _order.Take(datagram, _enqueue);
            }
            else
            {
                _waiting.Enqueue(datagram.ToArray());
            }

            _something.Set();
            return true;
        }
    }

    /// <summary>Ends the handshake from outside.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _over = true;
            _something.Set();
        }
    }

    /// <summary>The handshake is done: from now on nothing here waits.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _alarm.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public int GetReceiveLimit() => MaxDatagram;

    public int GetSendLimit() => MaxSent;

    public int Receive(byte[] buf, int off, int len, int waitMillis) => Receive(buf.AsSpan(off, len), waitMillis);

    /// <exception cref="IOException">Aborted, or out of time.</exception>
    public int Receive(Span<byte> buffer, int waitMillis)
    {
        var asked = Stopwatch.GetTimestamp();
        while (true)
        {
            lock (_lock)
            {
                if (_waiting.TryDequeue(out var datagram))
                {
                    _resendAfter = FirstResend;
                    var length = Math.Min(datagram.Length, buffer.Length);
                    datagram.AsSpan(0, length).CopyTo(buffer);
                    return length;
                }

                if (_ended)
                {
                    return -1;
                }

                var now = _time.GetTimestamp();
                if (_over || now >= _end)
                {
                    throw new IOException(_over ? "The handshake was given up." : "The handshake took too long.");
                }

                if (now >= _resendAt)
                {
                    _resendAfter = TimeSpan.FromTicks(Math.Min(_resendAfter.Ticks * 2, LastResend.Ticks));
                    Rearm();
                    break;
                }

                _something.Reset();
                _waits = true;
            }

            _something.Wait();
            _waits = false;
        }

        // The caller looks at the machine's clock whether its millisecond is over; where ours is another one it may be early.
        var early = waitMillis - (int)Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        if (early > 0)
        {
            Thread.Sleep(Math.Min(early, MaxEarlyMs));
        }

        return -1;
    }

    public void Send(byte[] buf, int off, int len) => Send(buf.AsSpan(off, len));

    public void Send(ReadOnlySpan<byte> buffer)
    {
        lock (_lock)
        {
            Rearm();
        }

        _send(buffer);
    }

    public void Close() => Abort();

    public void Dispose()
    {
        _alarm.Dispose();
        lock (_lock)
        {
            _over = true;
            _something.Set();
        }
    }

    /// <summary>Rings at the next moment that means something.</summary>
    private void Rearm()
    {
        if (_ended)
        {
            return;
        }

        var now = _time.GetTimestamp();
        _resendAt = now + (long)(_resendAfter.TotalSeconds * _time.TimestampFrequency);
        var next = Math.Min(_resendAt, _end) - now;
        _alarm.Change(TimeSpan.FromSeconds(Math.Max(0, (double)next / _time.TimestampFrequency)) + TimeSpan.FromTicks(1), _resendAfter);
    }
}
