using System.Text.Json;
using Weir.Bench.Servers;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Load;

/// <summary>A process of its own for each load, pinned away from the server and with no memory of the run before.</summary>
internal static class LoadProcess
{
    /// <param name="pinned">Away from the server; false lets it run where the server runs too.</param>
    /// <param name="on">Told the generator's stages as they begin.</param>
    public static async Task<LoadResult> RunAsync(LoadPlan plan, string directory, CancellationToken cancellation, bool pinned = true, Action<string>? on = null)
    {
        var planFile = Path.Combine(directory, "plan.json");
        var resultFile = Path.Combine(directory, "result.json");
        await File.WriteAllTextAsync(planFile, JsonSerializer.Serialize(plan), cancellation);
        File.Delete(resultFile);
        await using var process = new ChildProcess("taskset", ["-c", pinned ? Cores.Load : Cores.All, Environment.ProcessPath!, "load", planFile, resultFile], line: on);
        var longest = plan.LeadSeconds + ((plan.Viewers.Count + plan.SlowViewers.Count) / plan.JoinsPerSecond) + plan.SettleSeconds + plan.WindowSeconds + (2 * plan.AfterSeconds) + 90;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(longest));
        await process.WaitAsync(limit.Token);
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<LoadResult>(await File.ReadAllTextAsync(resultFile, cancellation))!
            : throw new CannotMeasureException($"The load generator failed:\n{process.Output}");
    }
}
