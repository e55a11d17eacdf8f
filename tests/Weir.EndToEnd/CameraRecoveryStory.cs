using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>The live plane dies under a camera that sends: the page comes back by itself, and so does everybody's picture.</summary>
[Collection(nameof(Timed))]
public sealed partial class CameraRecoveryStory
{
    private const string OnTheAir = "Your picture is on the air";
    private const string Lost = "Connection lost. Trying again by itself…";

    [Fact]
    public async Task After_kill_9_of_the_live_plane_a_camera_goes_on_by_itself_in_the_same_broadcast_and_its_viewers_see_it()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task TellAsync(Stage stage, Chromium chromium)
    {
        var host = await chromium.SeatAsync("host");
        await host.SignInAsync(stage.Server, "host");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await friend.SignInAsync(stage.Server, "friend");
        var quick = await chromium.TabAsync(friend, "friend by WebRTC");

        var id = await GoLiveAsync(host, stage);
        await WatchAsync(stage, friend, $"/b/{id}", "ws");
        await WatchAsync(stage, quick, $"/b/{id}?player=whep", "whep");
        await friend.SayAsync("before the crash");
        await Expect(host.Comment("before the crash")).ToBeVisibleAsync();
        var seats = new[] { host, friend, quick };
        foreach (var seat in seats)
        {
            await seat.Page.EvaluateAsync("() => { window.sameDocument = true; }");
        }

        var before = await stage.Host.GetAsync($"/api/broadcasts/{id}");
        await InTheStudioAsync(stage, host, id);
        await ViewersSeeWhatTheCameraSendsNowAsync(host, friend, quick);
        await host.SayAsync("after the crash");
        await Expect(friend.Comment("after the crash")).ToBeVisibleAsync();
        await Expect(friend.Comment("before the crash")).ToHaveCountAsync(1);
        await WhileTheHostReadsMessagesAsync(stage, host, id);
        await friend.MovingPictureAsync();

        var after = await stage.Host.GetAsync($"/api/broadcasts/{id}");
        Assert.Equal(Stage.Text(before, "startedAt"), Stage.Text(after, "startedAt"));
        await EndedElsewhereAsync(stage, host, friend, id);
        foreach (var seat in seats)
        {
            Assert.True(await seat.Page.EvaluateAsync<bool>("() => window.sameDocument === true"), $"{seat.Name}'s page was loaded again");
            Assert.True(seat.Complaints().Count == 0, $"{seat.Name}'s console:\n{string.Join("\n", seat.Complaints())}");
        }
    }

    private static async Task<string> GoLiveAsync(Seat host, Stage stage)
    {
        await host.GoAsync($"{stage.Server.Url}/go-live");
        await host.ClickAsync("go-live");
        await host.AtAsync(StudioUrl());
        await Expect(host.Find("send-state")).ToContainTextAsync(OnTheAir);
        var id = StudioUrl().Match(host.Page.Url).Groups[1].Value;
        await stage.StateAsync(id, "live");
        return id;
    }

    private static async Task WatchAsync(Stage stage, Seat viewer, string path, string transport)
    {
        await viewer.GoAsync(stage.Server.Url + path);
        await viewer.MovingPictureAsync();
        await Expect(viewer.Player).ToHaveAttributeAsync("data-transport", transport);
    }

    /// <summary>The studio says that the connection is lost, and then that the picture is on the air, once each.</summary>
    private static async Task InTheStudioAsync(Stage stage, Seat host, string id)
    {
        await KilledAsync(stage, host, host.Find("send-state").Locator("p").First, [OnTheAir, Lost, OnTheAir]);
        await stage.StateAsync(id, "live");
        await Expect(host.Page.Locator("header .badge")).ToHaveTextAsync("Live");
        await Expect(host.Find("health")).ToContainTextAsync("Chrome, Linux");
    }

    /// <summary>A crash soon after the last one, while the camera runs behind another page: the bar over it says the same.</summary>
    private static async Task WhileTheHostReadsMessagesAsync(Stage stage, Seat host, string id)
    {
        await host.ClickAsync("nav-chats");
        await KilledAsync(stage, host, host.Find("on-air").GetByRole(AriaRole.Status), ["You are live", "Connection lost", "You are live"]);
        await stage.StateAsync(id, "live");
        await host.ClickAsync("on-air");
        await Expect(host.Find("send-state")).ToContainTextAsync(OnTheAir);
    }

    /// <summary>Kills the live plane and waits until these words, and no others, have stood in one place of the page, in this order.</summary>
    private static async Task KilledAsync(Stage stage, Seat host, ILocator place, string[] words)
    {
        await place.EvaluateAsync(
            """
            (place) => {
              const told = window.told = [];
              const note = () => { const words = place.textContent.trim(); if (told.at(-1) !== words) told.push(words); };
              note();
              new MutationObserver(note).observe(place, { childList: true, characterData: true, subtree: true });
            }
            """);
        var killed = stage.Server.LiveProcess();
        ChildProcess.Signal(killed, "KILL");
        var told = Array.Empty<string>();
        await Eventually.TrueAsync(
            "the camera sends again",
            Eventually.Patience,
            async () => (told = await host.Page.EvaluateAsync<string[]>("() => window.told")).Length >= words.Length,
            () => $"The page said: {JsonSerializer.Serialize(told)}");
        Assert.Equal(words, told);
        Assert.NotEqual(killed, stage.Server.LiveProcess());
    }

    /// <summary>What was buffered before the crash cannot show the card of a camera that is off, nor the camera after it.</summary>
    private static async Task ViewersSeeWhatTheCameraSendsNowAsync(Seat host, params Seat[] viewers)
    {
        foreach (var viewer in viewers)
        {
            await viewer.MovingPictureAsync();
        }

        await host.ClickAsync("picture");
        foreach (var viewer in viewers)
        {
            await Eventually.TrueAsync($"{viewer.Name} sees the card", Eventually.Patience, async () => await viewer.GreenAsync() < 0.5);
        }

        await host.ClickAsync("picture");
        foreach (var viewer in viewers)
        {
            await Eventually.TrueAsync($"{viewer.Name} sees the camera again", Eventually.Patience, async () => await viewer.GreenAsync() > 0.5);
        }
    }

    /// <summary>Ended by another device of the host's, who looks at something else here: the camera goes off with the bar.</summary>
    private static async Task EndedElsewhereAsync(Stage stage, Seat host, Seat friend, string id)
    {
        await host.ClickAsync("nav-chats");
        await Expect(host.Find("on-air")).ToBeVisibleAsync();
        await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, System.Net.HttpStatusCode.NoContent);
        await Expect(host.Find("on-air")).ToBeHiddenAsync();
        await Expect(friend.Player).ToHaveAttributeAsync("data-mode", "replay");
        await friend.MovingPictureAsync();
    }

    [GeneratedRegex("/b/([0-9a-f]{32})/studio$")]
    private static partial Regex StudioUrl();
}
