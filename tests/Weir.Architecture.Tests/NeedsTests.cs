using System.Text.RegularExpressions;

namespace Weir.Architecture.Tests;

/// <summary>
/// A project's file <c>needs</c> names every program that its tests start. Sources are read as text: a program whose name is put
/// together from pieces would not be found.
/// </summary>
public sealed partial class NeedsTests
{
    private static readonly string Tests = Path.Combine(DocumentTests.Root, "tests");

    private static readonly string[] Run =
    [
        .. Directory.EnumerateDirectories(Tests).Where(project => File.Exists(Path.Combine(project, "needs")))
            .Select(project => Path.GetFileName(project)).Order(),
    ];

    public static TheoryData<string> Projects() => new(Run);

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_names_every_program_that_its_tests_start(string project)
    {
        var named = Programs(project).ToHashSet();
        // What one project starts is a program wherever its name stands.
        var known = Run.SelectMany(Programs).ToHashSet();
        var missing =
            from source in Sources(project)
            from program in Started().Matches(source.Text).Concat(Given().Matches(source.Text)).SelectMany(Names)
                .Concat(Literal().Matches(source.Text).SelectMany(Names).Where(known.Contains))
            where !named.Contains(program)
            select $"{source.File} starts {program}";
        Assert.Equal("", string.Join('\n', missing.Distinct()));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_names_no_program_that_its_tests_do_not_start(string project)
    {
        var text = string.Concat(Sources(project).Select(source => source.Text));
        Assert.DoesNotContain(Programs(project), program => !Regex.IsMatch(text, $"[\"/]{Regex.Escape(program)}\""));
    }

    [Fact]
    public void The_projects_with_tests_are_those_with_needs()
    {
        var tested = Directory.EnumerateDirectories(Tests).Select(project => Path.GetFileName(project))
            .Where(project => Sources(project).Any(source => Test().IsMatch(source.Text)));
        Assert.Equal(Run, tested.Order());
    }

    /// <summary>The commands, and the files that are programs, by their bare names.</summary>
    private static IEnumerable<string> Programs(string project) =>
        from line in File.ReadLines(Path.Combine(Tests, project, "needs"))
        where line.Length > 0 && line[0] != '#'
        let what = line[..line.IndexOf(' ', StringComparison.Ordinal)]
        where !what.Contains('/', StringComparison.Ordinal) || Path.GetFileName(Path.GetDirectoryName(what)) is "bin" or "sbin"
        select Path.GetFileName(what);

    private static IEnumerable<string> Names(Match match) =>
        match.Groups["program"].Captures.Select(capture => Path.GetFileName(capture.Value));

    /// <summary>Its own, and those of another project that it is built with.</summary>
    private static IEnumerable<(string File, string Text)> Sources(string project) =>
        Directory.EnumerateFiles(Path.Combine(Tests, project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Regex.IsMatch(file, "/(bin|obj)/"))
            .Concat(
                from file in Directory.EnumerateFiles(Path.Combine(Tests, project), "*.csproj")
                from match in Linked().Matches(File.ReadAllText(file))
                select Path.GetFullPath(Path.Combine(Tests, project, match.Groups["file"].Value)))
            .Select(file => (Path.GetRelativePath(Tests, file), File.ReadAllText(file)));

    /// <summary>The first argument of what starts a program, and the browser that Playwright is given.</summary>
    [GeneratedRegex(
        """(?:Process\.Start|new ProcessStartInfo|new ChildProcess|\bRun|Ffmpeg\.RunAsync|AsPostgresAsync|\.StartAsync|ExecutablePath =)"""
        + """\s*\(?\s*"(?<program>[a-z/][^" ]*)"[,)\s]""")]
    private static partial Regex Started();

    /// <summary>Theories whose first value is the program.</summary>
    [GeneratedRegex("""(?:\[InlineData\("(?<program>[^"]+)"[^\n]*\n\s*)+public [^\n]*\(string program\b""")]
    private static partial Regex Given();

    [GeneratedRegex("<Compile Include=\"(?<file>../Weir.[^\";*]+)\"")]
    private static partial Regex Linked();

    [GeneratedRegex("\"(?<program>[a-z/][A-Za-z0-9/._-]*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"^\s*\[(Fact|Theory)", RegexOptions.Multiline)]
    private static partial Regex Test();
}
