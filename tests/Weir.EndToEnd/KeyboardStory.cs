using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>A conversation without a mouse, and always an outline that says where one is.</summary>
public sealed class KeyboardStory
{
    [Fact]
    public async Task A_conversation_is_opened_written_answered_and_left_by_keyboard()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task TellAsync(Stage stage, Chromium chromium)
    {
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Friend.TellAsync(conversation, "Are you there?");
        var host = await chromium.SeatAsync("host");
        var keyboard = host.Page.Keyboard;
        await host.GoAsync($"{stage.Server.Url}/sign-in");
        await TabToAsync(host, "handle");
        await keyboard.TypeAsync("host");
        await TabToAsync(host, "password");
        await keyboard.TypeAsync(Api.Password);
        await keyboard.PressAsync("Enter");
        await Expect(host.Chat("小明")).ToBeVisibleAsync();

        await TabToAsync(host, "chat");
        await keyboard.PressAsync("Enter");
        await Expect(host.Find("message-text")).ToBeVisibleAsync();
        await TabToAsync(host, "message-text");
        await keyboard.TypeAsync("By keyboard");
        await keyboard.PressAsync("Enter");
        await host.SentAsync("By keyboard");
        await Expect(host.Find("message-text")).ToBeFocusedAsync();

        // Back into what was said, and up to what is answered.
        await TabToAsync(host, "messages", "Shift+Tab");
        await keyboard.PressAsync("ArrowUp");
        await keyboard.PressAsync("ArrowUp");
        await Expect(host.Message("Are you there?").Locator("[data-message]")).ToBeFocusedAsync();
        await OutlinedAsync(host);
        await keyboard.PressAsync("Shift+F10");
        await Expect(host.Find("menu-reply")).ToBeFocusedAsync();
        await OutlinedAsync(host);
        await keyboard.PressAsync("Escape");
        await Expect(host.Message("Are you there?").Locator("[data-message]")).ToBeFocusedAsync();
        await keyboard.PressAsync("ContextMenu");
        await Expect(host.Find("menu-reply")).ToBeFocusedAsync();
        await keyboard.PressAsync("Enter");
        await Expect(host.Find("replying")).ToContainTextAsync("Are you there?");
        await Expect(host.Find("message-text")).ToBeFocusedAsync();
        await keyboard.TypeAsync("I am");
        await keyboard.PressAsync("Enter");
        await Expect(host.Message("I am").GetByTestId("quote")).ToContainTextAsync("Are you there?");

        // A dialog takes the keyboard, and gives it back where it took it.
        await TabToAsync(host, "chat-info", "Shift+Tab");
        await keyboard.PressAsync("Enter");
        await Expect(host.Find("chat-info-dialog")).ToBeVisibleAsync();
        for (var step = 0; step < 12; step++)
        {
            await keyboard.PressAsync("Tab");
            Assert.True(await host.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"), "Tab leaves the dialog");
        }

        await keyboard.PressAsync("Escape");
        await Expect(host.Find("chat-info-dialog")).ToHaveCountAsync(0);
        await Expect(host.Find("chat-info")).ToBeFocusedAsync();
        await OutlinedAsync(host);
        Assert.Empty(host.Complaints());
    }

    /// <summary>Tab by Tab until the element has the focus; each on the way must show that it has it.</summary>
    private static async Task TabToAsync(Seat seat, string testId, string key = "Tab")
    {
        for (var step = 0; step < 60; step++)
        {
            await seat.Page.Keyboard.PressAsync(key);
            await OutlinedAsync(seat);
            if (await seat.Page.EvaluateAsync<bool>("(id) => document.activeElement.dataset.testid === id", testId))
            {
                return;
            }
        }

        Assert.Fail($"No way by {key} to {testId}.");
    }

    private static async Task OutlinedAsync(Seat seat)
    {
        // The frame of a field may be drawn around what it stands in.
        var bare = await seat.Page.EvaluateAsync<string?>(
            """
            () => {
              const one = document.activeElement;
              if (one === document.body) return null;
              const drawn = (element) => {
                const style = getComputedStyle(element);
                return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
              };
              return [one, one.parentElement, one.parentElement.parentElement].some(drawn) ? null : one.outerHTML.slice(0, 200);
            }
            """);
        Assert.True(bare is null, $"Nothing shows that this has the focus: {bare}");
    }
}
