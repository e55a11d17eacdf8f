using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Weir.Bench.Load;
using Weir.Bench.Runtime;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>What many viewers cost in memory, and how long the garbage collector stops everybody for it.</summary>
internal sealed partial class MemoryPart(bool quick, List<string> remarks)
{
    private const double PauseTarget = 10;
    private const double ViewerTarget = 8;
    private const int WarmUpViewers = 100;
    private const int TypesShown = 12;

    public async Task<IReadOnlyList<ResultTable>> RunAsync(string directory, CancellationToken cancellation)
    {
        var viewers = quick ? 500 : 2_000;
        await using var weir = await WeirServer.StartAsync(pinned: true);
        await weir.SetUpAsync();
        Console.Error.WriteLine("Weir, warming up ...");
        var channel = await weir.OpenAsync("rtmp,websocket", WarmUpViewers);
        await LoadProcess.RunAsync(Plan(weir, channel, directory) with { WindowSeconds = quick ? 5 : 15 }, directory, cancellation);
        await weir.CloseAsync(channel);

        Console.Error.WriteLine($"Weir, {viewers} viewers, memory ...");
        channel = await weir.OpenAsync("rtmp,websocket", viewers);
        var stages = new[] { LoadStages.Measuring, LoadStages.Measured, LoadStages.Alone }
            .ToDictionary(stage => stage, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var load = LoadProcess.RunAsync(
            Plan(weir, channel, directory) with { WindowSeconds = quick ? 30 : 600, AfterSeconds = quick ? 10 : 20 }, directory, cancellation,
            on: line =>
            {
                if (stages.TryGetValue(line, out var stage))
                {
                    stage.TrySetResult();
                }
            });

        // A generator that fails says why instead of never getting there.
        async Task ReachAsync(string stage) => await await Task.WhenAny(stages[stage].Task, load);

        await ReachAsync(LoadStages.Measuring);
        var residentBefore = ProcessFigures.ResidentMegabytes(weir.LiveProcess);
        var allocated = await AllocatedAsync(weir);
        Collections collections;
        using (var watch = await PauseWatch.StartAsync(weir.LiveProcess))
        {
            await ReachAsync(LoadStages.Measured);
            collections = await watch.StopAsync();
        }

        allocated = await AllocatedAsync(weir) - allocated;
        var with = await HeapSnapshot.TakeAsync(weir.LiveProcess);
        await ReachAsync(LoadStages.Alone);
        // What the connections' end leaves behind is gone soon.
        await Task.Delay(TimeSpan.FromSeconds(4), cancellation);
        var without = await HeapSnapshot.TakeAsync(weir.LiveProcess);
        var result = await load;
        await weir.CloseAsync(channel);
        var bare = await BareAsync(directory, viewers, cancellation);
        remarks.AddRange(result.Faults.Select(fault => $"memory: {fault}"));
        remarks.Add(
            "Memory: half of the viewers by RTMP, half by WebSocket. Pauses are the garbage collector's own events; a viewer's memory is what lives in the managed heap after a full collection with the "
            + "viewers, less the same after they have left, with the broadcast going on both times. Bare is the same of an idle connection to Kestrel alone, after one request: what is beyond it is Weir's own.");

        var full = collections.Pauses.Where(pause => pause.Generation == 2).Select(pause => pause.Milliseconds).ToList();
        var perViewer = (with.Bytes - without.Bytes) / 1024.0 / viewers;
        return
        [
            new ResultTable(
                $"Memory of the live plane with {viewers} viewers of one 1 Mbit/s broadcast, one core",
                [
                    new("Seconds", "0"), new("Gen 2"), new("longest ms", "0.0"), new("Target", "0"), new("Pauses"), new("longest ms ", "0.0"), new("all ms", "0"), new("of it stopping", "0"),
                    new("Alloc MB/s", "0.00"), new("Resident MB", "0"), new("at the end", "0"), new("KB a viewer", "0.0"), new("Bare", "0.0"), new("Beyond it", "0.0"), new("Target ", "0"),
                    new("Short"), new("p99 ms", "0"), new("CPU %", "0.0"),
                ],
                [[
                    result.WindowSeconds, collections.Generation2, full.Count == 0 ? 0 : full.Max(), PauseTarget, collections.Pauses.Count,
                    collections.Pauses.Count == 0 ? 0 : collections.Pauses.Max(pause => pause.Milliseconds), collections.Pauses.Sum(pause => pause.Milliseconds), collections.Pauses.Sum(pause => pause.Stopping),
                    allocated / result.WindowSeconds / (1024 * 1024), residentBefore, result.Server[0].ResidentMegabytes, perViewer, bare, perViewer - bare, ViewerTarget,
                    result.Slow + result.Failed, result.DelayP99Milliseconds, 100 * result.Server[0].CpuSeconds / result.WindowSeconds,
                ]]),
            new ResultTable(
                "A viewer's heap by type",
                [new("Type"), new("Bytes a viewer", "0")],
                [.. with.ByType.Select(type => (Name: type.Key, Bytes: (type.Value - without.ByType.GetValueOrDefault(type.Key)) / (double)viewers))
                    .OrderByDescending(type => type.Bytes).Take(TypesShown).Select(type => (object?[])[Namespace().Replace(type.Name, ""), type.Bytes])]),
        ];
    }

    /// <summary>Kilobytes that a connection takes in Kestrel alone.</summary>
    private static async Task<double> BareAsync(string directory, int connections, CancellationToken cancellation)
    {
        var root = Directory.CreateDirectory(Path.Combine(directory, "bare")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(root, "file"), new byte[1_000], cancellation);
        await using var kestrel = await KestrelFiles.StartAsync(root);
        var clients = new List<TcpClient>();
        try
        {
            // Once for what is there however many come.
            await ConnectAsync(kestrel, clients, cancellation);
            var few = await HeapSnapshot.TakeAsync(kestrel.Process);
            while (clients.Count <= connections)
            {
                await ConnectAsync(kestrel, clients, cancellation);
            }

            return ((await HeapSnapshot.TakeAsync(kestrel.Process)).Bytes - few.Bytes) / 1024.0 / connections;
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task ConnectAsync(KestrelFiles kestrel, List<TcpClient> clients, CancellationToken cancellation)
    {
        var client = new TcpClient();
        clients.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, new Uri(kestrel.Url).Port, cancellation);
        await client.GetStream().WriteAsync("GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), cancellation);
        await client.GetStream().ReadAtLeastAsync(new byte[4_096], 1_000, cancellationToken: cancellation);
    }

    private LoadPlan Plan(WeirServer weir, Channel channel, string directory) => new()
    {
        Publish = [new PublishTarget(channel.Application, channel.Key)],
        File = Path.Combine(directory, "stream.flv"),
        FileMilliseconds = PreparedStream.Seconds * 1000,
        Outlet = Outlet.Rtmp,
        Viewers = channel.Viewers,
        LeadSeconds = 3,
        JoinsPerSecond = 250,
        SettleSeconds = quick ? 2 : 20,
        WindowSeconds = 0,
        ServerProcesses = weir.Processes,
        ServerCore = 0,
    };

    [GeneratedRegex(@"\b\w+\.")]
    private static partial Regex Namespace();

    private static Task<double> AllocatedAsync(WeirServer weir) => weir.LiveCounterAsync("dotnet_gc_heap_total_allocated_bytes_total");
}
