using System.Text.RegularExpressions;

namespace Weir.Architecture.Tests;

/// <summary>Tests wait for events with the one bound that any machine keeps (Patience.cs), and nobody sleeps. Sources are read as text.</summary>
public sealed partial class WaitingTests
{
    [Fact]
    public void No_test_waits_with_a_bound_of_its_own_seconds()
    {
        var tests = Path.Combine(DocumentTests.Root, "tests");
        var found =
            from project in Directory.EnumerateDirectories(tests)
            from file in Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
            where !Path.GetRelativePath(project, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj") && Path.GetFileName(file) != "WaitingTests.cs"
            from match in Short().Matches(File.ReadAllText(file))
            select $"{Path.GetRelativePath(tests, file)}: {match.Value}";
        Assert.Equal("", string.Join('\n', found));
    }

    [Fact]
    public void No_test_of_the_web_app_waits_but_with_the_bound_of_all()
    {
        var found =
            from file in Directory.EnumerateFiles(Path.Combine(DocumentTests.Root, "web", "src"), "*.test.ts", SearchOption.AllDirectories)
            where File.ReadAllText(file).Contains("vi.waitFor(", StringComparison.Ordinal)
            select $"{Path.GetFileName(file)}: vi.waitFor gives up after a second; expect.poll has the bound of vite.config.ts";
        Assert.Equal("", string.Join('\n', found));
    }

    [GeneratedRegex(@"(?:WaitAsync|CancelAfter|CancellationTokenSource)\(TimeSpan\.FromSeconds|Thread\.Sleep|(?:GetAsync|TrueAsync)\([^;]*?"",\s*TimeSpan\.")]
    private static partial Regex Short();
}
