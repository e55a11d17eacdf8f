using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>
/// Who comes, and how many: joins of a running broadcast, many small broadcasts, many that nobody publishes to, requests of an HTTP player, one large
/// broadcast.
/// </summary>
/// <param name="outlets">Of the large broadcast and of the slow viewers.</param>
/// <param name="viewers">Numbers of viewers of the large broadcast, rising; null: the usual.</param>
internal sealed class CrowdBench(bool quick, IReadOnlySet<string> only, IReadOnlyList<Outlet> outlets, IReadOnlyList<int>? viewers)
{
    public static readonly IReadOnlyList<string> Parts = ["joins", "many", "requests", "large", "comments", "slow", "memory"];

    private const int JoinsPerSecond = 300;
    private const int SmallBroadcasts = 200;
    private const int ViewersOfEach = 5;
    private const int IdleBroadcasts = 2_000;

    /// <summary>As many as a host may have on air.</summary>
    private const int BroadcastsOfOne = 3;

    private static readonly (int Viewers, double TargetMilliseconds)[] Present = [(0, 1), (500, 3)];

    private readonly List<string> _remarks = [Cores.Remark];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-crowds-").FullName;
        var tables = new List<ResultTable>();
        try
        {
            var file = Path.Combine(directory, "stream.flv");
            await PreparedStream.WriteAsync(file, cancellation);
            if (only.Contains("joins"))
            {
                tables.Add(await JoinsAsync(directory, file, cancellation));
            }

            if (only.Contains("many"))
            {
                tables.Add(await ManyAsync(directory, file, cancellation));
            }

            if (only.Contains("requests"))
            {
                tables.Add(await new RequestsPart(quick).RunAsync(directory, cancellation));
            }

            if (only.Contains("large"))
            {
                tables.Add(await new LargePart(quick, outlets, viewers, _remarks).RunAsync(directory, cancellation));
            }

            if (only.Contains("comments"))
            {
                tables.Add(await new CommentsPart(quick, _remarks).RunAsync(directory, cancellation));
            }

            if (only.Contains("slow"))
            {
                tables.Add(await new SlowPart(quick, outlets, _remarks).RunAsync(directory, cancellation));
            }

            if (only.Contains("memory"))
            {
                tables.AddRange(await new MemoryPart(quick, _remarks).RunAsync(directory, cancellation));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        return new Report("crowds", "Joins of a running broadcast, many broadcasts at once, requests for parts and playlists, and one broadcast that many watch.", tables, _remarks);
    }

    private async Task<ResultTable> JoinsAsync(string directory, string file, CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        if (NginxRtmp.IsInstalled)
        {
            await using var nginx = await NginxRtmp.StartAsync();
            await JoinsAsync(nginx, Outlet.Rtmp, rows, directory, file, cancellation);
        }

        await using var weir = await WeirServer.StartAsync(pinned: true);
        await weir.SetUpAsync();
        foreach (var outlet in (Outlet[])[Outlet.Rtmp, Outlet.HttpFlv, Outlet.WebSocket])
        {
            await JoinsAsync(weir, outlet, rows, directory, file, cancellation);
        }

        return new ResultTable(
            $"{JoinsPerSecond} joins a second of a running broadcast: connecting to the first byte of a keyframe",
            [
                new("Server"), new("Outlet"), new("Viewers there"), new("Joins"), new("Median ms", "0.00"), new("Target ms", "0"), new("p99 ms", "0.0"), new("Failed"),
                new("CPU %", "0.0"), new("Others %", "0"),
            ],
            rows);
    }

    private async Task JoinsAsync(IBenchServer server, Outlet outlet, List<object?[]> rows, string directory, string file, CancellationToken cancellation)
    {
        var seconds = quick ? 2 : 5;

        // A round that does not count, for the just-in-time compiler.
        foreach (var (present, target) in Present.Prepend((0, double.NaN)))
        {
            Console.Error.WriteLine($"{server.Name}, {outlet}, joins with {present} viewers ...");
            var channel = await server.OpenAsync(outlet, present + (JoinsPerSecond * seconds));
            var result = await LoadProcess.RunAsync(Plan(server, outlet, file, [channel]) with
            {
                Viewers = [.. channel.Viewers.Take(present)],
                Joiners = [.. channel.Viewers.Skip(present)],
                JoinersPerSecond = JoinsPerSecond,
                WindowSeconds = seconds + 1,
            }, directory, cancellation);
            await server.CloseAsync(channel);
            Remember(server, outlet, result);
            if (!double.IsNaN(target))
            {
                rows.Add(
                [
                    server.Name, outlet.ToString(), present, result.Joined, result.JoinMedianMilliseconds, target, result.JoinP99Milliseconds, result.Failed,
                    Share(result.Server[0].CpuSeconds, result), Share(result.OthersCpuSeconds, result),
                ]);
            }
        }
    }

    private async Task<ResultTable> ManyAsync(string directory, string file, CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        var what = $"{SmallBroadcasts} publishers, {ViewersOfEach} viewers each";
        Console.Error.WriteLine($"{what} ...");
        await using (var weir = await WeirServer.StartAsync(pinned: true, Directory.CreateDirectory(Path.Combine(directory, "small")).FullName))
        {
            var hosts = await HostsAsync(weir, Path.Combine(directory, "small"), SmallBroadcasts);
            var before = ProcessFigures.ResidentMegabytes(weir.LiveProcess);
            var channels = new List<Channel>();
            foreach (var host in hosts)
            {
                channels.Add(await weir.OpenAsync("websocket", ViewersOfEach, host));
            }

            var result = await LoadProcess.RunAsync(Plan(weir, Outlet.WebSocket, file, channels), directory, cancellation);
            Remember(weir, Outlet.WebSocket, result);
            var resident = ProcessFigures.ResidentMegabytes(weir.LiveProcess);
            rows.Add(
            [
                what, result.Viewers, Share(result.Server[0].CpuSeconds, result), result.DelayMedianMilliseconds, result.DelayP99Milliseconds, result.Slow, result.Failed,
                resident, resident - before,
            ]);
        }

        what = $"{IdleBroadcasts} announced, nobody publishes";
        Console.Error.WriteLine($"{what} ...");
        await using (var weir = await WeirServer.StartAsync(pinned: true, Directory.CreateDirectory(Path.Combine(directory, "idle")).FullName))
        {
            var hosts = await HostsAsync(weir, Path.Combine(directory, "idle"), IdleBroadcasts);
            var before = ProcessFigures.ResidentMegabytes(weir.LiveProcess);
            foreach (var host in hosts)
            {
                await weir.AnnounceAsync(host);
            }

            // What announcing cost is over after that.
            await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
            var seconds = quick ? 5 : 20;
            var cpu = ProcessFigures.CpuSeconds(weir.LiveProcess);
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
            cpu = ProcessFigures.CpuSeconds(weir.LiveProcess) - cpu;
            var resident = ProcessFigures.ResidentMegabytes(weir.LiveProcess);
            rows.Add([what, 0, 100 * cpu / seconds, null, null, null, null, resident, resident - before]);
        }

        return new ResultTable(
            "Many broadcasts on one core",
            [
                new("What"), new("Viewers"), new("CPU %", "0.0"), new("Delay ms", "0.0"), new("p99 ms", "0.0"), new("Short viewers"), new("Failed"),
                new("Live plane MB", "0"), new("more than before MB", "0"),
            ],
            rows);
    }

    /// <summary>A token for each broadcast: a person may have a number of them that have not ended.</summary>
    private static async Task<IReadOnlyList<string>> HostsAsync(WeirServer weir, string data, int broadcasts)
    {
        await weir.SetUpAsync();
        using var crowd = new Crowd(data);
        var people = new List<string>();
        crowd.InOne(() =>
        {
            while (people.Count * BroadcastsOfOne < broadcasts)
            {
                people.Add(crowd.Add($"host{people.Count}").Token);
            }
        });
        return [.. Enumerable.Range(0, broadcasts).Select(i => people[i / BroadcastsOfOne])];
    }

    private LoadPlan Plan(IBenchServer server, Outlet outlet, string file, IReadOnlyList<Channel> channels) => new()
    {
        Publish = [.. channels.Select(channel => new PublishTarget(channel.Application, channel.Key))],
        File = file,
        FileMilliseconds = PreparedStream.Seconds * 1000,
        Outlet = outlet,
        Viewers = [.. channels.SelectMany(channel => channel.Viewers)],
        LeadSeconds = 3,
        JoinsPerSecond = 250,
        SettleSeconds = quick ? 2 : 10,
        WindowSeconds = quick ? 4 : 10,
        ServerProcesses = server.Processes,
        ServerCore = 0,
    };

    private static double Share(double cpu, LoadResult result) => 100 * cpu / result.WindowSeconds;

    private void Remember(IBenchServer server, Outlet outlet, LoadResult result) =>
        _remarks.AddRange(result.Faults.Select(fault => $"{server.Name}, {outlet}: {fault}"));
}
