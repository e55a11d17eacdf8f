using System.Text;
using System.Text.RegularExpressions;

namespace Weir.Social.Tests.Access;

/// <summary>Makes a call of a line: fills what stands in braces and behind dollars.</summary>
internal static partial class Calls
{
    /// <param name="with">Fills parameters before the thing does.</param>
    public static Task<Answer> CallAsync(
        this World world,
        string relation,
        string method,
        string path,
        string? body,
        Thing? thing,
        IReadOnlyDictionary<string, string>? with = null)
    {
        var filled = Parameter().Replace(path, match =>
        {
            var name = match.Groups[1].Value.TrimStart('*').Split(':')[0];
            return with?.TryGetValue(name, out var value) == true ? world.Fill(value, relation, thing)
                : thing?.Parts.TryGetValue(name, out var part) == true ? part
                : throw new InvalidOperationException($"{method} {path}: nothing fills {name}.");
        });
        return world.People[relation].SendAsync(new HttpMethod(method), filled, change: request => request.Content = body switch
        {
            null => null,
            "bytes" => new StringContent("new"),
            _ => new StringContent(world.Fill(body, relation, thing), Encoding.UTF8, "application/json"),
        });
    }

    private static string Fill(this World world, string text, string relation, Thing? thing) => Variable().Replace(text, match =>
    {
        var name = match.Groups[1].Value;
        return name == "me" ? world.People[relation].Handle
            : thing?.Parts.TryGetValue(name, out var part) == true ? part
            : world.Values.TryGetValue(name, out var value) ? value
            : name.EndsWith(".id", StringComparison.Ordinal) ? world.People[name[..^3]].Id : world.People[name].Handle;
    });

    [GeneratedRegex(@"\{([^}]*)\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\$([a-zA-Z0-9]+(\.id)?)")]
    private static partial Regex Variable();
}
