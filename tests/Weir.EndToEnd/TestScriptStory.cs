using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary><c>./test</c> itself, with a small project of tests in a checkout of its own.</summary>
public sealed class TestScriptStory
{
    private const string Tests =
        """
        namespace Tiny.Tests;

        public sealed class FirstTests
        {
            [Fact]
            public void Is_right() => Assert.True(true);

            [Theory]
            [InlineData("a.b(c) (1s)")]
            public void Is_wrong_until_mended(string text)
            {
                var root = Environment.GetEnvironmentVariable("TINY_ROOT")!;
                var logs = Directory.CreateDirectory(Path.Combine(root, ".build", "logs", nameof(FirstTests))).FullName;
                var lines = Enumerable.Range(1, 50).Select(line => $"server line {line}.");
                File.WriteAllLines(Path.Combine(logs, "Is_wrong_until_mended-1.log"), lines);
                File.WriteAllText(Path.Combine(logs, "Is_right-2.log"), "another server");
                Assert.True(File.Exists(Path.Combine(root, "mended")), $"{text} is not mended");
            }
        }

        public sealed class SecondTests
        {
            [Fact]
            public void Is_right()
            {
                var root = Environment.GetEnvironmentVariable("TINY_ROOT")!;
                if (File.Exists(Path.Combine(root, "crash")))
                {
                    var logs = Directory.CreateDirectory(Path.Combine(root, ".build", "logs", nameof(SecondTests))).FullName;
                    File.WriteAllText(Path.Combine(logs, "Is_right-3.log"), "the server of a run that ended");
                    Environment.Exit(3);
                }
            }
        }
        """;

    [Fact]
    public async Task A_failed_run_ends_with_what_one_needs_and_is_repeated_by_name()
    {
        var root = MakeCheckout("# Needs nothing.");
        try
        {
            var (code, output) = await RunAsync(root, "failed");
            Assert.True(code != 0 && output.Contains("no run of ./test has ended here yet"), output);

            (code, output) = await RunAsync(root, "FirstTest");
            Assert.True(code != 0 && output.Contains("'FirstTest'") && output.Contains("\n  FirstTests\n"), output);

            // One class, whose end has the names first, then the details, the last lines of this test's server, and the names once more.
            (code, output) = await RunAsync(root, "FirstTests");
            Assert.True(code != 0, output);
            Assert.EndsWith("\n1 passed, 1 failed, 0 skipped\n", output);
            var end = output[output.IndexOf("\n== 1 failed\n", StringComparison.Ordinal)..];
            InOrder(
                end,
                "Tiny.Tests.FirstTests.Is_wrong_until_mended(text: \"a.b(c) (1s)\")",
                "is not mended",
                ".build/logs/FirstTests/Is_wrong_until_mended-1.log",
                "server line 11.",
                "server line 50.",
                "./test failed",
                "\nFirstTests.Is_wrong_until_mended(text: ",
                "\n1 passed");
            Assert.DoesNotContain("server line 10.", end);
            Assert.DoesNotContain("another server", end);

            await File.WriteAllTextAsync(Path.Combine(root, "mended"), "");
            (code, output) = await RunAsync(root, "failed");
            Assert.True(code == 0, output);
            Assert.EndsWith("\n1 passed, 0 failed, 0 skipped\n", output);

            (code, output) = await RunAsync(root, "failed");
            Assert.True(code == 0 && output.Contains("Nothing failed"), output);
            Assert.EndsWith("\n0 passed, 0 failed, 0 skipped\n", output);

            // A run that breaks off names no test: then it shows what servers said last.
            await File.WriteAllTextAsync(Path.Combine(root, "crash"), "");
            (code, output) = await RunAsync(root, "SecondTests");
            Assert.True(code != 0, output);
            InOrder(output, "the test run itself failed", ".build/logs/SecondTests/Is_right-3.log", "the server of a run that ended");
            Assert.EndsWith("\n0 passed, 1 failed, 0 skipped\n", output);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Theory]
    [InlineData("unit")]
    [InlineData("SecondTests")]
    public async Task What_the_tests_need_is_looked_for_before_anything_runs(string part)
    {
        var root = MakeCheckout("a-program-of-nobody  package-of-nobody\nbash  bash\n/usr/*/bash  bash");
        try
        {
            var (code, output) = await RunAsync(root, part);
            Assert.True(code != 0, output);
            Assert.EndsWith("these tests need the Debian packages package-of-nobody\n", output);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task What_could_not_even_begin_counts_as_failed_beside_what_ran()
    {
        // It has neither pages nor servers: the packages of the one cannot be installed, and the others cannot be built.
        var root = MakeCheckout("# Needs nothing.");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(root, "Weir.slnx"), """<Solution><Project Path="tests/Tiny.Tests/Tiny.Tests.csproj" /></Solution>""");
            Directory.CreateDirectory(Path.Combine(root, "web"));
            Directory.CreateDirectory(Path.Combine(root, "tests", "Weir.EndToEnd"));
            await File.WriteAllTextAsync(Path.Combine(root, "tests", "Weir.EndToEnd", "needs"), "");
            var (code, output) = await RunAsync(root, "all");
            Assert.True(code != 0, output);
            Assert.EndsWith("\n2 passed, 3 failed, 0 skipped\n", output);
            var end = output[output.IndexOf("\n== 3 failed\n", StringComparison.Ordinal)..];
            InOrder(
                end,
                "Tiny.Tests.FirstTests.Is_wrong_until_mended",
                "web: the test run itself failed",
                "Weir.EndToEnd: what its servers are made of could not be built",
                "npm ci failed",
                "./test failed");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string MakeCheckout(string needs)
    {
        var root = Directory.CreateTempSubdirectory("weir-tiny-").FullName;
        var scripts = Directory.EnumerateFiles(Path.Combine(Root.Path, "scripts"), "*", SearchOption.AllDirectories);
        var files = new[] { "test", "global.json", "Directory.Build.props", "Directory.Packages.props", "tests/Directory.Build.props", "tests/Patience.cs", "tests/Deep.cs" }
            .Concat(scripts.Select(script => Path.GetRelativePath(Root.Path, script)));
        foreach (var file in files)
        {
            var target = Path.Combine(root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(Root.Path, file), target);
        }

        var project = Directory.CreateDirectory(Path.Combine(root, "tests", "Tiny.Tests")).FullName;
        File.WriteAllText(Path.Combine(project, "needs"), needs);
        File.WriteAllText(Path.Combine(project, "Tiny.Tests.csproj"), """<Project Sdk="Microsoft.NET.Sdk" />""");
        File.WriteAllText(Path.Combine(project, "FirstTests.cs"), Tests);
        return root;
    }

    /// <summary>Both streams into one file, as continuous integration has them: the order counts.</summary>
    private static async Task<(int Code, string Output)> RunAsync(string root, string part)
    {
        var file = Path.Combine(root, "output");
        // Nothing is to be installed here.
        const string script = "apt-get() { return 1; }; export -f apt-get; exec \"$TINY_ROOT/test\" $1 >\"$2\" 2>&1";
        var environment = new Dictionary<string, string> { ["TINY_ROOT"] = root };
        await using var process = new ChildProcess("bash", ["-c", script, "bash", part, file], environment);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
        await process.WaitAsync(limit.Token);
        return (process.ExitCode, await File.ReadAllTextAsync(file));
    }

    private static void InOrder(string text, params string[] parts)
    {
        var at = 0;
        foreach (var part in parts)
        {
            var found = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' is not in its place:\n{text}");
            at = found + part.Length;
        }
    }
}
