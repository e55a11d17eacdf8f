using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Weir.Bench.WebRtc;

/// <summary>
/// A bad network as a program: datagrams between players and a server pass through it, each way so much later, and a share of them never. It does what
/// netem does in a namespace, without root and on kernels that have no netem.
/// </summary>
internal sealed class LossyRelay : IDisposable
{
    private readonly IPEndPoint _server;
    private readonly double _loss;
    private readonly long _delay;
    private readonly Socket _front = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Dictionary<IPEndPoint, Socket> _clients = [];
    private readonly BlockingCollection<Passing> _passing = [];
    private readonly Random _random = new(1);
    private readonly Lock _lock = new();
    private readonly Thread _carrier;
    private long _lost;
    private long _seen;
    private volatile bool _disposed;

    /// <param name="loss">Share of datagrams that get lost, each way.</param>
    /// <param name="delay">Each way.</param>
    public LossyRelay(IPEndPoint server, double loss, TimeSpan delay)
    {
        (_server, _loss, _delay) = (server, loss, (long)(delay.TotalSeconds * Stopwatch.Frequency));
        _front.Bind(new IPEndPoint(IPAddress.Any, 0));
        new Thread(ReceiveFront) { IsBackground = true, Name = "relay front" }.Start();
        _carrier = new Thread(Carry) { IsBackground = true, Name = "relay carrier" };
        _carrier.Start();
    }

    private sealed record Passing(long Due, Socket By, IPEndPoint? To, byte[] Datagram);

    public int Port => ((IPEndPoint)_front.LocalEndPoint!).Port;

    /// <summary>Percent of all datagrams that it lost.</summary>
    public double LostPercent
    {
        get
        {
            lock (_lock)
            {
                return 100.0 * _lost / Math.Max(1, _seen);
            }
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _front.Dispose();
        lock (_lock)
        {
            foreach (var socket in _clients.Values)
            {
                socket.Dispose();
            }
        }

        _passing.CompleteAdding();
        _carrier.Join();
        _passing.Dispose();
    }

    private void ReceiveFront()
    {
        var buffer = new byte[2048];
        Receive(() =>
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            var length = _front.ReceiveFrom(buffer, ref from);
            Pass(Upstream((IPEndPoint)from), null, buffer.AsSpan(0, length));
        });
    }

    /// <summary>The server tells players apart by their address, so each has a socket of its own.</summary>
    private Socket Upstream(IPEndPoint client)
    {
        lock (_lock)
        {
            if (_clients.TryGetValue(client, out var known))
            {
                return known;
            }

            var socket = _clients[client] = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(_server);
            var buffer = new byte[2048];
            new Thread(() => Receive(() => Pass(_front, client, buffer.AsSpan(0, socket.Receive(buffer))))) { IsBackground = true, Name = "relay back" }.Start();
            return socket;
        }
    }

    private void Receive(Action one)
    {
        while (!_disposed)
        {
            try
            {
                one();
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Somebody's port is closed, which UDP reports late; or all is over.
            }
        }
    }

    private void Pass(Socket by, IPEndPoint? to, ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            _seen++;
            if (_random.NextDouble() < _loss)
            {
                _lost++;
                return;
            }
        }

        _passing.Add(new Passing(Stopwatch.GetTimestamp() + _delay, by, to, datagram.ToArray()));
    }

    private void Carry()
    {
        // One delay for all: what came first leaves first.
        foreach (var passing in _passing.GetConsumingEnumerable())
        {
            var early = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), passing.Due);
            if (early > TimeSpan.Zero && !_disposed)
            {
                Thread.Sleep(early);
            }

            try
            {
                _ = passing.To is null ? passing.By.Send(passing.Datagram) : passing.By.SendTo(passing.Datagram, passing.To);
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
            {
                // Nobody there any more.
            }
        }
    }
}
