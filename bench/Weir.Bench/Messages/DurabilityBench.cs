using System.Diagnostics;
using Weir.EndToEnd.Harness.Durability;

namespace Weir.Bench.Messages;

/// <summary>Kills under load, again and again, in turn with and without what was not synced; ends at the first promise that was not kept.</summary>
internal sealed class DurabilityBench(int kills)
{
    private static readonly Disk[] Disks = [Disk.Whole, Disk.Synced, Disk.SyncedWithNames];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        await using var talk = new DurableTalk();
        await talk.BeginAsync(Disks[0]);
        string? broken = null;
        try
        {
            for (var kill = 1; kill <= kills; kill++)
            {
                cancellation.ThrowIfCancellationRequested();
                await talk.CrashAsync(random.Next(1, 300), Disks[kill % Disks.Length]);
                if (kill % 50 == 0)
                {
                    Console.Error.WriteLine($"{kill} kills, {talk.Acknowledged} messages, {talk.Files} files, {clock.Elapsed:hh\\:mm\\:ss}");
                }
            }

            await talk.LookAtAllAsync();
        }
        catch (NotDurableException fault)
        {
            broken = $"Kill {talk.Kills} (seed {seed}): {fault.Message}";
        }

        return new Report(
            "durability",
            "kill -9 under load and restart: in turn with all that was written, with what was synced, and with what was synced under every name.",
            [
                new ResultTable(
                    "Kills",
                    [new("Kills"), new("Messages acknowledged"), new("sent again after a kill"), new("Files"), new("Start ms", "0"), new("Lost, doubled, gaps")],
                    [[talk.Kills, talk.Acknowledged, talk.Unanswered, talk.Files, talk.Starts.Average(start => start.TotalMilliseconds), broken is null ? "none" : "SEE BELOW"]]),
            ],
            broken is null ? [$"Took {clock.Elapsed:hh\\:mm\\:ss}."] : [broken, talk.Output]);
    }
}
