using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>What viewers who do not read cost those who do.</summary>
internal sealed class SlowPart(bool quick, IReadOnlyList<Outlet> outlets, List<string> remarks)
{
    private const int Viewers = 500;
    private const int SlowViewers = 1_000;
    private const int WarmUpViewers = 100;

    public async Task<ResultTable> RunAsync(string directory, CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        foreach (var outlet in outlets)
        {
            // A process for each outlet: what is said of its memory is said of these viewers.
            await using var weir = await WeirServer.StartAsync(pinned: true);
            await weir.SetUpAsync();
            Console.Error.WriteLine($"Weir, {outlet}, warming up ...");
            await MeasureAsync(weir, outlet, WarmUpViewers, 0, directory, cancellation);
            foreach (var slow in (int[])[0, quick ? SlowViewers / 5 : SlowViewers])
            {
                Console.Error.WriteLine($"Weir, {outlet}, {Viewers} viewers beside {slow} slow ones ...");
                var before = await CountersAsync(weir, outlet);
                var result = await MeasureAsync(weir, outlet, Viewers, slow, directory, cancellation);
                var counted = await CountersAsync(weir, outlet);
                remarks.AddRange(result.Faults.Select(fault => $"{outlet}, {slow} slow viewers: {fault}"));
                rows.Add(
                [
                    outlet.ToString(), Viewers, slow, 100 * result.LeastShare, result.Slow, result.Failed, result.DelayMedianMilliseconds, result.DelayP99Milliseconds,
                    100 * result.Server[0].CpuSeconds / result.WindowSeconds, result.PeakMegabytes, result.PeakTcpMegabytes,
                    (int)(counted.Skips - before.Skips), (int)(counted.TooSlow - before.TooSlow), result.SlowGone, (int)(counted.Full - before.Full),
                    100 * result.OwnCpuSeconds / result.WindowSeconds, 100 * result.OthersCpuSeconds / result.WindowSeconds,
                ]);
            }
        }

        remarks.Add(
            "Slow viewers: from their first picture on one half reads nothing, the other a tenth of the stream. MB is the most of the live plane's resident memory in the window, TCP MB what the kernel "
            + "held for all connections; skips (to a newer keyframe), too slow (let go) and full buffers are the live plane's own counters, of the whole run. Gone are those slow ones whose connection had ended, for whatever reason.");
        return new ResultTable(
            $"{Viewers} viewers of one 1 Mbit/s broadcast beside slow ones, one core",
            [
                new("Outlet"), new("Viewers"), new("Slow ones"), new("Bytes, least %", "0.0"), new("Short"), new("Failed"), new("Delay ms", "0.0"), new("p99 ms", "0"),
                new("CPU %", "0.0"), new("MB", "0"), new("TCP MB", "0"), new("Skips"), new("Too slow"), new("Gone"), new("Full"), new("Load %", "0"), new("Others %", "0"),
            ],
            rows);
    }

    private static async Task<(double Skips, double TooSlow, double Full)> CountersAsync(WeirServer weir, Outlet outlet)
    {
        var tag = outlet == Outlet.Rtmp ? "outlet=\"rtmp\"" : "outlet=\"websocket\"";
        return (
            await weir.LiveCounterAsync("weir_viewer_skips_total", tag), await weir.LiveCounterAsync("weir_viewers_too_slow_total", tag),
            await weir.LiveCounterAsync("weir_fan_out_full_total"));
    }

    private async Task<LoadResult> MeasureAsync(WeirServer weir, Outlet outlet, int viewers, int slow, string directory, CancellationToken cancellation)
    {
        var warmingUp = viewers == WarmUpViewers;
        var channel = await weir.OpenAsync(outlet, viewers + slow);
        var result = await LoadProcess.RunAsync(
            new LoadPlan
            {
                Publish = [new PublishTarget(channel.Application, channel.Key)],
                File = Path.Combine(directory, "stream.flv"),
                FileMilliseconds = PreparedStream.Seconds * 1000,
                Outlet = outlet,
                Viewers = [.. channel.Viewers.Take(viewers)],
                SlowViewers = [.. channel.Viewers.Skip(viewers)],
                LeadSeconds = 3,
                JoinsPerSecond = 250,
                SettleSeconds = quick || warmingUp ? 2 : 5,
                // Long enough for those who read nothing to be let go.
                WindowSeconds = warmingUp ? (quick ? 5 : 15) : quick ? 15 : 60,
                ServerProcesses = weir.Processes,
                ServerCore = 0,
            },
            directory,
            cancellation);
        await weir.CloseAsync(channel);
        return result;
    }
}
