using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Every page, with the demo's people in it, as a phone and as a desktop show it: no axe violation, nothing wider than the window, nothing on the console.</summary>
public sealed class AccessibilityStory(DemoServer demo) : IClassFixture<DemoServer>
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(Root.Path, "web", "node_modules", "axe-core", "axe.min.js"));

    [Theory]
    [InlineData(390, 844, ColorScheme.Dark, "zh-CN")]
    [InlineData(390, 844, ColorScheme.Light, "en-GB")]
    [InlineData(1280, 800, ColorScheme.Light, "zh-CN")]
    [InlineData(1280, 800, ColorScheme.Dark, "en-GB")]
    public async Task Every_page_is_usable_by_everybody(int width, int height, ColorScheme scheme, string language)
    {
        var server = demo.Server;
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync("looker", width, height, scheme, language);
        var faults = new ConcurrentQueue<string>();
        await chromium.TellAsync(() => LookAsync(server, chromium, seat, faults), () => server.Output);
        Assert.True(faults.IsEmpty, string.Join("\n", faults));
    }

    private async Task LookAsync(WeirServer server, Chromium chromium, Seat seat, ConcurrentQueue<string> faults)
    {
        foreach (var path in ExamplePages.SignedOut())
        {
            await OpenAsync(server, seat, path);
            await ExamineAsync(seat, "signed out " + path, faults);
        }

        await OpenAsync(server, seat, "/sign-in");
        await seat.ClickAsync("demo-lin");
        await Expect(seat.Find("chat").First).ToBeVisibleAsync();
        // While one tab waits for its page the other is examined; whichever has time takes the next.
        var second = await chromium.TabAsync(seat, "looker's second tab");
        var paths = new ConcurrentQueue<string>(demo.Paths);
        await Task.WhenAll(PagesAsync(server, second, paths, faults), DialogsAsync(server, seat, paths, faults));
        Assert.Empty(seat.Complaints().Concat(second.Complaints()));
    }

    private static async Task PagesAsync(WeirServer server, Seat seat, ConcurrentQueue<string> paths, ConcurrentQueue<string> faults)
    {
        while (paths.TryDequeue(out var path))
        {
            await OpenAsync(server, seat, path);
            if (path.StartsWith("/b/", StringComparison.Ordinal))
            {
                await Expect(seat.Player).ToBeVisibleAsync();
            }

            await ExamineAsync(seat, path, faults);
            Assert.False(await seat.Find("not-found").IsVisibleAsync(), $"{path} is an example of nothing.");
        }
    }

    private static async Task DialogsAsync(WeirServer server, Seat seat, ConcurrentQueue<string> paths, ConcurrentQueue<string> faults)
    {
        await ExamineAsync(seat, "chats", faults);
        await ConversationAsync(seat, faults);
        await FoundAsync(server, seat, faults);
        await MomentsAsync(server, seat, faults);
        await PagesAsync(server, seat, paths, faults);
    }

    private static async Task FoundAsync(WeirServer server, Seat seat, ConcurrentQueue<string> faults)
    {
        await OpenAsync(server, seat, "/search?q=tom");
        await Expect(seat.Find("hit").First).ToBeVisibleAsync();
        await ExamineAsync(seat, "what was found", faults);
    }

    private static async Task MomentsAsync(WeirServer server, Seat seat, ConcurrentQueue<string> faults)
    {
        await OpenAsync(server, seat, "/moments");
        await seat.ClickAsync("moment-new");
        await Expect(seat.Find("audience-words")).ToContainTextAsync("3");
        await seat.ClickAsync("audience-change");
        await ExamineAsync(seat, "a new moment", faults);
        var text = $"Low water {Guid.NewGuid():N}";
        await seat.TypeAsync("moment-write", text);
        await seat.ClickAsync("moment-post");
        var mine = seat.Find("moment").Filter(new() { HasText = text });
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

    private static async Task ConversationAsync(Seat seat, ConcurrentQueue<string> faults)
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

    private static async Task ExamineAsync(Seat seat, string what, ConcurrentQueue<string> faults)
    {
        // What is still being loaded comes first; a busy page is not an empty one.
        await seat.IdleAsync();
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
        foreach (var one in violations.EnumerateArray())
        {
            faults.Enqueue($"{what}: {one.GetString()}");
        }
    }
}
