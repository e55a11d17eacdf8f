using System.Text.RegularExpressions;

namespace Weir.Architecture.Tests;

/// <summary>The documents say what is there.</summary>
public sealed partial class DocumentTests
{
    internal static readonly string Root = Find();

    [Theory]
    [InlineData("One video frame")]
    [InlineData("One comment")]
    public void A_path_through_the_code_has_at_most_eight_files_and_all_exist(string title)
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "architecture.md"));
        var start = text.IndexOf($"### {title}", StringComparison.Ordinal);
        Assert.True(start >= 0, $"docs/architecture.md has no path '{title}'");
        var end = text.IndexOf("\n#", start + 4, StringComparison.Ordinal);
        var files = Listed().Matches(text[start..(end < 0 ? text.Length : end)]).Select(match => match.Groups["file"].Value).ToArray();
        Assert.InRange(files.Length, 4, 8);
        foreach (var file in files)
        {
            Assert.True(File.Exists(Path.Combine(Root, file)), $"{file} is gone");
        }
    }

    /// <summary>A promise is worth what its test is.</summary>
    [Fact]
    public void Every_test_that_the_page_on_security_names_is_there()
    {
        var files = new[] { "tests", Path.Combine("web", "src") }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
            .Select(Path.GetFileName).ToHashSet();
        var named = NamedTest().Matches(File.ReadAllText(Path.Combine(Root, "docs", "security.md")))
            .Select(match => match.Groups["test"].Value).Distinct().ToList();
        Assert.True(named.Count > 50, $"{named.Count} tests are named");
        Assert.All(named, test => Assert.Contains(test.EndsWith(".ts", StringComparison.Ordinal) ? test : test + ".cs", files));
    }

    [Fact]
    public void No_source_file_has_grown_past_four_hundred_lines()
    {
        var grown = new[] { "src", "tests", "bench", "fuzz", Path.Combine("web", "src") }
            .Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".ts" or ".svelte")
            .Where(file => !Regex.IsMatch(file, "/(bin|obj|node_modules|Migrations|dist)/"))
            .Where(file => File.ReadLines(file).Count() > 400)
            .Select(file => Path.GetRelativePath(Root, file));
        Assert.Empty(grown);
    }

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Weir.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the checkout.");
    }

    [GeneratedRegex(@"`(?<test>\w+(Tests|Story)|[\w-]+\.test\.ts)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"^\d+\. `(?<file>[^`]+)`", RegexOptions.Multiline)]
    private static partial Regex Listed();
}
