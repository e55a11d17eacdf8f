using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>One broadcast that very many watch, and how many of them one core holds.</summary>
/// <param name="counts">Numbers of viewers, rising; null: the usual.</param>
internal sealed class LargePart(bool quick, IReadOnlyList<Outlet> outlets, IReadOnlyList<int>? counts, List<string> remarks)
{
    private const int Target = 12_000;

    /// <summary>Those who come meet the core when it is nearly full; they are not what is measured.</summary>
    private const int JoinsPerSecond = 300;
    private const int WarmUpViewers = 100;

    public async Task<ResultTable> RunAsync(string directory, CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        foreach (var outlet in outlets)
        {
            var held = 0;
            foreach (var viewers in counts ?? (quick ? [1_000] : [5_000, 8_000, 10_000, 12_000]))
            {
                Console.Error.WriteLine($"Weir, {outlet}, {viewers} viewers of one broadcast ...");
                // A process for each: its memory is that of these viewers, and no port waits for connections of the row before.
                await using var weir = await WeirServer.StartAsync(pinned: true);
                await weir.SetUpAsync();
                await MeasureAsync(weir, outlet, WarmUpViewers, directory, cancellation);
                var result = await MeasureAsync(weir, outlet, viewers, directory, cancellation);
                held = result is { Slow: 0, Failed: 0 } ? viewers : held;
                var cpu = result.Server[0].CpuSeconds;
                rows.Add(
                [
                    outlet.ToString(), viewers, 100 * cpu / result.WindowSeconds, result.Payload * 8 / result.WindowSeconds / 1e9, cpu > 0 ? result.Payload * 8 / cpu / 1e9 : double.NaN,
                    result.DelayMedianMilliseconds, result.DelayP99Milliseconds, 100 * result.LeastShare, result.Slow, result.Failed, result.Server[0].ResidentMegabytes,
                    100 * result.OwnCpuSeconds / result.WindowSeconds, 100 * result.OthersCpuSeconds / result.WindowSeconds,
                ]);
                remarks.AddRange(result.Faults.Select(fault => $"{outlet}, {viewers} viewers: {fault}"));
            }

            remarks.Add($"{outlet}: {held} viewers held for {WindowSeconds} s on one core, nobody below 97 % of what was published; the target is {Target}.");
        }

        return new ResultTable(
            "One broadcast of 1 Mbit/s on one core",
            [
                new("Outlet"), new("Viewers"), new("CPU %", "0.0"), new("Gbit/s", "0.00"), new("Gbit/s per core", "0.00"), new("Delay ms", "0.0"), new("p99 ms", "0"),
                new("Least %", "0.0"), new("Short viewers"), new("Failed"), new("MB", "0"), new("Load CPU %", "0"), new("Others %", "0"),
            ],
            rows);
    }

    private int WindowSeconds => quick ? 10 : 30;

    private async Task<LoadResult> MeasureAsync(WeirServer weir, Outlet outlet, int viewers, string directory, CancellationToken cancellation)
    {
        var warmingUp = viewers == WarmUpViewers;
        var channel = await weir.OpenAsync(outlet, viewers);
        var result = await LoadProcess.RunAsync(
            new LoadPlan
            {
                Publish = [new PublishTarget(channel.Application, channel.Key)],
                File = Path.Combine(directory, "stream.flv"),
                FileMilliseconds = PreparedStream.Seconds * 1000,
                Outlet = outlet,
                Viewers = channel.Viewers,
                LeadSeconds = 3,
                JoinsPerSecond = JoinsPerSecond,
                SettleSeconds = quick || warmingUp ? 2 : 10,
                WindowSeconds = warmingUp && !quick ? 15 : WindowSeconds,
                ServerProcesses = weir.Processes,
                ServerCore = 0,
            },
            directory,
            cancellation);
        await weir.CloseAsync(channel);
        return result;
    }
}
