using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;
using Weir.Bench.Browser;
using Weir.Bench.Encoders;
using Weir.Bench.Load;
using Weir.Bench.Servers;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Promises;

/// <summary>What Weir promises to have done within a time, done again and again. Tests hold that it happens; only a machine with nothing else to do can say how soon.</summary>
internal sealed class PromisesBench(bool quick)
{
    private const double CutTarget = 1;
    private const double PlaneTarget = 2;
    private const double CameraTarget = 10;
    private const double EndTarget = 5;
    private const int CutsEach = 4;
    private static readonly string[] Outlets = ["websocket", "flv", "rtmp", "hls", "whep"];

    /// <summary>A live plane that ends again is waited with for ten seconds at most, less those it ran: what is measured is one that had served.</summary>
    private static readonly TimeSpan Served = TimeSpan.FromSeconds(11);

    private readonly int _times = quick ? 2 : 5;

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        await using (var weir = await WeirServer.StartAsync(pinned: false))
        {
            await weir.SetUpAsync();
            var channel = await weir.OpenAsync(Outlet.WebSocket, 1);
            await using (var publisher = TestPicture.Publish($"{channel.Application}/{channel.Key}"))
            {
                await weir.LiveAsync(channel.Id, cancellation);
                await CutsAsync(weir, channel.Id, rows, cancellation);
            }

            var planes = new Samples();
            for (var i = 0; i < _times; i++)
            {
                Console.Error.WriteLine($"the live plane, {i + 1} of {_times} ...");
                var began = Kill(weir);
                await weir.LiveReadyAsync(cancellation);
                planes.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                await Task.Delay(Served, cancellation);
            }

            rows.Add(Row("The live plane is back after kill -9", planes, PlaneTarget));
            rows.Add(Row("A camera in Chromium is back on the air after it", await CameraAsync(weir, cancellation), CameraTarget));
        }

        rows.Add(Row("Told to end with a broadcast running, it is gone", await EndsAsync(cancellation), EndTarget));
        return new Report(
            "promises",
            "How soon Weir does what it promises to have done within a time.",
            [new ResultTable("From the cause on", [new("What"), new("Times"), new("Median s", "0.000"), new("Longest s", "0.000"), new("Target s", "0")], rows)],
            [
                "A cut counts from the host's request to the end of what the viewer reads. RTMP is read by ffmpeg, whose own end is in it; of HLS it "
                    + "is the first request of the playlist that is refused, asked for every 10 ms; of WebRTC the last packet that Chromium counts.",
                "The control is what the machine and the request take by themselves in the same run.",
                "A second start is what `./weir bench start` measures.",
            ]);
    }

    private static object?[] Row(string what, Samples samples, double target) => [what, samples.Count, samples.Median, samples.Max, target];

    private static long Kill(WeirServer weir)
    {
        var began = Stopwatch.GetTimestamp();
        ChildProcess.Signal(weir.LiveProcess, "KILL");
        return began;
    }

    /// <summary>A public broadcast becomes one for friends: a viewer who is none is cut.</summary>
    private async Task CutsAsync(WeirServer weir, string id, List<object?[]> rows, CancellationToken cancellation)
    {
        var code = (await weir.PostAsync("/api/invitations", new { })).GetProperty("code").GetString();
        var made = await weir.PostAsync("/api/accounts", new { invitation = code, handle = "viewer", name = "Vera Viewer", password = WeirServer.Password });
        var viewer = made.GetProperty("token").GetString()!;
        var took = Outlets.ToDictionary(outlet => outlet, _ => new Samples());
        var changes = new Samples();
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();
        for (var i = 0; i < _times * CutsEach; i++)
        {
            Console.Error.WriteLine($"cut {i + 1} of {_times * CutsEach} ...");
            await weir.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "public" }, widen = true });
            var asked = Stopwatch.GetTimestamp();
            await weir.PatchAsync($"/api/broadcasts/{id}", new { title = $"Cut {i}" });
            changes.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
            var watch = (await weir.TicketAsync(id, viewer)).GetProperty("watch");
            var ends = Outlets.ToDictionary(outlet => outlet, outlet => CutViewer.WatchAsync(outlet, watch.GetProperty(outlet).GetString()!, page, cancellation));
            await Task.WhenAll(ends.Values.Select(end => end.Watching));
            var began = Stopwatch.GetTimestamp();
            var cut = weir.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } });
            await Task.WhenAll(ends.Select(async end =>
            {
                var late = await end.Value.Ended.WaitAsync(Patience.Limit, cancellation);
                var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds - late;
                lock (took)
                {
                    took[end.Key].Add(seconds);
                }
            }));
            await cut;
        }

        rows.Add(Row("Control: a change of the same broadcast that cuts nobody is answered", changes, CutTarget));
        rows.AddRange(took.Select(outlet => Row($"A viewer is cut ({outlet.Key})", outlet.Value, CutTarget)));
    }

    private async Task<Samples> CameraAsync(WeirServer weir, CancellationToken cancellation)
    {
        await using var chromium = await Chromium.StartAsync(camera: true);
        var page = await chromium.OpenAsync();
        ILocator Find(string name) => page.GetByTestId(name);
        await page.GotoAsync($"{weir.Url}sign-in");
        await Find("handle").FillAsync("host");
        await Find("password").FillAsync(WeirServer.Password);
        await Find("submit").ClickAsync();
        await Find("chats").WaitForAsync();
        await page.GotoAsync($"{weir.Url}go-live");
        await Find("go-live").ClickAsync();
        await Find("send-state").Filter(new() { HasText = "on the air" }).WaitForAsync();
        var samples = new Samples();
        for (var i = 0; i < _times; i++)
        {
            Console.Error.WriteLine($"the camera, {i + 1} of {_times} ...");
            await Task.Delay(Served, cancellation);
            await page.EvaluateAsync(
                """
                () => {
                  const place = document.querySelector('[data-testid=send-state]');
                  let lost = false;
                  window.back = new Promise((done) => {
                    const look = () => { if (!place.textContent.includes('on the air')) lost = true; else if (lost) done(); };
                    new MutationObserver(look).observe(place, { childList: true, characterData: true, subtree: true });
                  });
                }
                """);
            var began = Kill(weir);
            await page.EvaluateAsync("() => window.back").WaitAsync(Patience.Limit, cancellation);
            samples.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return samples;
    }

    private async Task<Samples> EndsAsync(CancellationToken cancellation)
    {
        var samples = new Samples();
        for (var i = 0; i < _times; i++)
        {
            Console.Error.WriteLine($"the end, {i + 1} of {_times} ...");
            await using var weir = await WeirServer.StartAsync(pinned: false);
            await weir.SetUpAsync();
            var channel = await weir.OpenAsync(Outlet.WebSocket, 1);
            await using var publisher = TestPicture.Publish($"{channel.Application}/{channel.Key}");
            await weir.LiveAsync(channel.Id, cancellation);
            var (watching, ended) = CutViewer.WatchAsync("websocket", channel.Viewers[0], page: null, cancellation);
            await watching;
            var began = Stopwatch.GetTimestamp();
            await weir.EndAsync();
            samples.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            await ended;
        }

        return samples;
    }
}
