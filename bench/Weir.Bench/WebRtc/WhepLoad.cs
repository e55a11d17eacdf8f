using System.Diagnostics;
using Weir.Bench.Load;

namespace Weir.Bench.WebRtc;

/// <summary>Many viewers on one receiving thread; joining goes on beside it.</summary>
internal sealed class WhepLoad(WhepPlan plan) : IDisposable
{
    private const double EnoughShare = 0.97;
    private const int SampledViewers = 20;
    private const int KeptFaults = 5;
    private const int JoinsAtOnce = 4;

    /// <summary>Reports are spread over a second.</summary>
    private const int Slices = 20;

    private readonly Epoll _epoll = new();
    private readonly WhepViewer[] _viewers = new WhepViewer[plan.Viewers.Count];
    private readonly HttpClient _http = new();
    private readonly List<string> _faults = [];
    private readonly List<WhepRound> _rounds = [];
    private volatile bool _stopping;
    private int _joined;
    private int _failed;

    public WhepResult Run()
    {
        using var publisher = new Publishers(new PreparedFile(plan.File, plan.FileMilliseconds), [new PublishTarget(plan.Application, plan.Key)]);
        Thread.Sleep(TimeSpan.FromSeconds(3));
        var reader = new Thread(Read) { IsBackground = true, Name = "viewers", Priority = ThreadPriority.AboveNormal };
        reader.Start();
        var before = ProcessFigures.CpuSeconds(plan.ServerProcess);
        double joining = 0;
        foreach (var round in plan.Rounds)
        {
            JoinAsync(round).GetAwaiter().GetResult();
            joining = _rounds.Count == 0 ? ProcessFigures.CpuSeconds(plan.ServerProcess) - before : joining;
            Thread.Sleep(TimeSpan.FromSeconds(plan.SettleSeconds));
            _rounds.Add(Measure());
        }

        _stopping = true;
        reader.Join();
        foreach (var fault in publisher.Faults)
        {
            Remember(fault);
        }

        return new WhepResult(_rounds, 1000 * joining / Math.Max(1, plan.Rounds[0]), _faults);
    }

    public void Dispose()
    {
        foreach (var viewer in _viewers.Take(_joined))
        {
            viewer.Leave();
        }

        _http.Dispose();
        _epoll.Dispose();
    }

    private async Task JoinAsync(int upTo)
    {
        var clock = Stopwatch.StartNew();
        var places = new SemaphoreSlim(JoinsAtOnce);
        List<Task> joining = [];
        for (var first = _joined; _joined < upTo;)
        {
            var early = TimeSpan.FromSeconds((double)(_joined - first) / plan.JoinsPerSecond) - clock.Elapsed;
            await Task.Delay(early > TimeSpan.Zero ? early : TimeSpan.Zero);
            await places.WaitAsync();
            var number = _joined;
            _viewers[number] = new WhepViewer();
            Volatile.Write(ref _joined, number + 1);
            joining.Add(Task.Run(async () =>
            {
                try
                {
                    await _viewers[number].JoinAsync(_http, plan.Viewers[number], () => _epoll.Add(_viewers[number].Handle, number));
                }
                catch (Exception fault) when (fault is LoadException or HttpRequestException or TimeoutException)
                {
                    Interlocked.Increment(ref _failed);
                    Remember($"viewer {number}: {fault.Message}");
                }
                finally
                {
                    places.Release();
                }
            }));
        }

        await Task.WhenAll(joining);
    }

    private WhepRound Measure()
    {
        var viewers = _viewers.Take(_joined).ToArray();
        var sampled = viewers.Where((_, i) => i % Math.Max(1, viewers.Length / SampledViewers) == 0).ToList();
        sampled.ForEach(viewer => viewer.Arrivals = new List<double>(4096));
        long Packets(WhepViewer viewer) => viewer.Pictures.Received + viewer.Sounds.Received;
        var packets = Array.ConvertAll(viewers, Packets);
        long Lost() => viewers.Sum(viewer => viewer.Pictures.Missing + viewer.Sounds.Missing);
        var lost = Lost();
        var bytes = viewers.Sum(viewer => viewer.Bytes);
        var own = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var server = ProcessFigures.CpuSeconds(plan.ServerProcess);
        var core = ProcessFigures.CoreSeconds(plan.ServerCore);
        var window = Stopwatch.StartNew();
        Thread.Sleep(TimeSpan.FromSeconds(plan.WindowSeconds));
        var seconds = window.Elapsed.TotalSeconds;
        server = ProcessFigures.CpuSeconds(plan.ServerProcess) - server;
        core = ProcessFigures.CoreSeconds(plan.ServerCore) - core;
        own = ProcessFigures.CpuSeconds(Environment.ProcessId) - own;
        var late = new Samples();
        foreach (var viewer in sampled)
        {
            var arrivals = viewer.Arrivals!.ToArray();
            viewer.Arrivals = null;
            foreach (var arrival in arrivals)
            {
                late.Add(arrival - arrivals.Min());
            }
        }

        var each = viewers.Select((viewer, i) => Packets(viewer) - packets[i]).ToArray();
        var median = each.Order().ElementAt(each.Length / 2);
        return new WhepRound
        {
            Viewers = viewers.Length,
            Gone = _failed + viewers.Count(viewer => viewer.IsGone),
            Seconds = seconds,
            Packets = each.Sum(),
            Lost = Lost() - lost,
            Bytes = viewers.Sum(viewer => viewer.Bytes) - bytes,
            Short = each.Count(count => count < EnoughShare * median),
            LateP99Milliseconds = late.Count == 0 ? -1 : late.Percentile(99),
            ServerCpuSeconds = server,
            ServerMegabytes = ProcessFigures.ResidentMegabytes(plan.ServerProcess),
            OthersCpuSeconds = Math.Max(0, core - server),
            OwnCpuSeconds = own,
        };
    }

    private void Read()
    {
        var buffer = new byte[2048];
        var ready = new int[256];
        var clock = Stopwatch.StartNew();
        var slice = 0L;
        while (!_stopping)
        {
            var count = _epoll.Wait(ready, 10);
            for (var i = 0; i < count; i++)
            {
                if (!_viewers[ready[i]].Read(buffer))
                {
                    _epoll.Remove(_viewers[ready[i]].Handle);
                }
            }

            while (slice < clock.Elapsed.TotalSeconds * Slices)
            {
                for (var i = (int)(slice % Slices); i < Volatile.Read(ref _joined); i += Slices)
                {
                    _viewers[i].Report();
                }

                slice++;
            }
        }
    }

    private void Remember(string fault)
    {
        lock (_faults)
        {
            if (_faults.Count < KeptFaults)
            {
                _faults.Add(fault);
            }
        }
    }
}
