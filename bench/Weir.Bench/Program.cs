using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Weir.Bench;
using Weir.Bench.FanOut;
using Weir.Bench.Join;
using Weir.Bench.Latency;
using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Micro;
using Weir.Bench.Promises;
using Weir.Bench.Reads;
using Weir.Bench.Servers;
using Weir.Bench.Start;
using Weir.Bench.Surge;
using Weir.Bench.WebRtc;

var json = new Option<string?>("--json") { Description = "Write the results as JSON to this file, or to standard output with -", Recursive = true };
var quick = new Option<bool>("--quick") { Description = "A short run: less to go by, quickly there", Recursive = true };
var root = new RootCommand("Measures Weir on this machine. Nothing here fails for being slow.") { json, quick };

Command Benchmark(string name, string description, Func<ParseResult, CancellationToken, Task<Report>> run)
{
    var command = new Command(name, description);
    command.SetAction(async (line, cancellation) =>
    {
        var to = line.GetValue(json);
        if (to == "-")
        {
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        }

        AnsiConsole.WriteLine(description);
        Report report;
        try
        {
            var busy = File.ReadAllText("/proc/loadavg").Split(' ')[0];
            report = await run(line, cancellation);
            report = report with { Remarks = [.. report.Remarks, $"{Environment.ProcessorCount} cores; load average before the run: {busy} (near 0 on a machine that does nothing else)."] };
        }
        catch (CannotMeasureException reason)
        {
            Console.Error.WriteLine($"weir bench {name}: {reason.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 130;
        }

        report.Print();
        if (to == "-")
        {
            Console.WriteLine(report.ToJson());
        }
        else if (to is not null)
        {
            await File.WriteAllTextAsync(to, report.ToJson(), cancellation);
        }

        return 0;
    });
    root.Subcommands.Add(command);
    return command;
}

Benchmark(
    "join",
    "Measures how long a viewer with a ticket waits for the first painted frame in Chromium; targets: median 400 ms, 95th percentile 800 ms.",
    (line, cancellation) => new JoinBench(line.GetValue(quick) ? 5 : 30).RunAsync(cancellation));
Benchmark(
    "latency",
    "Measures how old a picture is when Chromium paints it; targets: 350 ms and the encoder's own delay over WebSocket, 2 s over LL-HLS.",
    (line, cancellation) => new LatencyBench(line.GetValue(quick)).RunAsync(cancellation));
Benchmark(
    "start",
    "Measures time to start, memory at rest and what the browser loads before the first frame; targets: a second start in 5 s, a page below 150 KB.",
    (line, cancellation) => new StartBench(line.GetValue(quick)).RunAsync(cancellation));

Benchmark(
    "promises",
    "Measures what Weir promises to have done within a time; targets: a cut 1 s, the live plane back 2 s, a camera back 10 s, an end 5 s.",
    (line, cancellation) => new PromisesBench(line.GetValue(quick)).RunAsync(cancellation));

Benchmark(
    "micro",
    "Measures what one frame costs: making RTMP chunks, FLV tag, fMP4 fragment; and each viewer of it, who must allocate nothing.",
    (line, _) => Task.FromResult(MicroBench.Run(line.GetValue(quick))));

var idle = new Option<int>("--idle") { Description = "Clients that are connected and idle; 0: none", DefaultValueFactory = _ => 10_000 };
var history = new Option<long>("--history") { Description = "Messages of a database that has grown old; 0: none", DefaultValueFactory = _ => 10_000_000 };
var durability = new Option<int>("--durability") { Description = "Instead: kill -9 under load so many times, and look for what was acknowledged" };
var messages = Benchmark(
    "messages",
    "Measures messages that are acknowledged once they are on disk; targets: 5000 a second, 50 ms at half that, delivered in 100 ms (99th percentiles).",
    (line, cancellation) => line.GetValue(durability) is > 0 and var kills
        ? new DurabilityBench(kills).RunAsync(cancellation)
        : new MessagesBench(
            line.GetValue(quick),
            line.GetResult(idle) is { Implicit: true } && line.GetValue(quick) ? 1000 : line.GetValue(idle),
            line.GetResult(history) is { Implicit: true } && line.GetValue(quick) ? 100_000 : line.GetValue(history)).RunAsync(cancellation));
messages.Add(idle);
messages.Add(history);
messages.Add(durability);

var postgres = new Option<bool>("--postgres") { Description = "On PostgreSQL" };
var minutes = new Option<double>("--minutes") { Description = "Afterwards, so many minutes of everything that people do, for the memory", DefaultValueFactory = _ => 0 };
var reads = Benchmark(
    "reads",
    "Measures what a read costs; targets: a page of messages 0.5 ms of processor time, conversations and moments 0.7 ms, ready 0.15 ms.",
    (line, cancellation) => new ReadsBench(line.GetValue(quick), line.GetValue(postgres), TimeSpan.FromMinutes(line.GetValue(minutes))).RunAsync(cancellation));
reads.Add(postgres);
reads.Add(minutes);

var viewers = new Option<string>("--viewers") { Description = "Numbers of viewers", DefaultValueFactory = _ => "50,200,500,1000" };
var outlets = new Option<string>("--outlets") { Description = "Which outlets", DefaultValueFactory = _ => string.Join(',', Enum.GetNames<Outlet>()) };
var merging = new Option<string>("--merging") { Description = "How long frames may wait for each other: milliseconds, or adaptive; several with commas", DefaultValueFactory = _ => "adaptive,0,100,350" };
var onlyNginx = new Option<bool>("--only-nginx") { Description = "Measure nginx-rtmp alone" };
var runs = new Option<int>("--runs") { Description = "Runs of each row, of which the median is shown", DefaultValueFactory = _ => 1 };
var fanOut = Benchmark("fanout", "Measures what viewers of one 1 Mbit/s stream cost the server, outlet by outlet, beside nginx-rtmp in the same run.", (line, cancellation) =>
{
    var counts = line.GetResult(viewers) is { Implicit: true } && line.GetValue(quick) ? "50,200" : line.GetValue(viewers)!;
    return new FanOutBench(
        [.. counts.Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture))],
        [.. line.GetValue(outlets)!.Split(',').Select(name => Enum.Parse<Outlet>(name, ignoreCase: true))],
        [.. line.GetValue(merging)!.Split(',').Select(age => age == "adaptive" ? (int?)null : int.Parse(age, CultureInfo.InvariantCulture))],
        line.GetValue(runs),
        line.GetValue(quick),
        line.GetValue(onlyNginx)).RunAsync(cancellation);
});
fanOut.Add(viewers);
fanOut.Add(outlets);
fanOut.Add(merging);
fanOut.Add(onlyNginx);
fanOut.Add(runs);

var crowdParts = new Option<string>("--only") { Description = "Which parts", DefaultValueFactory = _ => string.Join(',', CrowdBench.Parts) };
var large = new Option<string?>("--viewers") { Description = "Numbers of viewers of the large broadcast, rising" };
var crowdOutlets = new Option<string>("--outlets") { Description = "Which outlets of the large broadcast and of the slow viewers", DefaultValueFactory = _ => "Rtmp,WebSocket" };
var crowds = Benchmark(
    "crowds",
    "Measures joins of a running broadcast, many broadcasts at once, requests for playlists, parts and segments beside nginx, and one broadcast that many watch.",
    (line, cancellation) => new CrowdBench(
        line.GetValue(quick),
        line.GetValue(crowdParts)!.Split(',').ToHashSet(),
        [.. line.GetValue(crowdOutlets)!.Split(',').Select(name => Enum.Parse<Outlet>(name, ignoreCase: true))],
        line.GetValue(large)?.Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture)).Order().ToList()).RunAsync(cancellation));
crowds.Add(crowdParts);
crowds.Add(crowdOutlets);
crowds.Add(large);

var surgeParts = new Option<string>("--part") { Description = "Which parts", DefaultValueFactory = _ => string.Join(',', SurgeBench.Parts.Select(part => part.Name)) };
var surge = Benchmark(
    "surge",
    "Measures messages beside live, and reads beside wrong passwords; 99th percentiles at most 1.5 x quiet + 20 ms, and 2 x + 50 ms.",
    (line, cancellation) => new SurgeBench(line.GetValue(quick), line.GetValue(surgeParts)!.Split(',').ToHashSet()).RunAsync(cancellation));
surge.Add(surgeParts);

var crowd = new Option<string>("--viewers") { Description = "Numbers of viewers, rising", DefaultValueFactory = _ => "100,250,500,750,1000" };
var only = new Option<string>("--only") { Description = "Which parts", DefaultValueFactory = _ => string.Join(',', WebRtcBench.Parts) };
var webRtc = Benchmark(
    "webrtc",
    "Measures WHIP and WHEP; targets: camera to painted 200 ms, a join 500 ms (medians), 500 viewers on a core, less than 1 freeze a minute at 5 % loss.",
    (line, cancellation) => new WebRtcBench(
        line.GetValue(quick),
        line.GetValue(only)!.Split(',').ToHashSet(),
        [.. (line.GetResult(crowd) is { Implicit: true } && line.GetValue(quick) ? "100,250" : line.GetValue(crowd)!).Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture)).Order()])
        .RunAsync(cancellation));
webRtc.Add(crowd);
webRtc.Add(only);

// What fanout and webrtc start on the other cores; not for people.
var plan = new Argument<string>("plan");
var result = new Argument<string>("result");
var load = new Command("load", "Publishes and plays as a plan says") { plan, result };
load.Hidden = true;
load.SetAction(line =>
{
    using var generator = new LoadGenerator(JsonSerializer.Deserialize<LoadPlan>(File.ReadAllText(line.GetValue(plan)!))!);
    File.WriteAllText(line.GetValue(result)!, JsonSerializer.Serialize(generator.Run()));
});
root.Subcommands.Add(load);
var requests = new Command("requests", "Asks for a broadcast's playlist, parts and segments as a plan says") { plan, result };
requests.Hidden = true;
requests.SetAction(line => File.WriteAllText(
    line.GetValue(result)!, JsonSerializer.Serialize(new RequestLoad(JsonSerializer.Deserialize<RequestPlan>(File.ReadAllText(line.GetValue(plan)!))!).Run())));
root.Subcommands.Add(requests);
var whepLoad = new Command("whepload", "Publishes, and watches by WHEP as a plan says") { plan, result };
whepLoad.Hidden = true;
whepLoad.SetAction(line =>
{
    using var viewersByWhep = new WhepLoad(JsonSerializer.Deserialize<WhepPlan>(File.ReadAllText(line.GetValue(plan)!))!);
    File.WriteAllText(line.GetValue(result)!, JsonSerializer.Serialize(viewersByWhep.Run()));
});
root.Subcommands.Add(whepLoad);

var bareDrain = new Command("bare-drain", "Reads what bare-send writes") { Hidden = true };
bareDrain.SetAction(_ => BareLoop.Drain());
root.Subcommands.Add(bareDrain);
var numbers = new Argument<int[]>("numbers");
var bareSend = new Command("bare-send", "Writes to many sockets: port, sockets, bytes a write, seconds") { numbers };
bareSend.Hidden = true;
bareSend.SetAction(line =>
{
    var given = line.GetValue(numbers)!;
    BareLoop.Send(given[0], given[1], given[2], given[3]);
});
root.Subcommands.Add(bareSend);
var files = new Argument<string>("files");
var port = new Argument<int>("port");
var kestrelFiles = new Command(KestrelFiles.Command, "Serves a directory's files from memory") { files, port };
kestrelFiles.Hidden = true;
kestrelFiles.SetAction((line, cancellation) => KestrelFiles.ServeAsync(line.GetValue(files)!, line.GetValue(port), cancellation));
root.Subcommands.Add(kestrelFiles);

// An interrupted run ends what it started, and ending a server takes it up to 5 s.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) });
