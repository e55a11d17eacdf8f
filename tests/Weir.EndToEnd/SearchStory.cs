using System.Globalization;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Something said long ago is found again, at a desk by the keyboard and on a phone within the conversation.</summary>
public sealed class SearchStory
{
    private const string Lost = "The key lies under the flood gate";

    [Fact]
    public async Task What_was_said_long_ago_is_found_and_opened_where_it_stands()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Friend.PostAsync("/api/moments", new { text = "水闸 flood gate in the fog", audience = new { kind = "friends" } });
        await stage.Friend.TellAsync(conversation, Lost);
        for (var number = 0; number < 70; number++)
        {
            await stage.Friend.TellAsync(conversation, string.Create(CultureInfo.InvariantCulture, $"nothing of note, number {number}"));
        }

        // The index follows behind; the messages are found without it.
        await Eventually.TrueAsync("the moment is in the index", Eventually.Patience, async () =>
            (await stage.Host.GetAsync("/api/search?q=flood&kinds=moments")).GetProperty("groups").GetArrayLength() == 1);
        var host = await chromium.SeatAsync("host");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await chromium.TellAsync(
            async () =>
            {
                await ByKeyboardAsync(stage, host, conversation);
                await WithinAsync(stage, friend);
            },
            () => stage.Server.Output);
        Assert.Empty(host.Complaints().Concat(friend.Complaints()));
    }

    private static async Task ByKeyboardAsync(Stage stage, Seat host, string conversation)
    {
        await host.SignInAsync(stage.Server, "host");
        await host.ClickAsync("to-search");
        await Expect(host.Find("search-text")).ToBeFocusedAsync();
        await host.Page.Keyboard.TypeAsync("gate floo");
        await Expect(host.Find("hit")).ToHaveCountAsync(2);
        await Expect(host.Page.Locator("[data-testid=hit][data-kind=messages] mark")).ToHaveTextAsync(["floo", "gate"]);
        await Expect(host.Page.Locator("[data-testid=hit][data-kind=moments]")).ToContainTextAsync("水闸");
        await host.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(host.Page.Locator("[data-testid=hit][data-kind=messages]")).ToBeFocusedAsync();
        await host.Page.Keyboard.PressAsync("Enter");
        await Expect(host.Message(Lost)).ToBeInViewportAsync();

        // Once there the reader is free to go, whatever else is said.
        await host.ClickAsync("to-newest");
        await Expect(host.Message("number 69")).ToBeInViewportAsync();
        await stage.Friend.TellAsync(conversation, "Is it there?");
        await Expect(host.Message("Is it there?")).ToBeInViewportAsync();
        await host.Page.GoBackAsync();
        await Expect(host.Find("search-text")).ToHaveValueAsync("gate floo");
        await Expect(host.Find("hit")).ToHaveCountAsync(2);

        await host.TypeAsync("search-text", "number");
        await Expect(host.Find("hit")).ToHaveCountAsync(5);
        await host.ClickAsync("search-more");
        await Expect(host.Find("hit")).ToHaveCountAsync(25);
        await Expect(host.Find("hit").Nth(5)).ToBeFocusedAsync();
        await host.TypeAsync("search-text", "no such thing anywhere");
        await Expect(host.Find("search-none")).ToBeVisibleAsync();
        await host.GoAsync($"{stage.Server.Url}/search?q=flood");
        await Expect(host.Find("search-text")).ToHaveValueAsync("flood");
        await Expect(host.Find("hit")).ToHaveCountAsync(2);
        Assert.EndsWith("/search?q=flood", host.Page.Url, StringComparison.Ordinal);
    }

    private static async Task WithinAsync(Stage stage, Seat friend)
    {
        await friend.SignInAsync(stage.Server, "friend");
        await friend.OpenChatAsync("Hanna Host");
        await friend.ClickAsync("chat-info");
        await friend.ClickAsync("search-within");
        await friend.TypeAsync("search-text", "flood");
        await Expect(friend.Find("hit")).ToHaveCountAsync(1);
        await friend.ClickAsync("hit");
        await Expect(friend.Message(Lost)).ToBeInViewportAsync();
        await friend.Page.GoBackAsync();
        await friend.ClickAsync("search-everywhere");
        await Expect(friend.Find("hit")).ToHaveCountAsync(2);
    }
}
