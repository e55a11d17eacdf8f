using System.Diagnostics;

namespace Weir.Fuzz;

/// <summary>
/// Runs one target on inputs made from its corpus for so long, and adds to the corpus what takes branches that nothing took before. An
/// exception that is no refusal, a run of more than <see cref="Patience"/> and one that allocates more than <see cref="MaxAllocated"/> are
/// findings: they are written to a file and end it.
/// </summary>
internal sealed class Campaign(string target, Corpus corpus, string findings)
{
    private const long MaxAllocated = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Coverage _coverage = new();
    private byte[] _running = [];
    private int _runningLength;
    private long _runs;

    /// <returns>Whether nothing was found.</returns>
    public bool Run(TimeSpan duration, Random random)
    {
        using var watchdog = new Timer(_ => EndStuckRun(), null, Patience, Patience);
        var mutator = new Mutator(random);
        var began = Stopwatch.GetTimestamp();
        for (var seed = 0; seed < corpus.All.Count; seed++)
        {
            if (!TryRun(corpus.All[seed], out _))
            {
                return false;
            }
        }

        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            // Reading the clock costs as much as a short run.
            for (var left = 64; left > 0; left--)
            {
                var input = mutator.Make(corpus.All);
                if (!TryRun(input, out var isNew))
                {
                    return false;
                }

                if (isNew)
                {
                    corpus.Add(input.ToArray());
                }
            }
        }

        Console.WriteLine($"{target}: {_runs} executions, {_coverage.Seen} pairs of branches, {corpus.All.Count} inputs, nothing found");
        return true;
    }

    private bool TryRun(ReadOnlyMemory<byte> input, out bool isNew)
    {
        _running = input.Length <= _running.Length ? _running : new byte[Math.Max(input.Length, 4096)];
        input.CopyTo(_running);
        _runningLength = input.Length;
        _coverage.Begin();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        isNew = false;
        try
        {
            AllTargets.Run(target, input);
        }
        catch (Exception fault)
        {
            Report(fault.ToString());
            return false;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (allocated > MaxAllocated)
        {
            Report($"It allocated {allocated} bytes.");
            return false;
        }

        isNew = _coverage.IsNew();
        Interlocked.Increment(ref _runs);
        return true;
    }

    private long _watched = -1;

    private void EndStuckRun()
    {
        var runs = Interlocked.Read(ref _runs);
        if (runs == _watched)
        {
            Report($"It runs for more than {Patience.TotalSeconds} s.");
            Environment.Exit(1);
        }

        _watched = runs;
    }

    private void Report(string what)
    {
        var input = _running.AsSpan(0, _runningLength);
        Directory.CreateDirectory(findings);
        var file = Path.Combine(findings, $"{target}-{DateTime.UtcNow:yyyyMMddHHmmssfff}.hex");
        File.WriteAllText(file, Convert.ToHexStringLower(input));
        Console.Error.WriteLine($"{target}, after {_runs} executions: {what}\nThe input is in {file}: {Convert.ToHexStringLower(input)}");
    }
}
