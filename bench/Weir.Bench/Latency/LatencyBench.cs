using System.Text.Json;
using Microsoft.Playwright;
using Weir.Bench.Browser;
using Weir.Bench.Encoders;
using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.Latency;

/// <summary>From a picture drawn before the encoder to the same picture painted by the browser.</summary>
internal sealed class LatencyBench(bool quick)
{
    private const double WebSocketTarget = 350;
    private const double HlsTarget = 2000;
    private const float FrameLimit = 30_000;

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        Console.Error.WriteLine("the encoder alone ...");
        var own = await StampedEncoder.OwnDelayAsync(TimeSpan.FromSeconds(quick ? 5 : 10), cancellation);

        await using var weir = await WeirServer.StartAsync(pinned: false);
        await weir.SetUpAsync();
        var channel = await weir.OpenAsync(Outlet.WebSocket, 1);
        await using var publisher = StampedEncoder.Publish($"{channel.Application}/{channel.Key}");
        await weir.LiveAsync(channel.Id, cancellation);
        await using var bare = await BarePlayer.StartAsync();
        await using var chromium = await Chromium.StartAsync();

        var page = $"{weir.Url}b/{channel.Id}";
        var rows = new List<object?[]> { Row("Encoder alone (drawn to encoded)", new Reading(own, 0), null) };
        rows.Add(Row("WebSocket, bare page", await ReadAsync(chromium, bare.Url + "#" + Uri.EscapeDataString(channel.Viewers[0]), cancellation), WebSocketTarget + own.Median));
        rows.Add(Row("WebSocket, Weir's page", await ReadAsync(chromium, page + "?player=ws", cancellation), WebSocketTarget + own.Median));
        rows.Add(Row("LL-HLS, Weir's page", await ReadAsync(chromium, page + "?player=hls", cancellation), HlsTarget));
        return new Report(
            "latency",
            "How old a picture is when the browser paints it: a time stamp drawn into the picture before the encoder is read back from the painted frame.",
            [
                new ResultTable(
                    "Drawn to painted",
                    [new("Path"), new("Frames"), new("Median ms", "0"), new("Target ms", "0"), new("p95 ms", "0"), new("Longest ms", "0"), new("Shortest ms", "0"), new("Unreadable")],
                    rows),
            ],
            [
                $"Chromium {chromium.Version}, without a GPU, on the machine that also encodes and serves; one clock.",
                "The WebSocket's target is 350 ms and the encoder's own delay; LL-HLS' is 2 s.",
                "ffmpeg: x264 ultrafast zerolatency, 640x360 at 30 frames a second, 1 Mbit/s, keyframe every 2 s, silence as AAC.",
            ]);
    }

    private static object?[] Row(string path, Reading reading, double? target) =>
        [path, reading.Delays.Count, reading.Delays.Median, target, reading.Delays.Percentile(95), reading.Delays.Max, reading.Delays.Percentile(0), reading.Unreadable];

    private async Task<Reading> ReadAsync(Chromium chromium, string url, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"{url.Split('#')[0]} ...");
        var page = await chromium.OpenAsync();
        try
        {
            await page.GotoAsync(url);
            await page.WaitForFunctionAsync("() => (document.querySelector('video')?.currentTime ?? 0) > 0", null, new PageWaitForFunctionOptions { Timeout = FrameLimit });

            // The players first find their distance from the live edge.
            await Task.Delay(TimeSpan.FromSeconds(quick ? 5 : 15), cancellation);
            await page.EvaluateAsync(BarePlayer.Resource("stamps.js") + "; window.readStamps(document.querySelector('video'));");
            await Task.Delay(TimeSpan.FromSeconds(quick ? 5 : 30), cancellation);
            var read = await page.EvaluateAsync<JsonElement>("() => window.stamps");
            var delays = new Samples();
            foreach (var sample in read.GetProperty("samples").EnumerateArray())
            {
                delays.Add(sample.GetDouble());
            }

            return new Reading(delays, read.GetProperty("unreadable").GetInt32());
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }

    private sealed record Reading(Samples Delays, int Unreadable);
}
