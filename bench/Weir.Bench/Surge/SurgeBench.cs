namespace Weir.Bench.Surge;

/// <summary>One thing that many do at once, measured beside people who send messages or read.</summary>
/// <param name="RunAsync">Quick or not.</param>
internal sealed record SurgePart(string Name, Func<bool, CancellationToken, Task<Report>> RunAsync);

/// <summary>What a crowd must not do to everybody else: each part measures with its load and without it, in the same run.</summary>
internal sealed class SurgeBench(bool quick, IReadOnlySet<string> wanted)
{
    public static IReadOnlyList<SurgePart> Parts { get; } =
    [
        SurgeTickets.Part,
        new("end", (quick, cancellation) => new SurgeEnd(quick).RunAsync(cancellation)),
        new("recordings", SurgeRecordings.RunAsync),
        SurgePasswords.Part,
    ];

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var reports = new List<Report>();
        foreach (var part in Parts.Where(part => wanted.Contains(part.Name)))
        {
            Console.Error.WriteLine($"surge: {part.Name}");
            reports.Add(await part.RunAsync(quick, cancellation));
        }

        return reports.Count == 0
            ? throw new CannotMeasureException($"there is no such part; there are: {string.Join(", ", Parts.Select(part => part.Name))}")
            : new Report(
                "surge", "What a crowd does to everybody else.", [.. reports.SelectMany(report => report.Tables)], [.. reports.SelectMany(report => report.Remarks)]);
    }
}
