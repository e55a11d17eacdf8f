using System.Text.Json;
using Microsoft.Playwright;
using Weir.Bench.Browser;
using Weir.Bench.Encoders;
using Weir.Bench.Load;
using Weir.Bench.Servers;

namespace Weir.Bench.Start;

/// <summary>What Weir costs before anybody watches: time to start, memory at rest, bytes of the page.</summary>
internal sealed class StartBench(bool quick)
{
    private const double SecondStartTarget = 5;
    private const double PageTargetKilobytes = 150;

    /// <summary>Ways to run the same program. It ships with code compiled ahead of time, tiered compilation, and profiles taken on the way.</summary>
    private static readonly (string Name, Dictionary<string, string> Environment)[] Settings =
    [
        ("as it ships", []),
        ("no profiles (TieredPGO=0)", new() { ["DOTNET_TieredPGO"] = "0" }),
        ("no code compiled ahead of time (ReadyToRun=0)", new() { ["DOTNET_ReadyToRun"] = "0" }),
        ("everything compiled once (TieredCompilation=0)", new() { ["DOTNET_TieredCompilation"] = "0" }),
    ];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var settings = await SettingsAsync(cancellation);
        var starts = await StartsAsync(cancellation);
        await using var weir = await WeirServer.StartAsync(pinned: false);
        await weir.SetUpAsync();
        await Task.Delay(TimeSpan.FromSeconds(quick ? 3 : 15), cancellation);
        object?[] Memory(string process, int id) => [process, ProcessFigures.ResidentMegabytes(id), ProcessFigures.ProportionalMegabytes(id)];
        object?[][] memory = [Memory("social plane", weir.SocialProcess), Memory("live plane", weir.LiveProcess)];
        var page = await PageAsync(weir, cancellation);

        return new Report(
            "start",
            "How long Weir takes to start, what it holds in memory with nobody there, and how much a browser loads before the first frame.",
            [
                new ResultTable(
                    "Process start to the ready line (the program itself, nothing to build)",
                    [new("Start"), new("Times"), new("Median s", "0.00"), new("Longest s", "0.00"), new("Target s", "0")],
                    starts),
                new ResultTable("Idle memory", [new("Process"), new("RSS MB", "0"), new("PSS MB", "0")], [.. memory, ["both", memory.Sum(row => (double)row[1]!), memory.Sum(row => (double)row[2]!)]]),
                new ResultTable(
                    "The same program in other ways: a second start, both planes",
                    [new("Settings"), new("Median s", "0.00"), new("CPU s", "0.00"), new("Live plane RSS MB", "0"), new("Live plane PSS MB", "0")],
                    settings),
                new ResultTable("Loaded before the first frame (WebSocket path, empty cache)", [new("What"), new("Requests"), new("KB as sent", "0.0"), new("Target KB", "0")], page),
            ],
            ["KB as sent is what came over the network, compressed, with response headers; 1 KB is 1000 bytes. The stream itself is not in it."]);
    }

    private async Task<IReadOnlyList<object?[]>> StartsAsync(CancellationToken cancellation)
    {
        var first = new Samples();
        var second = new Samples();
        for (var i = 0; i < (quick ? 1 : 5); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Console.Error.WriteLine($"start {i + 1} ...");
            var directory = Directory.CreateTempSubdirectory("weir-bench-start-").FullName;
            try
            {
                foreach (var samples in (Samples[])[first, second])
                {
                    await using var weir = await WeirServer.StartAsync(pinned: false, directory);
                    samples.Add(weir.StartTook.TotalSeconds);
                }
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        return
        [
            ["first, new data directory", first.Count, first.Median, first.Max, null],
            ["second, same directory", second.Count, second.Median, second.Max, SecondStartTarget],
        ];
    }

    private async Task<IReadOnlyList<object?[]>> SettingsAsync(CancellationToken cancellation)
    {
        var rows = new List<object?[]>();
        foreach (var (name, environment) in Settings)
        {
            Console.Error.WriteLine($"{name} ...");
            var directory = Directory.CreateTempSubdirectory("weir-bench-start-").FullName;
            try
            {
                var starts = new Samples();
                var cpu = new Samples();
                (double Resident, double Proportional) memory = default;
                await (await WeirServer.StartAsync(pinned: false, directory, environment: environment)).DisposeAsync();
                for (var i = 0; i < (quick ? 1 : 5); i++)
                {
                    await using var weir = await WeirServer.StartAsync(pinned: false, directory, environment: environment);
                    starts.Add(weir.StartTook.TotalSeconds);
                    cpu.Add(weir.Processes.Sum(ProcessFigures.CpuSeconds));
                    await Task.Delay(TimeSpan.FromSeconds(quick ? 1 : 5), cancellation);
                    memory = (ProcessFigures.ResidentMegabytes(weir.LiveProcess), ProcessFigures.ProportionalMegabytes(weir.LiveProcess));
                }

                rows.Add([name, starts.Median, cpu.Median, memory.Resident, memory.Proportional]);
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        return rows;
    }

    private static async Task<IReadOnlyList<object?[]>> PageAsync(WeirServer weir, CancellationToken cancellation)
    {
        Console.Error.WriteLine("the page ...");
        var channel = await weir.OpenAsync(Outlet.WebSocket, 1);
        await using var publisher = TestPicture.Publish($"{channel.Application}/{channel.Key}");
        await weir.LiveAsync(channel.Id, cancellation);
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();
        var session = await page.Context.NewCDPSessionAsync(page);
        var kinds = new Dictionary<string, string>();
        var loaded = new List<(string Kind, double Bytes)>();
        session.Event("Network.responseReceived").OnEvent += (_, happened) => kinds[Id(happened)] = happened!.Value.GetProperty("type").GetString()!;
        session.Event("Network.loadingFinished").OnEvent += (_, happened) =>
            loaded.Add((kinds.GetValueOrDefault(Id(happened), "Other"), happened!.Value.GetProperty("encodedDataLength").GetDouble()));
        await session.SendAsync("Network.enable");
        await page.GotoAsync($"{weir.Url}b/{channel.Id}");
        await page.Locator("[data-first-frame-ms]:not([data-first-frame-ms=''])").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        cancellation.ThrowIfCancellationRequested();
        var rows = loaded.ToArray().GroupBy(one => one.Kind)
            .Select(kind => (object?[])[kind.Key, kind.Count(), kind.Sum(one => one.Bytes) / 1000, null])
            .ToList();
        rows.Add(["together", loaded.Count, loaded.Sum(one => one.Bytes) / 1000, PageTargetKilobytes]);
        return rows;
    }

    private static string Id(JsonElement? happened) => happened!.Value.GetProperty("requestId").GetString()!;
}
