using System.Text.Json;
using Weir.Bench.Load;
using Weir.Bench.Servers;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.FanOut;

/// <summary>Requests for playlists, parts and segments, beside nginx that serves the same bytes from files and Kestrel that has them in memory.</summary>
internal sealed class RequestsPart(bool quick)
{
    private const int Connections = 64;
    private const double Target = 0.7;

    public async Task<ResultTable> RunAsync(string directory, CancellationToken cancellation)
    {
        var file = Path.Combine(directory, "stream.flv");
        var kept = Directory.CreateDirectory(Path.Combine(directory, "same-bytes")).FullName;
        IReadOnlyList<RequestResult> weirs;
        await using (var weir = await WeirServer.StartAsync(pinned: true))
        {
            await weir.SetUpAsync();
            Console.Error.WriteLine("Weir, requests ...");
            var channel = await weir.OpenAsync(Outlet.LlHls, 1);
            weirs = await LoadAsync(Plan(file, weir.LiveProcess) with
            {
                Publish = new PublishTarget(channel.Application, channel.Key), Playlist = channel.Viewers[0], Keep = kept,
            }, directory, cancellation);
            await weir.CloseAsync(channel);
        }

        Dictionary<string, string> Urls(string at) => weirs.ToDictionary(one => one.What, one => $"{at}{one.What}");
        IReadOnlyList<RequestResult> bare;
        await using (var kestrel = await KestrelFiles.StartAsync(kept))
        {
            Console.Error.WriteLine("Kestrel alone, requests ...");
            bare = await LoadAsync(Plan(file, kestrel.Process) with { Urls = Urls(kestrel.Url) }, directory, cancellation);
        }

        IReadOnlyList<RequestResult> files = [];
        if (File.Exists("/usr/sbin/nginx"))
        {
            await using var nginx = await NginxFiles.StartAsync(kept);
            Console.Error.WriteLine("nginx, requests ...");
            files = await LoadAsync(Plan(file, nginx.Worker) with { Urls = Urls(nginx.Url) }, directory, cancellation);
        }

        return new ResultTable(
            $"Requests on one core, {Connections} connections, beside nginx with the same bytes in files and Kestrel with them in memory",
            [
                new("What"), new("Bytes"), new("Weir, a second", "0"), new("of its core's time", "0"), new("Kestrel alone, of its core's time", "0"),
                new("nginx, a second", "0"), new("of its core's time ", "0"), new("Weir / Kestrel", "0.00"), new("Weir / nginx", "0.00"), new("Target", "0.0"), new("Load CPU %", "0"), new("Failed"),
            ],
            [.. weirs.Select((one, i) => (object?[])
                [
                    one.What, one.Bytes, one.PerSecond, one.PerCore, bare[i].PerCore, files.Count > i ? files[i].PerSecond : null, files.Count > i ? files[i].PerCore : null,
                    one.PerCore / bare[i].PerCore, files.Count > i ? one.PerCore / files[i].PerCore : null, Target, 100 * one.OwnCpuShare, one.Failed + bare[i].Failed + (files.Count > i ? files[i].Failed : 0),
                ])]);
    }

    private RequestPlan Plan(string file, int process) => new()
    {
        File = file, FileMilliseconds = PreparedStream.Seconds * 1000, Connections = Connections, Seconds = quick ? 3 : 8,
        WarmUpSeconds = quick ? 1 : 25, ServerProcess = process,
    };

    private static async Task<IReadOnlyList<RequestResult>> LoadAsync(RequestPlan plan, string directory, CancellationToken cancellation)
    {
        var planFile = Path.Combine(directory, "requests.json");
        var resultFile = Path.Combine(directory, "answers.json");
        await File.WriteAllTextAsync(planFile, JsonSerializer.Serialize(plan), cancellation);
        await using var process = new ChildProcess("taskset", ["-c", Cores.Load, Environment.ProcessPath!, "requests", planFile, resultFile]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds((4 * (plan.Seconds + plan.WarmUpSeconds)) + 60));
        await process.WaitAsync(limit.Token);
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<IReadOnlyList<RequestResult>>(await File.ReadAllTextAsync(resultFile, cancellation))!
            : throw new CannotMeasureException($"The load generator failed:\n{process.Output}");
    }
}
