using System.Diagnostics;
using Weir.EndToEnd.Harness;
using Weir.EndToEnd.Harness.Durability;

namespace Weir.EndToEnd;

/// <summary>What was acknowledged is there after every crash, and what proves that these crashes are hard enough.</summary>
public sealed class DurabilityStory
{
    private const int Kills = 20;
    private static readonly Lazy<string> Probe = new(() => ForgetfulDisk.Compile("probe.c"));

    [Fact]
    public async Task Nothing_acknowledged_is_lost_doubled_or_missing_between_when_the_server_is_killed_under_load() =>
        await CrashAsync(_ => Disk.Whole);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_disk_forgets_at_each_kill_what_was_not_synced() =>
        await CrashAsync(round => round % 2 == 0 ? Disk.Synced : Disk.SyncedWithNames);

    [Fact]
    public async Task A_disk_whose_syncs_are_lies_loses_what_was_acknowledged()
    {
        await using var talk = new DurableTalk(new ServerLog("social").Write);
        await talk.BeginAsync(Disk.Synced);
        await talk.CrashAsync(20, Disk.Lying);
        var lost = await Assert.ThrowsAsync<NotDurableException>(() => talk.CrashAsync(20, Disk.Whole));
        Assert.Contains("acknowledged messages are gone", lost.Message, StringComparison.Ordinal);
    }

    [Theory]
    // What is written lasts by its sync, its name by the directory's.
    [InlineData("write a 0 hello sync a write a 5 more syncdir . write b 0 x sync b", "a=hello there=old", "a=hello b=x there=old")]
    [InlineData("write there 1 EW", "there=old", "there=old")]
    [InlineData("write there 1 EW sync there write there 0 n", "there=oEW", "there=oEW")]
    // A name without a sync of what it names leads to nothing.
    [InlineData("write a 0 hello move a c syncdir .", "c= there=old", "c= there=old")]
    [InlineData("write a 0 hello sync a move a c", "there=old", "c=hello there=old")]
    [InlineData("delete there", "there=old", "")]
    [InlineData("write a 0 0123456789 sync a truncate a 2 write a 4 z sync a syncdir .", "a=01%00%00z there=old", "a=01%00%00z there=old")]
    [InlineData("folder d write d/x 0 x sync d/x syncdir d", "there=old", "d/x=x there=old")]
    [InlineData("folder d write d/x 0 x sync d/x syncdir d syncdir .", "d/x=x there=old", "d/x=x there=old")]
    public void The_disk_forgets_what_it_should(string script, string whenNamesWait, string whenNamesLastAtOnce)
    {
        foreach (var (kind, expected) in new[] { (Disk.Synced, whenNamesWait), (Disk.SyncedWithNames, whenNamesLastAtOnce) })
        {
            var directory = Directory.CreateTempSubdirectory("weir-forgetful-").FullName;
            using var disk = new ForgetfulDisk(directory);
            File.WriteAllText(Path.Combine(directory, "there"), "old");
            var start = new ProcessStartInfo(Probe.Value, script.Split(" ").Select(word => word is "." ? directory : word is "a" or "b" or "c" or "d" or "d/x" or "there" ? Path.Combine(directory, word) : word));
            foreach (var (name, value) in disk.Environment(kind))
            {
                start.Environment[name] = value;
            }

            using (var program = Process.Start(start)!)
            {
                program.WaitForExit();
                Assert.Equal(128 + 9, program.ExitCode);
            }

            disk.Crash();
            Assert.Equal(expected, string.Join(' ', Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                .Select(file => $"{Path.GetRelativePath(directory, file)}={File.ReadAllText(file).Replace("\0", "%00", StringComparison.Ordinal)}").Order(StringComparer.Ordinal)));
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task CrashAsync(Func<int, Disk> disk)
    {
        // A seed that is told, so that a failure can be looked for again.
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var talk = new DurableTalk(new ServerLog("social").Write);
        await talk.BeginAsync(disk(0));
        for (var round = 1; round <= Kills; round++)
        {
            try
            {
                await talk.CrashAsync(random.Next(1, 120), disk(round));
            }
            catch (NotDurableException fault)
            {
                Assert.Fail($"Kill {round} with seed {seed}: {fault.Message}\n{talk.Output}");
            }
        }

        await talk.LookAtAllAsync();
        Assert.True(talk.Acknowledged >= Kills);
        Assert.True(talk.Files > 0);
        TestContext.Current.TestOutputHelper?.WriteLine($"{talk.Acknowledged} messages, {talk.Unanswered} unanswered, {talk.Files} files; starts {talk.Starts.Average(start => start.TotalMilliseconds):0} ms");
    }
}
