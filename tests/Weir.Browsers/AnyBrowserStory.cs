using System.Net;
using System.Text.Json;
using Weir.Browsers.Harness;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers;

/// <summary>What has to work in every browser, also in one that lacks a codec or WebRTC.</summary>
public abstract class AnyBrowserStory
{
    private const string Unplayable = "This browser cannot play the format of this broadcast.";

    private protected abstract Task<Window> OpenAsync(bool h264);

    /// <summary>What stands in place of a camera that could not be sent from this browser.</summary>
    private protected abstract string CannotSend { get; }

    [Fact]
    public Task Messages_go_both_ways() => TellAsync(async (stage, window) =>
    {
        var chat = Stage.Text(await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" } }), "id");
        await window.GoAsync($"{stage.Server.Url}/c/{chat}");
        await window.TypeAsync("message-text", "written in the window");
        await window.ClickAsync("send-message");
        await window.SeesAsync("message", "written in the window");
        var messages = $"/api/conversations/{chat}/messages";
        await Eventually.TrueAsync("the host has the message", Eventually.Patience, async () =>
            (await stage.Host.GetAsync($"{messages}?after=0&limit=10")).GetRawText().Contains("written in the window"));
        await stage.Host.PostAsync(messages, new { clientId = Guid.NewGuid().ToString("N"), text = "an answer" });
        await window.SeesAsync("message", "an answer");
    });

    [Fact]
    public Task A_broadcast_is_watched_by_every_way_and_talked_about_and_becomes_a_replay() => TellAsync(async (stage, window) =>
    {
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        foreach (var way in new[] { "hls", "ws" })
        {
            await window.GoAsync($"{stage.Server.Url}/b/{id}?player={way}");
            await window.MovingPictureAsync();
            await window.HasAsync("player", "data-transport", way);
        }

        await CommentsGoBothWaysAsync(stage, window, id);
        await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
        await window.HasAsync("player", "data-mode", "replay");
        await window.MovingPictureAsync();
    });

    [Fact]
    public Task Without_H264_the_page_says_so_live_and_as_a_replay_and_comments_stay() => TellAsync(h264: false, async (stage, window) =>
    {
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await window.GoAsync($"{stage.Server.Url}/b/{id}");
        await window.SeesAsync("player-state", Unplayable);
        await CommentsGoBothWaysAsync(stage, window, id);
        await window.GoAsync($"{stage.Server.Url}/b/{id}?player=hls");
        await window.SeesAsync("player-state", Unplayable);

        await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
        await window.HasAsync("player", "data-mode", "replay");
        await window.SeesAsync("player-state", Unplayable);
        await window.GoAsync($"{stage.Server.Url}/b/{id}");
        await window.HasAsync("player", "data-mode", "replay");
        await window.SeesAsync("player-state", Unplayable);
    });

    /// <summary>
    /// WebKit pauses about one page in five by itself. What nobody asked for is undone, or a tap is offered that undoes it.
    /// </summary>
    [Fact]
    public Task A_pause_that_the_browser_makes_by_itself_does_not_stay() => TellAsync(async (stage, window) =>
    {
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        for (var load = 0; load < 5; load++)
        {
            await window.GoAsync($"{stage.Server.Url}/b/{Stage.Text(broadcast, "id")}");
            await window.MovingPictureAsync();
        }

        await window.AskAsync<object>("document.querySelector('video').pause();");
        await window.MovingPictureAsync();
    });

    /// <summary>Here WebRTC has no H.264, which is the one format that the server carries in it.</summary>
    [Fact]
    public Task The_shortest_delay_is_not_offered_and_not_tried() => TellAsync(async (stage, window) =>
    {
        var audience = new { kind = "circles", circles = new[] { stage.Circle } };
        var broadcast = await stage.Host.PostAsync("/api/broadcasts", new { title = "Talk to me", audience, conversational = true });
        await using var publisher = await stage.GoLiveAsync(broadcast);
        await window.GoAsync($"{stage.Server.Url}/b/{Stage.Text(broadcast, "id")}");
        await window.MovingPictureAsync();
        await window.HasAsync("player", "data-transport", "ws");
        await window.AskAsync<object>("document.querySelector('[data-testid=info]').click();");
        await window.SeesAsync("readout", "WebSocket");
        Assert.False(await window.ShowsAsync("conversation"), "the shortest delay is offered");
    });

    [Fact]
    public Task Whoever_cannot_send_from_here_is_told_what_to_do_before_anything_is_prepared() => TellAsync(async (stage, window) =>
    {
        await window.GoAsync($"{stage.Server.Url}/go-live");
        await window.ClickAsync("way-camera");
        await window.SeesAsync("camera-problem", CannotSend);
        await window.SeesAsync("camera-problem", "send with an encoder");
        await window.SeesAsync("go-live");
        Assert.True(await window.AskAsync<bool>("return document.querySelector('[data-testid=go-live]').disabled;"), "one may go live");
        await NothingIsPreparedAsync(stage);

        // And that works.
        await window.ClickAsync("way-encoder");
        await window.ClickAsync("prepare");
        await window.SeesAsync("studio");
    });

    private protected static async Task NothingIsPreparedAsync(Stage stage) =>
        Assert.Equal(0, (await stage.Friend.GetAsync("/api/broadcasts?scope=mine")).GetArrayLength());

    private protected Task TellAsync(Func<Stage, Window, Task> story) => TellAsync(h264: true, story);

    /// <summary>The window is the friend's, who has signed in.</summary>
    private async Task TellAsync(bool h264, Func<Stage, Window, Task> story)
    {
        await using var stage = await Stage.SetAsync();
        await using var window = await OpenAsync(h264);
        try
        {
            await SignInAsync(window, stage.Server.Url);
            await story(stage, window);
        }
        catch (Exception fault)
        {
            var shown = await window.DescribeAsync();
            throw new Xunit.Sdk.XunitException($"{fault.Message}\n{fault.StackTrace}\n\n{shown}\n\n{stage.Server.Output}");
        }
    }

    private protected static async Task SignInAsync(Window window, string url)
    {
        await window.GoAsync($"{url}/sign-in");
        await window.TypeAsync("handle", "friend");
        await window.TypeAsync("password", Api.Password);
        await window.ClickAsync("submit");
        await window.SeesAsync("chats");
    }

    private static async Task CommentsGoBothWaysAsync(Stage stage, Window window, string id)
    {
        await using var host = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Host, id), "websocket") + "&media=none");
        await window.TypeAsync("composer", "said in the window");
        await window.ClickAsync("send");
        JsonElement said;
        do
        {
            said = await host.EventAsync("comment");
        }
        while (Stage.Text(said, "text") != "said in the window");

        await host.SendAsync(new { type = "comment", clientId = "answer", text = "said by the host", at = 0 });
        await window.SeesAsync("comment", "said by the host");
    }
}
