using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Going live with nothing but a browser's camera: a rehearsal first, then the real thing, watched over every way.</summary>
[Collection(nameof(Timed))]
public sealed partial class CameraStory
{
    [Fact]
    public async Task A_camera_is_rehearsed_goes_live_in_three_taps_and_is_watched_by_webrtc_websocket_and_hls()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task TellAsync(Stage stage, Chromium chromium)
    {
        var host = await chromium.SeatAsync("host", 390, 844);
        await host.SignInAsync(stage.Server, "host");
        var friend = await chromium.SeatAsync("friend");
        await friend.SignInAsync(stage.Server, "friend");

        var rehearsal = await RehearseAsync(host, stage);
        var id = await GoLiveFromRehearsalAsync(host, stage, rehearsal);
        await WatchedEveryWayAsync(friend, stage, id);
        await CameraOffAndPauseAsync(host, friend);
        await StaysOnTheAirWhileOneLooksAroundAsync(host);
        await EndsWithASummaryAsync(host, friend, id);

        foreach (var seat in new[] { host, friend })
        {
            Assert.True(seat.Complaints().Count == 0, $"{seat.Name}'s console:\n{string.Join("\n", seat.Complaints())}");
        }
    }

    /// <summary>The page is opened by one tap; the camera is on and who will see it is said; the second tap sends.</summary>
    private static async Task<string> RehearseAsync(Seat host, Stage stage)
    {
        await host.GoAsync($"{stage.Server.Url}/live");
        await host.Page.GetByRole(AriaRole.Link, new() { Name = "Go live" }).First.ClickAsync();
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 1 friend");
        await PreviewMovesAsync(host);
        await Expect(host.Find("level")).ToBeVisibleAsync();
        await host.ClickAsync("conversational");
        await host.ClickAsync("rehearse");

        await host.AtAsync(StudioUrl());
        await Expect(host.Find("send-state")).ToHaveAttributeAsync("data-state", "sending");
        await Expect(host.Find("send-state")).ToContainTextAsync("Rehearsal: only you see this");
        // Beside it, what a viewer would see.
        await host.MovingPictureAsync();
        var id = StudioUrl().Match(host.Page.Url).Groups[1].Value;
        Assert.Equal(System.Net.HttpStatusCode.NotFound, await stage.Friend.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));
        return id;
    }

    private static async Task<string> GoLiveFromRehearsalAsync(Seat host, Stage stage, string rehearsal)
    {
        await host.ClickAsync("go-live-now");
        await host.ClickAsync("go-live-now-confirm");
        await host.AtAsync(new($"/b/(?!{rehearsal})[0-9a-f]{{32}}/studio$"));
        await Expect(host.Find("send-state")).ToContainTextAsync("Your picture is on the air");
        await PreviewMovesAsync(host);
        var id = StudioUrl().Match(host.Page.Url).Groups[1].Value;
        // Nothing of the rehearsal is left.
        Assert.Equal(System.Net.HttpStatusCode.NotFound, await stage.Host.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{rehearsal}"));
        await stage.StateAsync(id, "live");
        return id;
    }

    private static async Task WatchedEveryWayAsync(Seat friend, Stage stage, string id)
    {
        await friend.GoAsync($"{stage.Server.Url}/b/{id}?player=hls");
        await friend.MovingPictureAsync();
        await Expect(friend.Player).ToHaveAttributeAsync("data-transport", "hls");

        // The host asked for the shortest delay; a server that has much to do and answers late is no reason for another way.
        await friend.Page.RouteAsync(url => url.Contains("/whep", StringComparison.Ordinal), LateAsync);
        await friend.GoAsync($"{stage.Server.Url}/b/{id}");
        await friend.MovingPictureAsync();
        await Expect(friend.Player).ToHaveAttributeAsync("data-transport", "whep");
        await friend.Page.UnrouteAllAsync();
        await friend.SayAsync("You are quick");
        await Expect(friend.Comment("You are quick")).ToBeVisibleAsync();
        // The viewer's own choice, from the readout, without a reload.
        await friend.ClickOnPlayerAsync("info");
        await friend.ClickAsync("conversation");
        await Expect(friend.Player).ToHaveAttributeAsync("data-transport", "ws");
        await friend.MovingPictureAsync();
    }

    private static async Task LateAsync(IRoute route)
    {
        await Task.Delay(TimeSpan.FromSeconds(route.Request.Method == "POST" ? 4 : 0));
        await route.ContinueAsync();
    }

    /// <summary>A camera that is off leaves a card in its place: viewers keep a picture, and it is another one.</summary>
    private static async Task CameraOffAndPauseAsync(Seat host, Seat friend)
    {
        await friend.MovingPictureAsync();
        await host.ClickAsync("picture");
        await Eventually.TrueAsync("the friend sees the card", Eventually.Patience, async () => await friend.GreenAsync() < 0.5);
        await host.ClickAsync("picture");
        await Eventually.TrueAsync("the friend sees the camera again", Eventually.Patience, async () => await friend.GreenAsync() > 0.5);
        await host.ClickAsync("mic");
        await Expect(host.Page.GetByText("Muted: nobody hears you")).ToBeVisibleAsync();
        await host.ClickAsync("mic");
    }

    private static async Task StaysOnTheAirWhileOneLooksAroundAsync(Seat host)
    {
        await host.ClickAsync("nav-chats");
        await host.ClickAsync("on-air");
        await Expect(host.Find("send-state")).ToHaveAttributeAsync("data-state", "sending");
    }

    private static async Task EndsWithASummaryAsync(Seat host, Seat friend, string id)
    {
        await host.ClickAsync("end");
        await host.ClickAsync("ask-yes");
        await Expect(host.Find("summary")).ToBeVisibleAsync();
        await Expect(host.Find("to-replay")).ToBeVisibleAsync();
        await Expect(host.Find("camera")).ToBeHiddenAsync();
        await Expect(friend.Player).ToHaveAttributeAsync("data-mode", "replay");
        await friend.MovingPictureAsync();
        Assert.Contains(id, friend.Page.Url, StringComparison.Ordinal);
    }

    private static Task PreviewMovesAsync(Seat seat) => Eventually.TrueAsync("the preview moves", Eventually.Patience, async () =>
    {
        var before = await TimeAsync();
        return before > 0 && await Eventually.GetAsync("another moment", Eventually.Patience, async () => await TimeAsync() is var now && now > before ? (object)now : null) is not null;

        async Task<double> TimeAsync() => await seat.Find("camera-preview").EvaluateAsync<double>("video => video.videoWidth > 0 ? video.currentTime : 0");
    });

    [GeneratedRegex("/b/([0-9a-f]{32})/studio$")]
    private static partial Regex StudioUrl();
}
