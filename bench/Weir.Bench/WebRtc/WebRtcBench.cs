using System.Net;
using System.Text.Json;
using Weir.Bench.Browser;
using Weir.Bench.Encoders;
using Weir.Bench.Servers;

namespace Weir.Bench.WebRtc;

/// <summary>WHIP to WHEP in the browser, joining, viewers on a core, a bad network, and what sending costs.</summary>
internal sealed class WebRtcBench(bool quick, IReadOnlySet<string> parts, IReadOnlyList<int> viewers)
{
    public static readonly IReadOnlyList<string> Parts = ["delay", "join", "loss", "viewers", "sending"];

    private const double DelayTarget = 200;
    private const double JoinTarget = 500;
    private const double FreezeTarget = 1;
    private const double Loss = 0.05;
    private const int KeyframeMilliseconds = 2000;
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(50);

    private readonly List<ResultTable> _tables = [];
    private readonly List<string> _remarks = [];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        if (parts.Overlaps(["delay", "join", "loss"]))
        {
            await InBrowserAsync(cancellation);
        }

        if (parts.Contains("viewers"))
        {
            var (table, remarks) = await new ViewersPart(quick, viewers).MeasureAsync(cancellation);
            _tables.Add(table);
            _remarks.AddRange(remarks);
        }

        if (parts.Contains("sending"))
        {
            Console.Error.WriteLine("ways to send ...");
            _tables.Add(SendPaths.Measure(quick, out var remark));
            _remarks.Add(remark);
            _tables.Add(SendPaths.Protecting(quick));
        }

        return new Report("webrtc", "How old a picture is through WHIP and WHEP, how fast a viewer sees it, how many fit on a core, and what a bad network does to it.", _tables, _remarks);
    }

    private async Task InBrowserAsync(CancellationToken cancellation)
    {
        await using var weir = await WeirServer.StartAsync(pinned: false);
        await weir.SetUpAsync();
        await using var bare = await BarePlayer.StartAsync("rtc.html");
        await using var chromium = await Chromium.StartAsync();
        _remarks.Add($"Chromium {chromium.Version}, without a GPU, on the machine that also encodes and serves; one clock.");

        Console.Error.WriteLine("a camera by WHIP ...");
        var camera = await weir.AnnounceAsync();
        await using var publisher = await RtcPage.OpenAsync(chromium, bare);
        await publisher.PublishAsync(camera);
        var byCamera = camera.GetProperty("id").GetString()!;
        await weir.LiveAsync(byCamera, cancellation);

        // The browser begins with a low bit rate and finds out what the way carries.
        await Task.Delay(TimeSpan.FromSeconds(quick ? 5 : 10), cancellation);
        if (parts.Contains("delay"))
        {
            await DelayAsync(weir, bare, chromium, byCamera, cancellation);
        }

        var encoded = await weir.AnnounceAsync();
        var rtmp = encoded.GetProperty("rtmp");
        await using var encoder = StampedEncoder.Publish($"{rtmp.GetProperty("url").GetString()}/{rtmp.GetProperty("streamKey").GetString()}");
        var byEncoder = encoded.GetProperty("id").GetString()!;
        await weir.LiveAsync(byEncoder, cancellation);
        (string Name, string Id)[] sources = [("Chromium (WHIP)", byCamera), ("ffmpeg (RTMP)", byEncoder)];
        if (parts.Contains("join"))
        {
            await JoinAsync(weir, bare, chromium, sources, cancellation);
        }

        if (parts.Contains("loss"))
        {
            await LossAsync(weir, bare, chromium, sources, cancellation);
        }
    }

    private async Task DelayAsync(WeirServer weir, BarePlayer bare, Chromium chromium, string broadcast, CancellationToken cancellation)
    {
        Console.Error.WriteLine("camera to painted ...");
        await using var player = await RtcPage.OpenAsync(chromium, bare);
        await player.PlayAsync(await weir.TicketAsync(broadcast));
        await Task.Delay(TimeSpan.FromSeconds(quick ? 3 : 10), cancellation);
        await player.ReadStampsAsync();
        await Task.Delay(TimeSpan.FromSeconds(quick ? 5 : 30), cancellation);
        var read = await player.StampsAsync();
        var delays = new Samples();
        foreach (var sample in read.GetProperty("samples").EnumerateArray())
        {
            delays.Add(sample.GetDouble());
        }

        var report = await player.ReportAsync();
        var buffer = 1000 * report.GetProperty("delayed").GetDouble() / Math.Max(1, report.GetProperty("emitted").GetDouble());
        _tables.Add(new ResultTable(
            "Camera frame to painted frame, WHIP then WHEP, both in Chromium",
            [
                new("Frames"), new("Median ms", "0"), new("Target"), new("p95 ms", "0"), new("Longest ms", "0"), new("Shortest ms", "0"), new("Unreadable"),
                new("Jitter buffer ms", "0"),
            ],
            [[delays.Count, delays.Median, DelayTarget, delays.Percentile(95), delays.Max, delays.Percentile(0), read.GetProperty("unreadable").GetInt32(), buffer]]));
        _remarks.Add("A camera frame is a picture with the time in it, given to the browser as a camera's driver would; 640x360, 30 frames a second, H.264 up to 1 Mbit/s, and a tone.");
        _remarks.Add($"Jitter buffer: the part of the delay that the playing browser says it keeps pictures back for. SRTP: {report.GetProperty("cipher").GetString()}.");
    }

    private async Task JoinAsync(WeirServer weir, BarePlayer bare, Chromium chromium, (string Name, string Id)[] sources, CancellationToken cancellation)
    {
        var phase = new Random(1);
        List<object?[]> rows = [];
        foreach (var (name, id) in sources)
        {
            var times = new Samples();
            var joins = quick ? 5 : 30;
            for (var i = -1; i < joins; i++)
            {
                Console.Error.WriteLine($"{name}: join {i + 1} of {joins} ...");
                await Task.Delay(phase.Next(KeyframeMilliseconds), cancellation);
                await using var player = await RtcPage.OpenAsync(chromium, bare);
                var time = await player.PlayAsync(await weir.TicketAsync(id));

                // The first finds everything cold: it is not counted.
                if (i >= 0)
                {
                    times.Add(time);
                }
            }

            rows.Add([name, times.Count, times.Median, JoinTarget, times.Percentile(95), times.Max]);
        }

        _tables.Add(new ResultTable(
            "WHEP join: POST to first painted frame",
            [new("Published by"), new("Joins"), new("Median ms", "0"), new("Target"), new("p95 ms", "0"), new("Longest ms", "0")],
            rows));
    }

    private async Task LossAsync(WeirServer weir, BarePlayer bare, Chromium chromium, (string Name, string Id)[] sources, CancellationToken cancellation)
    {
        var seconds = quick ? 20 : 180;
        List<object?[]> rows = [];
        foreach (var (name, id) in sources)
        {
            Console.Error.WriteLine($"{name}: a bad network ...");
            using var relay = new LossyRelay(new IPEndPoint(IPAddress.Loopback, weir.RtcPort), Loss, OneWay);
            await using var player = await RtcPage.OpenAsync(chromium, bare);
            await player.PlayAsync(await weir.TicketAsync(id), relay.Port);

            // The player needs some seconds to learn how bad it is.
            await Task.Delay(TimeSpan.FromSeconds(5), cancellation);
            var before = await player.ReportAsync();
            await player.WatchAsync();
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
            var after = await player.ReportAsync();
            static double Buffer(JsonElement before, JsonElement after) =>
                1000 * (after.GetProperty("delayed").GetDouble() - before.GetProperty("delayed").GetDouble()) / (after.GetProperty("emitted").GetDouble() - before.GetProperty("emitted").GetDouble());
            double Grown(string figure) => after.GetProperty(figure).GetDouble() - before.GetProperty(figure).GetDouble();
            rows.Add(
            [
                name, seconds, Grown("freezes") * 60 / seconds, after.GetProperty("gaps").GetDouble() * 60 / seconds, FreezeTarget, after.GetProperty("longest").GetDouble(),
                after.GetProperty("frames").GetDouble() / seconds, Buffer(before, after), relay.LostPercent, Grown("mended"), Grown("lost"),
            ]);
        }

        _tables.Add(new ResultTable(
            $"A network that loses {100 * Loss:0} % and delays {OneWay.TotalMilliseconds:0} ms, each way",
            [
                new("Published by"), new("s"), new("Freezes/min", "0.#"), new("Pauses > 500 ms/min", "0.#"), new("Target <"), new("Longest ms", "0"),
                new("Frames/s", "0.0"), new("Buffer ms", "0"), new("Lost %", "0.0"), new("Came again"), new("Packets lost"),
            ],
            rows));
        _remarks.Add("The bad network is a relay between player and server, which needs no root and no netem in the kernel. Freezes are WebRTC's freezeCount; pauses lie between painted frames.");
    }
}
