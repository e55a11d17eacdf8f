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
    private readonly Queue<(int Viewer, Uri Url, Player Player, Stay Stay)> _joining = new();
    private readonly SlowReaders _slow = new();
    private readonly CommentPosts _comments;
    private readonly List<Connection> _writers = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly int[] _ready = new int[256];
    private readonly Samples _delays = new();
    private readonly Samples _joins = new();
    private readonly List<string> _faults = [];
    private readonly HashSet<int> _failed = [];
    private long _wire;
    private long _looked;
    private double _peakMegabytes;
    private double _peakTcpMegabytes;
    private bool _measuring;

    public LoadGenerator(LoadPlan plan) => (_plan, _comments) = (plan, new CommentPosts(plan.CommentsPerSecond));

    public LoadResult Run()
    {
        using var publisher = new Publishers(new PreparedFile(_plan.File, _plan.FileMilliseconds), _plan.Publish);
        Turn(TimeSpan.FromSeconds(_plan.LeadSeconds));
        Join(_plan.Viewers, 0, _plan.JoinsPerSecond, _ => Stay.Watches);
        Turn(TimeSpan.FromSeconds(_plan.SettleSeconds));
        Join(_plan.SlowViewers, _plan.Viewers.Count, _plan.JoinsPerSecond, i => i % 2 == 0 ? Stay.Stops : Stay.Dawdles);
        Say(LoadStages.Measuring);

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
        _comments.Begin();
        Join(_plan.Joiners, _plan.Viewers.Count + _plan.SlowViewers.Count, _plan.JoinersPerSecond, _ => Stay.Joins);
        Turn(TimeSpan.FromSeconds(_plan.WindowSeconds) - window.Elapsed);
        var seconds = window.Elapsed.TotalSeconds;
        _measuring = false;
        var figures = _plan.ServerProcesses.Select((process, i) =>
            new ServerFigures(process, ProcessFigures.CpuSeconds(process) - server[i], ProcessFigures.ResidentMegabytes(process))).ToArray();
        core = ProcessFigures.CoreSeconds(_plan.ServerCore) - core;
        own = ProcessFigures.CpuSeconds(Environment.ProcessId) - own;
        published = publisher.Payload - published;
        _comments.End();
        var slowGone = _slow.Gone();
        foreach (var fault in publisher.Faults)
        {
            Remember(fault);
        }

        // Parts come in bursts, so a window can miss one of them at each end.
        var slack = _plan.Outlet == Outlet.LlHls ? published / seconds : 0;
        var received = _connections.Where(connection => connection.Stay == Stay.Watches).GroupBy(connection => connection.Viewer)
            .ToDictionary(viewer => viewer.Key, viewer => viewer.Sum(connection => connection.Player.Payload - connection.PayloadBefore));
        if (_plan.CommentsPerSecond > 0)
        {
            // Those posted last are still on their way.
            Turn(TimeSpan.FromSeconds(2));
        }

        var comments = _comments.Figures([.. _connections.Where(connection => connection.Stay == Stay.Watches).Select(connection => connection.Player)]);
        After();
        return new LoadResult
        {
            Viewers = _plan.Viewers.Count,
            Failed = _failed.Count,
            Slow = received.Values.Count(bytes => bytes < (EnoughShare * published) - slack),
            SlowGone = slowGone,
            LeastShare = received.Count == 0 ? 0 : received.Values.Min() / Math.Max(1.0, published),
            WindowSeconds = seconds,
            PublishedPayload = published,
            Payload = received.Values.Sum(),
            Wire = _wire,
            DelayMedianMilliseconds = _delays.Count == 0 ? -1 : _delays.Median,
            DelayP99Milliseconds = _delays.Count == 0 ? -1 : _delays.Percentile(99),
            JoinMedianMilliseconds = _joins.Count == 0 ? -1 : _joins.Median,
            JoinP99Milliseconds = _joins.Count == 0 ? -1 : _joins.Percentile(99),
            Joined = _joins.Count,
            Comments = comments,
            PeakTcpMegabytes = _peakTcpMegabytes,
            PeakMegabytes = _peakMegabytes,
            Server = figures,
            OthersCpuSeconds = Math.Max(0, core - figures.Sum(process => process.CpuSeconds)),
            OwnCpuSeconds = own,
            Faults = _faults,
        };
    }

    public void Dispose()
    {
        Leave();
        _epoll.Dispose();
    }

    private void Leave()
    {
        foreach (var connection in _connections)
        {
            connection.Socket.Dispose();
        }

        _connections.Clear();
    }

    private void Join(IReadOnlyList<string> urls, int first, int perSecond, Func<int, Stay> stay)
    {
        var begun = Stopwatch.StartNew();
        for (var i = 0; i < urls.Count; i++)
        {
            var url = new Uri(urls[i]);
            _joining.Enqueue((first + i, url, NewPlayer(url), stay(i)));
            Turn(TimeSpan.FromSeconds((double)(i + 1) / perSecond) - begun.Elapsed);
        }
    }

    /// <summary>What others look at once the window is over: everybody still there, then nobody.</summary>
    private void After()
    {
        if (_plan.AfterSeconds == 0)
        {
            return;
        }

        Say(LoadStages.Measured);
        Turn(TimeSpan.FromSeconds(_plan.AfterSeconds));
        Leave();
        Say(LoadStages.Alone);
        Thread.Sleep(TimeSpan.FromSeconds(_plan.AfterSeconds));
    }

    private static void Say(string stage) => Console.WriteLine(stage);

    // Viewers of one broadcast may come by several protocols, which their addresses show.
    private Player NewPlayer(Uri url) => (url.Scheme == "rtmp" ? Outlet.Rtmp : url.Scheme == "ws" ? Outlet.WebSocket : _plan.Outlet) switch
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
                Open(joining.Viewer, joining.Url, joining.Player, joining.Stay);
            }

            _comments.SendDue(_writers);
            _slow.Turn();
            LookAround();
            var left = _comments.Patience((int)Math.Clamp((duration - clock.Elapsed).TotalMilliseconds, 0, 100));
            var count = _epoll.Wait(_ready, left);
            for (var i = 0; i < count; i++)
            {
                Read(_connections[_ready[i]]);
            }
        }
        while (clock.Elapsed < duration);
    }

    /// <summary>Once a second in the window: what peaks is over at its end.</summary>
    private void LookAround()
    {
        if (_measuring && Stopwatch.GetElapsedTime(_looked) > TimeSpan.FromSeconds(1))
        {
            _looked = Stopwatch.GetTimestamp();
            _peakMegabytes = Math.Max(_peakMegabytes, ProcessFigures.ResidentMegabytesNow(_plan.ServerProcesses[0]));
            _peakTcpMegabytes = Math.Max(_peakTcpMegabytes, ProcessFigures.TcpMegabytes());
        }
    }

    private void Open(int viewer, Uri url, Player player, Stay stay)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new Connection(viewer, socket, player, stay);
        try
        {
            socket.Connect(IPAddress.Loopback, url.Port > 0 ? url.Port : 1935);
            _connections.Add(connection);
            connection.Send(player.Open());
            socket.Blocking = false;
            _epoll.Add((int)socket.Handle, _connections.Count - 1);
            if (stay == Stay.Watches && viewer % _plan.SessionsPerAccount == 0)
            {
                _writers.Add(connection);
            }
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
            _wire += _measuring ? read : 0;
            if (connection.Stay == Stay.Watches && connection.Viewer % Math.Max(1, _plan.Viewers.Count / SampledViewers) == 0)
            {
                Sample(data);
            }

            connection.Player.Receive(data, connection.Send);
            if (connection.Stay == Stay.Joins && connection.Player.Payload > 0)
            {
                _joins.Add(Stopwatch.GetElapsedTime(connection.Opened).TotalMilliseconds);
                _epoll.Remove((int)connection.Socket.Handle);
                connection.Socket.Dispose();
                return;
            }

            if (connection.Stay is Stay.Stops or Stay.Dawdles && connection.Player.Payload > 0)
            {
                _epoll.Remove((int)connection.Socket.Handle);
                _slow.Add(connection);
                return;
            }

            foreach (var (url, player) in connection.Player.TakeFurther())
            {
                _joining.Enqueue((connection.Viewer, url, player, connection.Stay));
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
        if (_plan.CommentsPerSecond > 0)
        {
            // Also those that come after the window, in which they were posted.
            _comments.Sample(data);
        }

        var now = Marker.Now;
        while (_measuring && Marker.TryFind(ref data, out var sent))
        {
            _delays.Add((now - sent) / 1000.0);
        }
    }

    private void Fail(int viewer, string what)
    {
        _failed.Add(viewer);
        _writers.RemoveAll(writer => writer.Viewer == viewer);
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
