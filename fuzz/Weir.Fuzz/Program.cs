using System.Globalization;
using System.Runtime.CompilerServices;
using SharpFuzz;
using Weir.Fuzz;

// fuzz TARGET|all SECONDS [CORPUS FINDINGS]   inputs made from the corpus for so long, each target in turn; what reaches new branches joins the corpus
// fuzz TARGET                                 under afl-fuzz, with the assemblies instrumented (see fuzz/README.md)
// fuzz instrument                             once after a build, before anything else
return args switch
{
    ["instrument"] => Instrument(),
    [var target] when IsTarget(target) => UnderAfl(target),
    [var target, var seconds] => Search(target, seconds, "corpus", "findings"),
    [var target, var seconds, var corpus, var findings] => Search(target, seconds, corpus, findings),
    _ => Usage(),
};

// These assemblies must not be loaded yet: they are written anew.
static int Instrument()
{
    foreach (var name in new[] { "Weir.Media", "Weir.Contracts" })
    {
        Fuzzer.Instrument(Path.Combine(AppContext.BaseDirectory, name + ".dll"), _ => true, Options.Value).Count();
    }

    Fuzzer.Instrument(Path.Combine(AppContext.BaseDirectory, "Weir.Social.dll"), type => type.StartsWith("Weir.Social.Links.", StringComparison.Ordinal), Options.Value).Count();
    return 0;
}

[MethodImpl(MethodImplOptions.NoInlining)]
static bool IsTarget(string name) => AllTargets.Names.Contains(name);

[MethodImpl(MethodImplOptions.NoInlining)]
static int UnderAfl(string target)
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        AllTargets.Run(target, memory.ToArray());
    });
    return 0;
}

[MethodImpl(MethodImplOptions.NoInlining)]
static int Search(string wanted, string seconds, string corpusDirectory, string findings)
{
    if (!(wanted == "all" || IsTarget(wanted)) || !double.TryParse(seconds, CultureInfo.InvariantCulture, out var time) || time is < 0 or > 1e6)
    {
        return Usage();
    }

    Coverage.Attach();
    var clean = true;
    foreach (var target in wanted == "all" ? AllTargets.Names : [wanted])
    {
        var corpus = new Corpus(target, AllTargets.SeedsOf(target), corpusDirectory);
        clean &= new Campaign(target, corpus, findings).Run(TimeSpan.FromSeconds(time), new Random());
        corpus.Keep();
    }

    return clean ? 0 : 1;
}

[MethodImpl(MethodImplOptions.NoInlining)]
static int Usage()
{
    Console.Error.WriteLine($"Usage: fuzz TARGET|all SECONDS\nTargets: {string.Join(' ', AllTargets.Names)}");
    return 2;
}
