using System.Globalization;
using System.Runtime.CompilerServices;
using SharpFuzz;
using Weir.Fuzz;

// fuzz TARGET|all SECONDS [INPUTS FINDINGS]   inputs made from the corpus for so long, each target in turn; what reaches new branches
// joins the corpus
// fuzz TARGET                                 under afl-fuzz, with the assemblies instrumented (see fuzz/README.md)
// fuzz instrument                             once after a build, before anything else
if (args is not ["instrument"])
{
    // Instrumented code runs before the first target does: the seeds are made by it.
    Coverage.Attach();
}

return args switch
{
    ["instrument"] => InstrumentAll(),
    [var target] when IsTarget(target) => UnderAfl(target),
    [var target, var seconds] => Search(target, seconds, ".", "findings"),
    [var target, var seconds, var inputs, var findings] => Search(target, seconds, inputs, findings),
    _ => Usage(),
};

// These assemblies must not be loaded yet: they are written anew.
static int InstrumentAll()
{
    foreach (var name in new[] { "Weir.Media", "Weir.Contracts" })
    {
        Instrument(name, _ => true);
    }

    Instrument("Weir.Hosting", type => type.StartsWith("Weir.Hosting.Texts.", StringComparison.Ordinal));
    string[] parsers =
    [
        "Articles.ArticleMarkdown", "Files.FileName", "Files.IsoPlaces", "Files.LocationRemoval", "Files.PictureMagic", "Files.PngPlaces",
        "Files.TiffPlaces", "Files.XmpPlaces", "Links.", "LivePlane.PlanesService", "Notifications.Push.Push", "Outgoing.", "Search.",
    ];
    Instrument("Weir.Social", type => parsers.Any(parser => type.StartsWith("Weir.Social." + parser, StringComparison.Ordinal)));
    return 0;

    static void Instrument(string assembly, Func<string, bool> types) =>
        Fuzzer.Instrument(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), types, Options.Value).Count();
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
static int Search(string wanted, string seconds, string inputs, string findings)
{
    if (!(wanted == "all" || IsTarget(wanted)) || !double.TryParse(seconds, CultureInfo.InvariantCulture, out var time)
        || time is < 0 or > 1e6)
    {
        return Usage();
    }

    var clean = true;
    foreach (var target in wanted == "all" ? AllTargets.Names : [wanted])
    {
        var corpus = new Corpus(target, AllTargets.SeedsOf(target), inputs);
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
