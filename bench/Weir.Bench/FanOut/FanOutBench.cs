using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>Viewers against what they cost the server.</summary>
internal sealed class FanOutBench(IReadOnlyList<int> viewerCounts, IReadOnlyList<Outlet> outlets, IReadOnlyList<int?> merges, int runs, bool quick, bool onlyNginx)
{
    private const int WarmUpViewers = 50;
    private const int WarmUpSeconds = 15;

    /// <summary>The stream's writes: about 77 frames a second by themselves, and what comes together in 100 and in 350 ms.</summary>
    private static readonly (string As, int Bytes)[] BareWrites = [("each frame", 1_620), ("100 ms", 12_500), ("350 ms", 43_750)];

    private readonly List<object?[]> _rows = [];
    private readonly List<object?[]> _bare = [];
    private readonly List<string> _remarks = [Cores.Remark];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-fanout-").FullName;
        try
        {
            var file = Path.Combine(directory, "stream.flv");
            await PreparedStream.WriteAsync(file, cancellation);
            if (NginxRtmp.IsInstalled)
            {
                await using var nginx = await NginxRtmp.StartAsync();
                await MeasureAsync(nginx, directory, file, cancellation);
            }
            else
            {
                _remarks.Add("nginx with its RTMP module is not installed (Debian: nginx-light, libnginx-mod-rtmp): nothing to compare with.");
            }

            foreach (var merge in onlyNginx ? [] : merges)
            {
                await using var weir = await WeirServer.StartAsync(pinned: true, merge: merge);
                await weir.SetUpAsync();
                await MeasureAsync(weir, directory, file, cancellation, merge is { } age ? $"{age} ms" : "adaptive");
            }

            foreach (var (what, bytes) in onlyNginx ? [] : BareWrites)
            {
                Console.Error.WriteLine($"bare loop, {bytes} bytes a write ...");
                var sockets = viewerCounts.Max();
                var (perCore, full) = await BareLoop.MeasureAsync(sockets, bytes, quick ? 4 : 10, cancellation);
                _bare.Add([what, bytes, sockets, perCore, full]);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        _remarks.Add("Gbit/s per core is payload (coded pictures and sound, no container bytes) over processor time; MB is the serving process's resident memory.");
        _remarks.Add("Delay runs from the publisher's send to a viewer's receive, load generator included; LL-HLS viewers hold parts back on top of it.");
        _remarks.Add("Overhead is what containers and protocols add to the payload; Load CPU near 100 % means that the load generator was the limit.");
        _remarks.Add("Others: what programs that do not belong to the measurement took of the server's core; delays and short viewers mean little where it is not near 0.");
        _remarks.Add("Short: viewers who got less than 97 % of what was published in the window.");
        if (runs > 1)
        {
            _remarks.Add($"Each row is the one of the median cost of {runs} runs.");
        }

        return new Report(
            "fanout",
            "How much processor time and memory a server spends on viewers of one 1 Mbit/s stream, outlet by outlet, beside nginx-rtmp in the same run.",
            [
                new ResultTable(
                    "Fan-out of a 1 Mbit/s stream (no target; reported)",
                    [
                        new("Server"), new("Merging"), new("Outlet"), new("Viewers"), new("CPU %", "0.0"), new("Gbit/s per core", "0.00"), new("MB", "0"), new("Delay ms", "0.0"),
                        new("p99 ms", "0.0"), new("Short %", "0.#"), new("Failed"), new("Overhead %", "0.0"), new("Load CPU %", "0"), new("Others %", "0"),
                    ],
                    _rows),
                new ResultTable(
                    "A bare loop of writes to as many sockets, 1 Mbit/s each, one core",
                    [new("As"), new("Bytes a write"), new("Sockets"), new("Gbit/s per core", "0.00"), new("Full")],
                    _bare),
            ],
            _remarks);
    }

    private async Task MeasureAsync(IBenchServer server, string directory, string file, CancellationToken cancellation, string merging = "")
    {
        foreach (var outlet in server.Outlets.Intersect(outlets))
        {
            // A first round that does not count: the just-in-time compiler is done before the window opens.
            await MeasureAsync(server, outlet, WarmUpViewers, quick ? 2 : WarmUpSeconds, directory, file, cancellation);
            foreach (var viewers in viewerCounts)
            {
                var results = new List<LoadResult>();
                while (results.Count < runs)
                {
                    results.Add(await MeasureAsync(server, outlet, viewers, quick ? 4 : 10, directory, file, cancellation));
                }

                // The run of the median cost, whole: figures of one row belong together.
                Add(server, merging, outlet, results.OrderBy(result => result.Server[0].CpuSeconds / Math.Max(1, result.Payload)).ElementAt(runs / 2));
            }
        }
    }

    private async Task<LoadResult> MeasureAsync(
        IBenchServer server, Outlet outlet, int viewers, int seconds, string directory, string file, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"{server.Name}, {outlet}, {viewers} viewers ...");
        var channel = await server.OpenAsync(outlet, viewers);
        var result = await LoadProcess.RunAsync(
            new LoadPlan
            {
                Publish = [new PublishTarget(channel.Application, channel.Key)],
                File = file,
                FileMilliseconds = PreparedStream.Seconds * 1000,
                Outlet = outlet,
                Viewers = channel.Viewers,
                LeadSeconds = outlet == Outlet.LlHls ? 6 : 3, // LL-HLS begins with the first whole segment.
                JoinsPerSecond = 250,
                SettleSeconds = quick ? 2 : 4,
                WindowSeconds = seconds,
                ServerProcesses = server.Processes,
                ServerCore = 0,
            },
            directory,
            cancellation);
        await server.CloseAsync(channel);
        return result;
    }

    private void Add(IBenchServer server, string merging, Outlet outlet, LoadResult result)
    {
        var cpu = result.Server[0].CpuSeconds;
        _rows.Add(
        [
            server.Name, merging, outlet.ToString(), result.Viewers, 100 * cpu / result.WindowSeconds, cpu > 0 ? result.Payload * 8 / cpu / 1e9 : double.NaN,
            result.Server[0].ResidentMegabytes, Measured(result.DelayMedianMilliseconds), Measured(result.DelayP99Milliseconds), 100.0 * result.Slow / result.Viewers,
            result.Failed, result.Payload > 0 ? (100.0 * result.Wire / result.Payload) - 100 : double.NaN, 100 * result.OwnCpuSeconds / result.WindowSeconds,
            100 * result.OthersCpuSeconds / result.WindowSeconds,
        ]);
        _remarks.AddRange(result.Faults.Select(fault => $"{server.Name}, {outlet}, {result.Viewers} viewers: {fault}"));
    }

    private static double Measured(double value) => value < 0 ? double.NaN : value;
}
