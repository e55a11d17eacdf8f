using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Weir.Bench.Load;

/// <summary>Any number of viewers on one thread with one receive buffer.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private const double EnoughShare = 0.97;
    private const int SampledViewers = 20;
    private const int KeptFaults = 5;

    private readonly LoadPlan _plan;
    private readonly Epoll _epoll = new();
    private readonly List<Connection> _connections = [];
    private readonly Queue<(int Viewer, Uri Url, Player Player, bool Leaves)> _joining = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly int[] _ready = new int[256];
    private readonly Samples _delays = new();
    private readonly Samples _joins = new();
    private readonly List<string> _faults = [];
    private readonly HashSet<int> _failed = [];
    private long _wire;
    private bool _measuring;

    public LoadGenerator(LoadPlan plan) => _plan = plan;

    private sealed class Connection(int viewer, Socket socket, Player player, bool leaves)
    {
        public int Viewer => viewer;

        public Socket Socket => socket;

        public Player Player => player;

        /// <summary>Comes to measure how long it takes, and goes then.</summary>
        public bool Leaves => leaves;

        public long Opened { get; } = Stopwatch.GetTimestamp();

        public long PayloadBefore;

        public void Send(ReadOnlyMemory<byte> data)
        {
            try
            {
                // Requests are small: if not all of one fits into the socket, the server has stopped reading.
                if (socket.Send(data.Span) < data.Length)
                {
                    throw new LoadException("The server stopped reading");
                }
            }
            catch (SocketException fault)
            {
                throw new LoadException($"Sending failed: {fault.SocketErrorCode}");
            }
        }
    }

    public LoadResult Run()
    {
        using var publisher = new Publishers(new PreparedFile(_plan.File, _plan.FileMilliseconds), _plan.Publish);
        Turn(TimeSpan.FromSeconds(_plan.LeadSeconds));
        Join();
        Turn(TimeSpan.FromSeconds(_plan.SettleSeconds));

        foreach (var connection in _connections)
        {
            connection.PayloadBefore = connection.Player.Payload;
        }

        var published = publisher.Payload;
        var own = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var server = _plan.ServerProcesses.Select(ProcessFigures.CpuSeconds).ToArray();
        var core = ProcessFigures.CoreSeconds(_plan.ServerCore);
        _measuring = true;
        var window = Stopwatch.StartNew();
        MeasureJoins();
        Turn(TimeSpan.FromSeconds(_plan.WindowSeconds) - window.Elapsed);
        var seconds = window.Elapsed.TotalSeconds;
        _measuring = false;
        var figures = _plan.ServerProcesses.Select((process, i) =>
            new ServerFigures(process, ProcessFigures.CpuSeconds(process) - server[i], ProcessFigures.ResidentMegabytes(process))).ToArray();
        core = ProcessFigures.CoreSeconds(_plan.ServerCore) - core;
        own = ProcessFigures.CpuSeconds(Environment.ProcessId) - own;
        published = publisher.Payload - published;
        foreach (var fault in publisher.Faults)
        {
            Remember(fault);
        }

        // Parts come in bursts, so a window can miss one of them at each end.
        var slack = _plan.Outlet == Outlet.LlHls ? published / seconds : 0;
        var received = _connections.Where(connection => !connection.Leaves).GroupBy(connection => connection.Viewer)
            .ToDictionary(viewer => viewer.Key, viewer => viewer.Sum(connection => connection.Player.Payload - connection.PayloadBefore));
        return new LoadResult
        {
            Viewers = _plan.Viewers.Count,
            Failed = _failed.Count,
            Slow = received.Values.Count(bytes => bytes < (EnoughShare * published) - slack),
            WindowSeconds = seconds,
            PublishedPayload = published,
            Payload = received.Values.Sum(),
            Wire = _wire,
            DelayMedianMilliseconds = _delays.Count == 0 ? -1 : _delays.Median,
            DelayP99Milliseconds = _delays.Count == 0 ? -1 : _delays.Percentile(99),
            JoinMedianMilliseconds = _joins.Count == 0 ? -1 : _joins.Median,
            JoinP99Milliseconds = _joins.Count == 0 ? -1 : _joins.Percentile(99),
            Joined = _joins.Count,
            Server = figures,
            OthersCpuSeconds = Math.Max(0, core - figures.Sum(process => process.CpuSeconds)),
            OwnCpuSeconds = own,
            Faults = _faults,
        };
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Socket.Dispose();
        }

        _epoll.Dispose();
    }

    private void Join()
    {
        var begun = Stopwatch.StartNew();
        for (var i = 0; i < _plan.Viewers.Count; i++)
        {
            var url = new Uri(_plan.Viewers[i]);
            _joining.Enqueue((i, url, NewPlayer(url), false));
            Turn(TimeSpan.FromSeconds((double)(i + 1) / _plan.JoinsPerSecond) - begun.Elapsed);
        }
    }

    private void MeasureJoins()
    {
        var begun = Stopwatch.StartNew();
        for (var i = 0; i < _plan.Joiners.Count; i++)
        {
            var url = new Uri(_plan.Joiners[i]);
            _joining.Enqueue((_plan.Viewers.Count + i, url, NewPlayer(url), true));
            Turn(TimeSpan.FromSeconds((double)(i + 1) / _plan.JoinersPerSecond) - begun.Elapsed);
        }
    }

    private Player NewPlayer(Uri url) => _plan.Outlet switch
    {
        Outlet.Rtmp => new RtmpPlayer(url),
        Outlet.HttpFlv => new FlvPlayer(url),
        Outlet.WebSocket => new WebSocketPlayer(url),
        _ => new HlsPlayer(url),
    };

    /// <summary>Reads for every viewer until the time is over.</summary>
    private void Turn(TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        do
        {
            while (_joining.TryDequeue(out var joining))
            {
                Open(joining.Viewer, joining.Url, joining.Player, joining.Leaves);
            }

            var left = (int)Math.Clamp((duration - clock.Elapsed).TotalMilliseconds, 0, 100);
            var count = _epoll.Wait(_ready, left);
            for (var i = 0; i < count; i++)
            {
                Read(_connections[_ready[i]]);
            }
        }
        while (clock.Elapsed < duration);
    }

    private void Open(int viewer, Uri url, Player player, bool leaves)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new Connection(viewer, socket, player, leaves);
        try
        {
            socket.Connect(IPAddress.Loopback, url.Port > 0 ? url.Port : 1935);
            _connections.Add(connection);
            connection.Send(player.Open());
            socket.Blocking = false;
            _epoll.Add((int)socket.Handle, _connections.Count - 1);
        }
        catch (Exception fault) when (fault is SocketException or LoadException)
        {
            Fail(viewer, fault.Message);
        }
    }

    private void Read(Connection connection)
    {
        var read = connection.Socket.Receive(_buffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return;
        }

        try
        {
            if (read == 0)
            {
                throw new LoadException(error == SocketError.Success ? "The server closed the connection" : $"Receiving failed: {error}");
            }

            var data = _buffer.AsSpan(0, read);
            if (_measuring)
            {
                _wire += read;
                if (!connection.Leaves && connection.Viewer % Math.Max(1, _plan.Viewers.Count / SampledViewers) == 0)
                {
                    Sample(data);
                }
            }

            connection.Player.Receive(data, connection.Send);
            if (connection.Leaves && connection.Player.Payload > 0)
            {
                _joins.Add(Stopwatch.GetElapsedTime(connection.Opened).TotalMilliseconds);
                _epoll.Remove((int)connection.Socket.Handle);
                connection.Socket.Dispose();
                return;
            }

            foreach (var (url, player) in connection.Player.TakeFurther())
            {
                _joining.Enqueue((connection.Viewer, url, player, connection.Leaves));
            }
        }
        catch (LoadException fault)
        {
            _epoll.Remove((int)connection.Socket.Handle);
            connection.Socket.Dispose();
            Fail(connection.Viewer, fault.Message);
        }
    }

    private void Sample(ReadOnlySpan<byte> data)
    {
        var now = Marker.Now;
        while (Marker.TryFind(ref data, out var sent))
        {
            _delays.Add((now - sent) / 1000.0);
        }
    }

    private void Fail(int viewer, string what)
    {
        _failed.Add(viewer);
        Remember($"viewer {viewer}: {what}");
    }

    private void Remember(string fault)
    {
        if (_faults.Count < KeptFaults)
        {
            _faults.Add(fault);
        }
    }
}
