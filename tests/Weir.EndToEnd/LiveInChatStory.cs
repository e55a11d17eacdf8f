using System.Net;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>A broadcast in a conversation: its card says how it stands, and the bar of a group comes and goes with it.</summary>
[Collection(nameof(Timed))]
public sealed class LiveInChatStory
{
    private const string Script = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task A_shared_broadcast_says_that_it_is_live_and_that_it_ended_and_plays_as_a_replay()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task TellAsync(Stage stage, Chromium chromium)
    {
        await stage.Host.DirectAsync("friend");
        var group = Stage.Text(await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = "Weekend" }), "id");
        var (host, friend) = (await chromium.SeatAsync("host"), await chromium.SeatAsync("friend", 390, 844));
        await host.SignInAsync(stage.Server, "host");
        await friend.SignInAsync(stage.Server, "friend");
        await friend.OpenChatAsync("Weekend");
        await Expect(friend.Find("live-bar")).ToHaveCountAsync(0);

        var broadcast = await stage.Host.PostAsync("/api/broadcasts", new { title = "Sunday at the weir", audience = new { kind = "conversation", conversation = group } });
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await host.GoAsync($"{stage.Server.Url}/b/{id}");
        await host.MovingPictureAsync();
        // Its audience is the group, which is told by a card.
        await Expect(friend.Find("live-bar")).ToHaveAttributeAsync("data-id", id);
        await Expect(friend.Find("card").GetByTestId("broadcast")).ToHaveAttributeAsync("data-state", "live");
        await friend.ClickAsync("live-bar");
        await friend.MovingPictureAsync();
        await friend.SayAsync(Script);
        await Expect(host.Comment(Script)).ToBeVisibleAsync();
        await friend.Page.GoBackAsync();
        await Expect(friend.Find("live-bar")).ToBeVisibleAsync();

        await ShareAsync(host, "小明");
        await friend.ClickAsync("back");
        await Expect(friend.Chat("Hanna Host")).ToHaveAttributeAsync("data-unread", "1"); // and so stands where it stays
        await friend.OpenChatAsync("Hanna Host");
        var card = friend.Find("card").GetByTestId("broadcast");
        await Expect(card).ToHaveAttributeAsync("data-state", "live");
        await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
        await Expect(card).ToHaveAttributeAsync("data-state", "ended");
        await friend.ClickAsync("back");
        await friend.OpenChatAsync("Weekend");
        await Expect(friend.Find("live-bar")).ToHaveCountAsync(0);
        await Expect(card).ToHaveAttributeAsync("data-state", "ended");
        await card.ClickAsync();
        await friend.AtAsync(new($"/b/{id}$"));
        await friend.MovingPictureAsync();
        await Expect(friend.Comment(Script)).ToBeVisibleAsync();
        Assert.Empty(host.Complaints().Concat(friend.Complaints()));
    }

    private static async Task ShareAsync(Seat host, string chat)
    {
        await host.ClickAsync("share");
        await host.ClickAsync("share-chat");
        await host.Page.Locator($"[data-testid=forward-to][data-name='{chat}']").ClickAsync();
        await Expect(host.Find("forward-dialog")).ToHaveCountAsync(0);
    }
}
