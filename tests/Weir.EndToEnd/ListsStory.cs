using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Lists and what is chosen in them: side by side where there is room, one at a time on a phone; and a list that is over says so instead of going on.</summary>
public sealed class ListsStory
{
    private const int Page = 20;
    private const int Groups = 110;

    [Fact]
    public async Task Contacts_and_accounts_stand_beside_what_is_chosen_and_the_feed_goes_on_only_when_asked()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        for (var number = 1; number <= Groups; number++)
        {
            await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = $"Group {number}" });
        }

        await stage.Host.PostAsync("/api/official", new { handle = "river_news", name = "River News" });
        await chromium.TellAsync(
            async () =>
            {
                await BesideAsync(stage, await chromium.SeatAsync("friend's desk"), wide: true);
                var phone = await chromium.SeatAsync("friend's phone", 390, 844);
                await BesideAsync(stage, phone, wide: false);
                await ChatsAsync(stage, phone);
                await FeedAsync(stage, await chromium.SeatAsync("friend at the feed", 390, 844));
            },
            () => stage.Server.Output);
    }

    private static async Task BesideAsync(Stage stage, Seat friend, bool wide)
    {
        await friend.SignInAsync(stage.Server, "friend");
        foreach (var (path, entry, detail) in new[] { ("/people", "friend-host", "person"), ("/accounts", "account-river_news", "follow") })
        {
            await friend.GoAsync(stage.Server.Url + path);
            await friend.ClickAsync(entry);
            await Expect(friend.Find(detail)).ToBeVisibleAsync();
            await Expect(friend.Find(entry)).ToBeVisibleAsync(new() { Visible = wide });
            // One way back on a phone, none where the list is beside it.
            await Expect(friend.Page.Locator($"main a[href='{path}']")).ToBeVisibleAsync(new() { Visible = !wide });
            if (!wide)
            {
                await friend.Page.Locator($"main a[href='{path}']").ClickAsync();
                await Expect(friend.Find(entry)).ToBeVisibleAsync();
            }
        }
    }

    /// <summary>The list of conversations goes on where one scrolls to its end, also when a page did not come.</summary>
    private static async Task ChatsAsync(Stage stage, Seat friend)
    {
        var lost = true;
        await friend.Page.RouteAsync("**/api/conversations?before=*", async route =>
        {
            if (lost)
            {
                await route.AbortAsync();
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500));
            await route.ContinueAsync();
        });
        await friend.GoAsync(stage.Server.Url + "/");
        await Expect(friend.Chat($"Group {Groups}")).ToBeVisibleAsync();
        var again = friend.Find("chats").GetByRole(AriaRole.Button, new() { Name = "Try again" });
        await ToTheEndAsync(friend);
        await Expect(again).ToBeVisibleAsync();
        lost = false;
        // Without waiting for it: scrolling to the end loads too, and a late event of the scrolling above may have taken the button away.
        await again.EvaluateAllAsync<int>("(buttons) => buttons.map((button) => button.click()).length");
        await Expect(again).ToHaveCountAsync(0);
        await Eventually.TrueAsync("the oldest conversation is shown", Eventually.Patience, async () =>
        {
            await ToTheEndAsync(friend);
            return await friend.Chat("Group 1").IsVisibleAsync();
        });
    }

    private static Task ToTheEndAsync(Seat seat) => seat.Find("chats").EvaluateAsync("(box) => box.scrollTop = box.scrollHeight");

    private static async Task FeedAsync(Stage stage, Seat friend)
    {
        const int posted = (2 * Page) + 5;
        for (var number = 1; number <= posted; number++)
        {
            // Two who post: one alone would be told to wait.
            await (number % 2 == 0 ? stage.Host : stage.Friend).PostAsync("/api/moments", new { text = $"moment {number}", audience = new { kind = "friends" } });
        }

        await friend.SignInAsync(stage.Server, "friend");
        await friend.ClickAsync("nav-moments");
        await Expect(friend.Find("moment")).ToHaveCountAsync(Page);
        // The end of the page is in sight and nothing follows by itself; all of these are new, so nobody is up to date yet.
        await friend.Find("moments-older").ScrollIntoViewIfNeededAsync();
        await Expect(friend.Find("moments-older")).ToBeInViewportAsync();
        await Expect(friend.Find("moments-end")).ToHaveCountAsync(0);
        await friend.ClickAsync("moments-older");
        await Expect(friend.Find("moment")).ToHaveCountAsync(2 * Page);
        await friend.ClickAsync("moments-older");
        await Expect(friend.Find("moment")).ToHaveCountAsync(posted);
        await Expect(friend.Find("moments-end")).ToHaveTextAsync("You are up to date");
        await Expect(friend.Find("moments-older")).ToHaveCountAsync(0);

        // At the next visit the first page was seen before.
        await friend.Page.ReloadAsync();
        await Expect(friend.Find("moments-end")).ToHaveTextAsync("You are up to date");
        await Expect(friend.Find("moment")).ToHaveCountAsync(Page);
    }
}
