using System.Text.Json;
using Weir.Bench.Load;
using Weir.Bench.Servers;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.WebRtc;

/// <summary>WHEP viewers against what they cost the server on one core.</summary>
internal sealed class ViewersPart(bool quick, IReadOnlyList<int> rounds)
{
    private const int JoinsPerSecond = 25;

    public async Task<(ResultTable Table, IReadOnlyList<string> Remarks)> MeasureAsync(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-whep-").FullName;
        try
        {
            var file = Path.Combine(directory, "stream.flv");
            await PreparedStream.WriteAsync(file, cancellation);
            await using var weir = await WeirServer.StartAsync(pinned: true);
            await weir.SetUpAsync();
            var channel = await weir.OpenAsync("whep", rounds.Max());
            Console.Error.WriteLine($"WHEP, up to {rounds.Max()} viewers ...");
            var result = await LoadAsync(
                new WhepPlan
                {
                    Application = channel.Application,
                    Key = channel.Key,
                    File = file,
                    FileMilliseconds = PreparedStream.Seconds * 1000,
                    Viewers = channel.Viewers,
                    Rounds = rounds,
                    JoinsPerSecond = JoinsPerSecond,
                    SettleSeconds = quick ? 2 : 5,
                    WindowSeconds = quick ? 5 : 15,
                    ServerProcess = weir.LiveProcess,
                    ServerCore = 0,
                },
                directory,
                cancellation);
            return (Table(result), Remarks(result));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static ResultTable Table(WhepResult result) => new(
        "WHEP viewers of a 1 Mbit/s stream on one core (target: 500 without loss)",
        [
            new("Viewers"), new("CPU %", "0.0"), new("Gbit/s", "0.00"), new("Gbit/s per core", "0.00"), new("µs a packet", "0.00"), new("Thousand packets/s", "0.0"), new("Lost"),
            new("Short"), new("Gone"), new("Late p99 ms", "0.0"), new("MB", "0"), new("Load CPU %", "0"), new("Others %", "0"),
        ],
        [
            .. result.Rounds.Select(round => new object?[]
            {
                round.Viewers, 100 * round.ServerCpuSeconds / round.Seconds, round.Bytes * 8 / round.Seconds / 1e9, round.Bytes * 8 / round.ServerCpuSeconds / 1e9,
                1e6 * round.ServerCpuSeconds / Math.Max(1, round.Packets), round.Packets / round.Seconds / 1000, round.Lost, round.Short, round.Gone,
                round.LateP99Milliseconds < 0 ? double.NaN : round.LateP99Milliseconds, round.ServerMegabytes, 100 * round.OwnCpuSeconds / round.Seconds,
                100 * round.OthersCpuSeconds / round.Seconds,
            }),
        ]);

    private static List<string> Remarks(WhepResult result) =>
    [
        Cores.Remark,
        $"Viewers join over HTTP at {JoinsPerSecond} a second: offer, checks and DTLS are real and cost the live plane about {result.JoinCpuMilliseconds:0} ms each (the first round's, with the stream).",
        "Packets are counted by their numbers, not decrypted; Gbit/s is what UDP carries. CPU is the live plane's; Others is everything else on its core, ffmpeg that turns AAC into Opus among it.",
        "Late: how much later than its quickest one a picture was complete at a viewer, publisher and load generator included. Short: viewers with less than 97 % of the median's packets.",
        .. result.Faults,
    ];

    private static async Task<WhepResult> LoadAsync(WhepPlan plan, string directory, CancellationToken cancellation)
    {
        var planFile = Path.Combine(directory, "plan.json");
        var resultFile = Path.Combine(directory, "result.json");
        await File.WriteAllTextAsync(planFile, JsonSerializer.Serialize(plan), cancellation);
        await using var process = new ChildProcess("taskset", ["-c", Cores.Load, Environment.ProcessPath!, "whepload", planFile, resultFile]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(120 + (plan.Viewers.Count / 5) + (plan.Rounds.Count * (plan.SettleSeconds + plan.WindowSeconds))));
        try
        {
            await process.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CannotMeasureException($"The viewers took too long:\n{process.Output}");
        }

        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<WhepResult>(await File.ReadAllTextAsync(resultFile, cancellation))!
            : throw new CannotMeasureException($"The viewers failed:\n{process.Output}");
    }
}
