using System.Text.RegularExpressions;

namespace Weir.Social.Tests.Access;

/// <summary>Reads the text tables beside this file.</summary>
internal static partial class Table
{
    /// <summary>Lines without remarks, with their columns.</summary>
    public static List<string[]> Read(string name)
    {
        using var stream = typeof(Table).Assembly.GetManifestResourceStream($"Access/{name}")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(" | ", StringSplitOptions.TrimEntries))];
    }

    [GeneratedRegex(@"^(?<thing>[^\s(]+)(\((?<with>[^)]*)\))?(?<rights>.*)$")]
    private static partial Regex ClauseShape();

    /// <summary><c>KIND(name=VALUE) RIGHT=STATUS ... ; KIND ...</c></summary>
    public static List<Clause> Clauses(string text) => [.. text.Split(';', StringSplitOptions.TrimEntries).Select(one =>
    {
        var match = ClauseShape().Match(one);
        var with = Pairs(match.Groups["with"].Value, ',').ToDictionary(pair => pair.Name, pair => pair.Value);
        var rights = Pairs(match.Groups["rights"].Value, ' ').Select(pair => (pair.Name, int.Parse(pair.Value)));
        return new Clause(match.Groups["thing"].Value, with, [.. rights]);
    })];

    private static IEnumerable<(string Name, string Value)> Pairs(string text, char separator) =>
        text.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]));
}

/// <summary>Things of one kind, or one of them, and who gets which yes.</summary>
internal sealed record Clause(string Of, IReadOnlyDictionary<string, string> With, IReadOnlyList<(string Right, int Status)> Rights);

/// <summary>A route: what fills it, and who gets what.</summary>
internal sealed record RouteLine(string Method, string Path, IReadOnlyList<Clause> Clauses, string? Body)
{
    public string Route => $"{Method.Split(':')[0]} {Path.Split('?')[0]}";

    /// <summary>Of a route that answers any method: the one it is asked by.</summary>
    public string AskedBy => Method.Split(':')[^1] is "ANY" or "PAGE" ? "GET" : Method.Split(':')[^1];

    /// <summary>Answered before the routes are looked at.</summary>
    public bool IsPage => Method == "PAGE";

    public static IReadOnlyList<RouteLine> ReadAll() => [.. Table.Read("routes.txt").Select(columns =>
    {
        var name = columns[0].Split(' ', 2, StringSplitOptions.TrimEntries);
        return new RouteLine(name[0], name[1], Table.Clauses(columns[1]), columns.ElementAtOrDefault(2));
    })];
}

/// <summary>Who has which right to one thing.</summary>
internal sealed record Rights(string Kind, string Name, IReadOnlyDictionary<string, IReadOnlySet<string>> Who);

/// <summary>The relations, sets of them, and what the things' lines say.</summary>
internal sealed class RightsTable
{
    private readonly Dictionary<string, IReadOnlySet<string>> _sets = [];

    public RightsTable()
    {
        var lines = Table.Read("things.txt");
        // A set may be made of others, in any order of the lines.
        var unread = lines.Where(line => line[0][0] == '@').Select(line => line[0].Split(' ', 2))
            .GroupBy(line => line[0], line => line[1]).ToDictionary(set => set.Key, set => string.Join(' ', set));
        Relations = [.. unread["@all"].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        while (unread.Count > 0)
        {
            var ready = unread
                .Where(set => set.Value.Split(' ').All(word => word.TrimStart('-') is not ['@', ..] name || _sets.ContainsKey(name))).ToList();
            Assert.NotEmpty(ready);
            foreach (var (name, words) in ready)
            {
                _sets[name] = Set(words);
                unread.Remove(name);
            }
        }

        Things = [.. lines.Where(line => line[0][0] != '@').Select(line =>
        {
            var name = line[0].Split('/');
            var rights = line[1].Split(';', StringSplitOptions.TrimEntries).Select(right => right.Split(':', 2));
            return new Rights(name[0], name[1], rights.ToDictionary(right => right[0], right => Set(right[1])));
        })];
    }

    public IReadOnlyList<string> Relations { get; }

    public IReadOnlyList<Rights> Things { get; }

    /// <summary>Whether somebody of this relation has a right to a thing; a relation or a set may stand for the right.</summary>
    public bool Has(string relation, string right, Rights? thing) =>
        thing?.Who.TryGetValue(right, out var who) == true ? who.Contains(relation)
        : right[0] == '@' ? _sets[right].Contains(relation)
        : relation == right;

    /// <summary>Whether a word of a line means anything.</summary>
    public bool Knows(string right) =>
        _sets.ContainsKey(right) || Relations.Contains(right) || Things.Any(thing => thing.Who.ContainsKey(right));

    public IReadOnlySet<string> Set(string words)
    {
        var set = new HashSet<string>();
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = word.TrimStart('-');
            var meant = name[0] == '@' ? _sets[name] : new HashSet<string> { Relations.Single(relation => relation == name) };
            if (word[0] == '-')
            {
                set.ExceptWith(meant);
            }
            else
            {
                set.UnionWith(meant);
            }
        }

        return set;
    }
}
