using System.Text.RegularExpressions;

namespace Weir.EndToEnd.Harness;

/// <summary>The installation guide: what it tells people to write is what the tests run.</summary>
internal static partial class Guide
{
    /// <summary>The blocks of one language below a heading, in their order.</summary>
    public static async Task<IReadOnlyList<string>> BlocksAsync(string heading, string language)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root.Path, "docs", "install.md"));
        var section = text.Split("\n## ").Single(one => one.StartsWith(heading + "\n", StringComparison.Ordinal));
        return [.. Blocks().Matches(section).Where(block => block.Groups[1].Value == language).Select(block => block.Groups[2].Value)];
    }

    [GeneratedRegex("^```([a-z]+)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();
}
