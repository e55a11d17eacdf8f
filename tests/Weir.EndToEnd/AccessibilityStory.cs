using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Every page, with the demo's people in it, as a phone and as a desktop show it: no axe violation, nothing wider than the window, nothing on the console.</summary>
public sealed partial class AccessibilityStory
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(Root.Path, "web", "node_modules", "axe-core", "axe.min.js"));

    [Theory]
    [InlineData(390, 844, ColorScheme.Dark, "zh-CN")]
    [InlineData(390, 844, ColorScheme.Light, "en-GB")]
    [InlineData(1280, 800, ColorScheme.Light, "zh-CN")]
    [InlineData(1280, 800, ColorScheme.Dark, "en-GB")]
    public async Task Every_page_is_usable_by_everybody(int width, int height, ColorScheme scheme, string language)
    {
        await using var server = new WeirServer();
        await server.StartAsync("--demo");
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync("looker", width, height, scheme, language);
        var faults = new List<string>();
        await chromium.TellAsync(() => LookAsync(server, seat, faults), () => server.Output);
        Assert.True(faults.Count == 0, string.Join("\n", faults));
        Assert.True(seat.Complaints().Count == 0, string.Join("\n", seat.Complaints()));
    }

    private static async Task LookAsync(WeirServer server, Seat seat, List<string> faults)
    {
        foreach (var path in new[] { "/sign-in", "/setup", "/join/void", $"/b/{Guid.NewGuid():N}" })
        {
            await OpenAsync(server, seat, path);
            await ExamineAsync(seat, "signed out " + path, faults);
        }

        await OpenAsync(server, seat, "/sign-in");
        await seat.ClickAsync("demo-lin");
        await Expect(seat.Find("chat").First).ToBeVisibleAsync();
        await ExamineAsync(seat, "chats", faults);
        await ConversationAsync(seat, faults);
        foreach (var path in PlainRoutes().Where(path => path is not ("/" or "/sign-in" or "/setup")))
        {
            await OpenAsync(server, seat, path);
            await ExamineAsync(seat, path, faults);
        }

        await FoundAsync(server, seat, faults);
        foreach (var part in new[] { "people", "reports", "invitations", "audit" })
        {
            await OpenAsync(server, seat, $"/admin/{part}");
            await ExamineAsync(seat, $"the server's {part}", faults);
        }

        await OpenAsync(server, seat, "/people");
        await seat.Find("friend-tom").ClickAsync();
        await Expect(seat.Find("person")).ToBeVisibleAsync();
        await ExamineAsync(seat, "a friend", faults);
        await MomentsAsync(server, seat, faults);
        await OpenAsync(server, seat, "/live");
        await seat.Find("broadcast").First.ClickAsync();
        await Expect(seat.Find("player")).ToBeVisibleAsync();
        await ExamineAsync(seat, "a broadcast", faults);
    }

    private static async Task FoundAsync(WeirServer server, Seat seat, List<string> faults)
    {
        await OpenAsync(server, seat, "/search?q=tom");
        await Expect(seat.Find("hit").First).ToBeVisibleAsync();
        await ExamineAsync(seat, "what was found", faults);
    }

    private static async Task MomentsAsync(WeirServer server, Seat seat, List<string> faults)
    {
        await OpenAsync(server, seat, "/moments");
        await seat.ClickAsync("moment-new");
        await Expect(seat.Find("audience-words")).ToContainTextAsync("3");
        await seat.ClickAsync("audience-change");
        await ExamineAsync(seat, "a new moment", faults);
        await seat.TypeAsync("moment-write", "Low water");
        await seat.ClickAsync("moment-post");
        var mine = seat.Find("moment").Filter(new() { HasText = "Low water" });
        await mine.GetByTestId("moment-like").ClickAsync();
        await mine.GetByTestId("moment-comment-open").ClickAsync();
        await seat.TypeAsync("moment-comment-text", "40 cm");
        await seat.ClickAsync("moment-comment-send");
        await Expect(mine.GetByTestId("moment-comment").Last).ToHaveAttributeAsync("data-status", "sent");
        await ExamineAsync(seat, "a moment", faults);
        await mine.GetByTestId("moment-mark").ClickAsync();
        await Expect(seat.Find("moment-audience-save")).ToBeVisibleAsync();
        await ExamineAsync(seat, "a moment's audience", faults);
        await seat.Page.Keyboard.PressAsync("Escape");
    }

    private static async Task ConversationAsync(Seat seat, List<string> faults)
    {
        await seat.Find("chat").First.ClickAsync();
        await Expect(seat.Find("message").Last).ToBeVisibleAsync();
        await ExamineAsync(seat, "a conversation", faults);
        await seat.Find("message").Last.Locator("[data-message]").ClickAsync(new() { Button = MouseButton.Right });
        await Expect(seat.Find("menu-forward").Or(seat.Find("menu-reply")).First).ToBeVisibleAsync();
        await ExamineAsync(seat, "a message's menu", faults);
        await seat.Page.Keyboard.PressAsync("Escape");
        await seat.ClickAsync("emoji");
        await Expect(seat.Find("emoji-picker")).ToBeVisibleAsync();
        await ExamineAsync(seat, "emoji", faults);
        await seat.ClickAsync("emoji");
        await seat.ClickAsync("chat-info");
        await Expect(seat.Find("chat-info-dialog")).ToBeVisibleAsync();
        await ExamineAsync(seat, "about a conversation", faults);
        await seat.Page.Keyboard.PressAsync("Escape");
        if (await seat.Find("back").IsVisibleAsync())
        {
            await seat.ClickAsync("back");
        }

        await seat.ClickAsync("new-chat");
        await Expect(seat.Find("choose-tom")).ToBeVisibleAsync();
        await ExamineAsync(seat, "a new conversation", faults);
        await seat.Page.Keyboard.PressAsync("Escape");
    }

    private static async Task OpenAsync(WeirServer server, Seat seat, string path)
    {
        await seat.GoAsync(server.Url + path);
        await Expect(seat.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }).First).ToBeVisibleAsync();
    }

    private static async Task ExamineAsync(Seat seat, string what, List<string> faults)
    {
        // What is still being loaded comes first; a busy page is not an empty one.
        await seat.Page.WaitForLoadStateAsync(LoadState.NetworkIdle, new() { Timeout = 5000 }).ContinueWith(_ => { }, TaskScheduler.Default);
        await seat.Page.EvaluateAsync(Axe);
        var violations = await seat.Page.EvaluateAsync<JsonElement>(
            """
            async () => {
              const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] });
              const found = violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? node.failureSummary}`).join(' | ')}`);
              if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`wider than the window: ${document.documentElement.scrollWidth}`);
              return found;
            }
            """);
        faults.AddRange(violations.EnumerateArray().Select(one => $"{what}: {one.GetString()}"));
    }

    /// <summary>The app's own list of pages, so that a new one is looked at without being named here.</summary>
    private static List<string> PlainRoutes() =>
        [.. RoutePattern().Matches(File.ReadAllText(Path.Combine(Root.Path, "web", "src", "shell", "routes.ts"))).Select(found => found.Groups[1].Value).Where(path => !path.Contains(':', StringComparison.Ordinal))];

    [GeneratedRegex("pattern: '([^']+)'")]
    private static partial Regex RoutePattern();
}
