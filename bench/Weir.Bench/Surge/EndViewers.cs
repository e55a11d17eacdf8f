using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Weir.Bench.Load;

namespace Weir.Bench.Surge;

/// <summary>What became of the viewers of a broadcast that ended; time stamps.</summary>
/// <param name="Told">When each was told of the end.</param>
/// <param name="Asked">When each asked for the replay.</param>
/// <param name="Replayed">When each had its playlist and its comments.</param>
internal sealed record EndTimes(IReadOnlyList<long> Told, IReadOnlyList<long> Asked, IReadOnlyList<long> Replayed, int Failed, IReadOnlyList<string> Faults);

/// <summary>
/// Viewers as the watch page has them, on one thread: each listens to a broadcast's events, waits as long as it is told at the end, and reads the
/// replay's playlist and comments with the ticket that it has.
/// </summary>
internal sealed class EndViewers : IDisposable
{
    private const int JoinsPerSecond = 500;
    private const int KeptFaults = 5;

    private readonly Uri _broadcast;
    private readonly IReadOnlyList<string> _tickets;
    private readonly Epoll _epoll = new();
    private readonly List<Connection> _connections = [];
    private readonly PriorityQueue<int, long> _due = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly int[] _ready = new int[256];
    private readonly List<long> _told = [];
    private readonly List<long> _asked = [];
    private readonly List<long> _replayed = [];
    private readonly List<string> _faults = [];
    private readonly Thread _thread;
    private volatile int _greeted;
    private volatile int _failed;
    private volatile int _done;
    private volatile bool _stopping;
    private volatile Exception? _broken;

    /// <param name="broadcast">Its address at the live plane, which those of its parts begin with.</param>
    public EndViewers(Uri broadcast, IReadOnlyList<string> tickets)
    {
        (_broadcast, _tickets) = (broadcast, tickets);
        _thread = new Thread(Run) { IsBackground = true, Name = "viewers" };
        _thread.Start();
    }

    /// <summary>Everybody listens, or has failed.</summary>
    public bool HaveJoined => _broken is not null || _greeted + _failed >= _tickets.Count;

    /// <summary>Everybody is on the replay, or has failed.</summary>
    public bool HaveReplay => _broken is not null || _done + _failed >= _tickets.Count;

    public EndTimes Stop()
    {
        _stopping = true;
        _thread.Join();
        return _broken is { } fault ? throw new CannotMeasureException($"the viewers broke: {fault}") : new EndTimes(_told, _asked, _replayed, _failed, _faults);
    }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
        _connections.ForEach(connection => connection.Socket.Dispose());
        _epoll.Dispose();
    }

    private void Run()
    {
        try
        {
            var begun = Stopwatch.StartNew();
            var opened = 0;
            while (!_stopping)
            {
                for (; opened < _tickets.Count && opened < begun.Elapsed.TotalSeconds * JoinsPerSecond; opened++)
                {
                    Open(opened, new WebSocketPlayer(Address(opened, "watch", "&media=none")));
                }

                while (_due.TryPeek(out var viewer, out var at) && at <= Stopwatch.GetTimestamp())
                {
                    _due.Dequeue();
                    _asked.Add(Stopwatch.GetTimestamp());
                    Open(viewer, new ReplayPage(Address(viewer, "replay.m3u8"), Address(viewer, "events", "&from=0")));
                }

                var count = _epoll.Wait(_ready, 5);
                for (var i = 0; i < count; i++)
                {
                    Read(_connections[_ready[i]]);
                }
            }
        }
        catch (Exception fault)
        {
            // A fault of the benchmark's own: the thread that measures throws it.
            _broken = fault;
        }
    }

    private Uri Address(int viewer, string what, string more = "") => new($"{_broadcast}/{what}?ticket={_tickets[viewer]}{more}");

    private void Open(int viewer, Player player)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new Connection(viewer, socket, player, Stay.Watches);
        try
        {
            socket.Connect(IPAddress.Loopback, _broadcast.Port);
            connection.Send(player.Open());
            socket.Blocking = false;
            _connections.Add(connection);
            _epoll.Add((int)socket.Handle, _connections.Count - 1);
        }
        catch (Exception fault) when (fault is SocketException or LoadException)
        {
            Fail(fault.Message);
        }
    }

    private void Read(Connection connection)
    {
        var read = connection.Socket.Receive(_buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return;
        }

        var before = connection.Player is WebSocketPlayer { IsGreeted: true };
        string? end = null;
        try
        {
            end = read == 0 ? $"the server closed the connection ({error})" : null;
            connection.Player.Receive(_buffer.AsSpan(0, read), connection.Send);
        }
        catch (LoadException fault)
        {
            end = fault.Message;
        }

        switch (connection.Player)
        {
            case WebSocketPlayer { ReplayAfter: >= 0 and var after }:
                var now = Stopwatch.GetTimestamp();
                _told.Add(now);
                _due.Enqueue(connection.Viewer, now + (after * Stopwatch.Frequency / 1000));
                Leave(connection);
                break;
            case WebSocketPlayer { ReplayAfter: not null }:
                Fail("there is no replay");
                Leave(connection);
                break;
            case ReplayPage { IsWhole: true }:
                _replayed.Add(Stopwatch.GetTimestamp());
                _done++;
                Leave(connection);
                break;
            default:
                _greeted += !before && connection.Player is WebSocketPlayer { IsGreeted: true } ? 1 : 0;
                if (end is not null)
                {
                    Fail(end);
                    Leave(connection);
                }

                break;
        }
    }

    private void Leave(Connection connection)
    {
        _epoll.Remove((int)connection.Socket.Handle);
        connection.Socket.Dispose();
    }

    private void Fail(string why)
    {
        _failed++;
        if (_faults.Count < KeptFaults)
        {
            _faults.Add(why);
        }
    }

    /// <summary>The playlist, then the comments, over one connection. What the player would read after that is as much as its network allows.</summary>
    private sealed class ReplayPage(Uri playlist, Uri comments) : Player
    {
        private readonly HttpResponses _responses = new();
        private int _answers;

        public bool IsWhole => _answers == 2;

        public override ReadOnlyMemory<byte> Open() => Request(playlist);

        public override void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
        {
            while (!data.IsEmpty)
            {
                var (taken, whole) = _responses.Receive(data, static _ => { });
                data = data[taken..];
                if (whole && ++_answers == 1)
                {
                    send(Request(comments));
                }
            }
        }

        private static byte[] Request(Uri url) =>
            Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nOrigin: http://localhost\r\n\r\n");
    }
}
