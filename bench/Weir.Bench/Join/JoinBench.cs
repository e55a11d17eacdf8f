using System.Globalization;
using Microsoft.Playwright;
using Weir.Bench.Browser;
using Weir.Bench.Encoders;
using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.Join;

/// <summary>From the ticket in hand to the first painted frame, at random moments of the two seconds between keyframes.</summary>
internal sealed class JoinBench(int joins)
{
    private const double MedianTarget = 400;
    private const double P95Target = 800;
    private const int KeyframeMilliseconds = 2000;
    private const float FrameLimit = 15_000;

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        await using var weir = await WeirServer.StartAsync(pinned: false);
        await weir.SetUpAsync();
        var channel = await weir.OpenAsync(Outlet.WebSocket, 1);
        await using var publisher = TestPicture.Publish($"{channel.Application}/{channel.Key}");
        await weir.LiveAsync(channel.Id, cancellation);
        await using var bare = await BarePlayer.StartAsync();
        await using var chromium = await Chromium.StartAsync();

        var product = new Samples();
        var plain = new Samples();
        var transports = new HashSet<string>();
        var stuck = 0;
        var phase = new Random(1);
        for (var i = -1; i < joins; i++)
        {
            Console.Error.WriteLine($"join {i + 1} of {joins} ...");
            await Task.Delay(phase.Next(KeyframeMilliseconds), cancellation);
            var (byProduct, transport, playsOn) = await ProductAsync(chromium, $"{weir.Url}b/{channel.Id}");
            await Task.Delay(phase.Next(KeyframeMilliseconds), cancellation);
            var ticket = await weir.TicketAsync(channel.Id);
            var byBare = await BareAsync(chromium, bare.Url + "#" + Uri.EscapeDataString(ticket.GetProperty("watch").GetProperty("websocket").GetString()!));

            // The first of each finds everything cold: it is not counted.
            if (i >= 0)
            {
                product.Add(byProduct);
                plain.Add(byBare);
                transports.Add(transport);
                stuck += playsOn ? 0 : 1;
            }
        }

        object?[] Row(string player, Samples samples, int? stopped) => [player, samples.Count, samples.Median, MedianTarget, samples.Percentile(95), P95Target, samples.Max, stopped];
        return new Report(
            "join",
            "How long a viewer with a ticket waits for the first painted frame in Chromium, joining at random moments of a stream with a keyframe every 2 s.",
            [
                new ResultTable(
                    "Ticket in hand to first painted frame",
                    [new("Player"), new("Joins"), new("Median ms", "0"), new("Target"), new("p95 ms", "0"), new("Target "), new("Longest ms", "0"), new("Stopped after it")],
                    [Row($"Weir's page ({string.Join(", ", transports)})", product, stuck), Row("Bare page (WebSocket)", plain, null)]),
            ],
            [$"Chromium {chromium.Version}, without a GPU, on the machine that also encodes and serves.", "The bare page counts from its script's first line, WebSocket handshake included."]);
    }

    private static async Task<(double Milliseconds, string Transport, bool PlaysOn)> ProductAsync(Chromium chromium, string url)
    {
        var page = await chromium.OpenAsync();
        try
        {
            await page.GotoAsync(url);
            var player = page.Locator("[data-first-frame-ms]:not([data-first-frame-ms=''])");
            await player.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached, Timeout = FrameLimit });
            var milliseconds = await player.GetAttributeAsync("data-first-frame-ms");
            var transport = await player.GetAttributeAsync("data-transport") ?? "";

            // A first frame is worth nothing when it is the only one.
            var playsOn = await page.EvaluateAsync<bool>("""
                async () => {
                  const video = document.querySelector('video');
                  const before = video.currentTime;
                  await new Promise((done) => setTimeout(done, 1500));
                  return video.currentTime > before + 0.5;
                }
                """);
            return (double.Parse(milliseconds!, CultureInfo.InvariantCulture), transport, playsOn);
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }

    private static async Task<double> BareAsync(Chromium chromium, string url)
    {
        var page = await chromium.OpenAsync();
        try
        {
            await page.GotoAsync(url);
            var found = await page.WaitForFunctionAsync("() => window.firstFrameMs", null, new PageWaitForFunctionOptions { Timeout = FrameLimit });
            return await found.JsonValueAsync<double>();
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }
}
