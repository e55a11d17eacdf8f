using System.Diagnostics;
using SharpFuzz;
using Weir.Fuzz;

// fuzz TARGET            under afl-fuzz, with Weir.Media.dll instrumented by the sharpfuzz tool (see fuzz/README.md)
// fuzz TARGET SECONDS    without afl: random and mutated bytes for so long, for a quick check anywhere
if (args.Length is 0 or > 2 || !Targets.All.ContainsKey(args[0]))
{
    Console.Error.WriteLine($"Usage: fuzz TARGET [SECONDS]\nTargets: {string.Join(' ', Targets.All.Keys)}");
    return 2;
}

if (args.Length == 1)
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        Targets.Run(args[0], memory.ToArray());
    });
    return 0;
}

var seeds = Seeds.Of(args[0]);
var random = new Random(Environment.TickCount);
var began = Stopwatch.GetTimestamp();
long runs = 0;
for (; Stopwatch.GetElapsedTime(began).TotalSeconds < double.Parse(args[1]); runs++)
{
    var bytes = Seeds.Mutate(seeds[random.Next(seeds.Count)], random);
    try
    {
        Targets.Run(args[0], bytes);
    }
    catch (Exception finding)
    {
        Console.Error.WriteLine($"{args[0]}: {finding.GetType().Name} for {Convert.ToHexString(bytes)}\n{finding}");
        return 1;
    }
}

Console.WriteLine($"{args[0]}: {runs} inputs, nothing found");
return 0;
