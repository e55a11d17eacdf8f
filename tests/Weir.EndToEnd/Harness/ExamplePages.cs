using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weir.EndToEnd.Harness;

/// <summary>An address for every page of the app as the demo's host finds it; what the demo has nothing of is made.</summary>
internal static partial class ExamplePages
{
    /// <summary>The pages before one is signed in; whoever is sees none of them.</summary>
    public static IReadOnlyList<string> SignedOut() => [.. Patterns(bare: true).Select(pattern => pattern.Replace(":code", "void", StringComparison.Ordinal)), $"/b/{Guid.NewGuid():N}"];

    /// <summary>The app's own list of pages decides: a new one that needs an example fails until it has one here.</summary>
    public static async Task<IReadOnlyList<string>> AllAsync(WeirServer server)
    {
        var made = await MakeAsync(server);
        var patterns = Patterns(bare: false);
        var without = patterns.Where(pattern => pattern.Contains(':', StringComparison.Ordinal) && !made.ContainsKey(pattern)).ToList();
        Assert.True(without.Count == 0, $"No example of {string.Join(", ", without)}.");
        return [.. patterns.SelectMany(pattern => made.GetValueOrDefault(pattern, [pattern])), .. made["rendered by the server"]];
    }

    private static List<string> Patterns(bool bare)
    {
        var routes = RoutePattern().Matches(File.ReadAllText(Path.Combine(Root.Path, "web", "src", "shell", "routes.ts")));
        Assert.True(routes.Count > 20, "The list of pages is not where it was.");
        return [.. routes.Where(route => route.Value.Contains("bare: true", StringComparison.Ordinal) == bare).Select(route => route.Groups[1].Value)];
    }

    private static async Task<Dictionary<string, string[]>> MakeAsync(WeirServer server)
    {
        using var lin = await SignInAsync(server, "lin");
        using var tom = await SignInAsync(server, "tom");
        var chats = (await lin.GetAsync("/api/conversations")).GetProperty("conversations");
        var group = Stage.Text(await tom.PostAsync("/api/conversations", new { members = new[] { "aisha", "zhang_wei" }, name = "Rowing 划船" }), "id");
        var code = Stage.Text(await tom.PostAsync($"/api/conversations/{group}/links", new { days = 1 }), "code");
        var moment = Stage.Text(await tom.PostAsync("/api/moments", new { text = "The gauge this morning", audience = new { kind = "friends" }, clientId = "example" }), "id");
        await lin.PostAsync($"/api/moments/{moment}/comments", new { text = "涨了", clientId = "example" });
        await lin.PostAsync("/api/official", new { handle = "river", name = "River Post", description = "What the water says", open = true });
        var article = Stage.Text(await lin.PostAsync("/api/official/river/articles", new { }), "id");
        await lin.PutAsync(
            $"/api/articles/{article}/draft",
            new { version = 1, title = "春江 The river in spring", summary = "It rises", markdown = "## High water\n\nIt *rises* **fast**, see [the levels](https://weir.example/levels).\n\n* one\n* two\n\n> Since Tuesday\n\n```\n40 cm\n```" });
        var page = Stage.Text(await lin.PostAsync($"/api/articles/{article}/publish", new { version = 2 }, HttpStatusCode.OK), "url");
        var broadcast = await Eventually.GetAsync("the demo is live", Eventually.Patience, async () =>
            (await lin.GetAsync("/api/broadcasts?scope=live")).EnumerateArray().Where(one => one.GetProperty("isHost").GetBoolean()).Select(one => Stage.Text(one, "id")).FirstOrDefault());
        return new()
        {
            ["/c/:id"] = [$"/c/{Stage.Text(chats.EnumerateArray().First(one => Stage.Text(one, "kind") == "group"), "id")}"],
            ["/g/:code"] = [$"/g/{code}"],
            ["/b/:id"] = [$"/b/{broadcast}"],
            ["/b/:id/studio"] = [$"/b/{broadcast}/studio"],
            ["/people/:handle"] = ["/people/tom"],
            ["/moments/:id"] = [$"/moments/{moment}"],
            ["/admin/:part"] = ["/admin/people", "/admin/reports", "/admin/invitations", "/admin/audit"],
            ["/report/:kind/:id"] = [$"/report/article/{article}"],
            ["/accounts/:handle"] = ["/accounts/river"],
            ["/accounts/:handle/manage"] = ["/accounts/river/manage"],
            ["/accounts/:handle/write/:id"] = [$"/accounts/river/write/{article}"],
            ["/share/article/:id"] = [$"/share/article/{article}"],
            ["rendered by the server"] = [page, "/a/river"],
        };
    }

    private static async Task<Api> SignInAsync(WeirServer server, string handle)
    {
        using var nobody = new Api(server.Url);
        return new Api(server.Url, Stage.Text(await nobody.PostAsync("/api/demo/sessions", new { handle }), "token"));
    }

    [GeneratedRegex("pattern: '([^']+)'.*")]
    private static partial Regex RoutePattern();
}
