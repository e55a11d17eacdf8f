using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>The main job, done by hand in real windows: somebody goes live to their circle, the circle watches, nobody else can.</summary>
[Collection(nameof(Timed))]
public sealed partial class BrowserStory
{
    [Fact]
    public async Task A_host_goes_live_to_a_circle_a_friend_watches_a_stranger_finds_nothing_and_a_crash_is_survived()
    {
        await using var server = new WeirServer();
        await server.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(server, chromium), () => server.Output);
    }

    private static async Task TellAsync(WeirServer server, Chromium chromium)
    {
        var host = await chromium.SeatAsync("host");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        var stranger = await chromium.SeatAsync("stranger");
        await MeetAsync(server, host, friend, stranger);
        var (id, address) = await PrepareAsync(host);

        var publisher = await Ffmpeg.PublishAsync(address, () => server.Output);
        try
        {
            await host.MovingPictureAsync();
            await HealthIsShownAsync(host);
            await FriendFindsItAsync(friend, id);
            await StrangerFindsNothingAsync(server, stranger, id);
            await CommentsGoBothWaysAsync(host, friend);
            await HlsPlaysTooAsync(server, chromium, friend, id);
            await LeavingTheCircleEndsItAsync(server, chromium, host, friend, id);

            ChildProcess.Signal(server.LiveProcess(), "KILL");
            await Expect(friend.Player).ToHaveAttributeAsync("data-state", new Regex("reconnecting|interrupted|buffering"));
            await publisher.DisposeAsync();
            publisher = await Ffmpeg.PublishAsync(address, () => server.Output);
            await friend.MovingPictureAsync();
            await host.MovingPictureAsync();
            await friend.SayAsync("after the crash");
            await Expect(host.Comment("after the crash")).ToBeVisibleAsync();

            await ItBecomesAReplayAsync(host, friend, id);
        }
        finally
        {
            await publisher.DisposeAsync();
        }

        foreach (var seat in new[] { host, friend, stranger })
        {
            Assert.True(seat.Complaints().Count == 0, $"{seat.Name}'s console:\n{string.Join("\n", seat.Complaints())}");
        }
    }

    /// <summary>Set-up by code, invitations, a friend request and a circle.</summary>
    private static async Task MeetAsync(WeirServer server, Seat host, Seat friend, Seat stranger)
    {
        await host.GoAsync($"{server.Url}/setup#{WeirServer.SetupCode}");
        await host.MakeAccountAsync("Hanna Host", "hanna");

        await host.ClickAsync("nav-people");
        await host.ClickAsync("invite");
        var invited = "";
        foreach (var (guest, name, handle) in new[] { (friend, "小明", "ming"), (stranger, "Sam Stranger", "sam") })
        {
            await host.ClickAsync("make-invitation");
            await Expect(host.Find("invitation-link")).Not.ToHaveValueAsync(invited);
            invited = await host.Find("invitation-link").InputValueAsync();
            await guest.GoAsync(invited);
            await Expect(guest.Page.GetByRole(AriaRole.Heading, new() { Name = "Hanna Host" })).ToBeVisibleAsync();
            await guest.MakeAccountAsync(name, handle);
        }

        await host.Page.Keyboard.PressAsync("Escape");
        // Whoever comes by an invitation of the page is a friend at once. Here one of the two is to stay a stranger, and the other to be
        // asked.
        await friend.ClickAsync("nav-people");
        await Expect(friend.Find("friend-hanna")).ToBeVisibleAsync();
        foreach (var handle in new[] { "ming", "sam" })
        {
            await host.Page.EvaluateAsync("handle => fetch(`/api/friends/${handle}`, { method: 'DELETE', headers: { 'X-Weir': '1' } })", handle);
        }

        await host.Page.ReloadAsync();
        await Expect(host.Find("friend-ming")).ToHaveCountAsync(0);
        await host.ClickAsync("add-friend");
        await host.TypeAsync("friend-handle", "ming");
        await host.ClickAsync("send-request");
        await Expect(host.Find("friend-handle")).ToBeHiddenAsync();
        await friend.Page.ReloadAsync();
        await friend.Find("request-hanna").GetByTestId("accept").ClickAsync();
        await Expect(friend.Find("friend-hanna")).ToBeVisibleAsync();

        await host.Page.ReloadAsync();
        await Expect(host.Find("friend-ming")).ToBeVisibleAsync();
        await host.TypeAsync("circle-name", "Family");
        await host.ClickAsync("create-circle");
        await TurnMemberAsync(host, wanted: true);
        await host.Page.Keyboard.PressAsync("Escape");
    }

    /// <summary>The go-live page says in words who will see it; the studio gives the address and the key.</summary>
    private static async Task<(string Id, string Address)> PrepareAsync(Seat host)
    {
        await host.ClickAsync("nav-goLive");
        await host.TypeAsync("title", "Sunday at the weir");
        await host.Page.Locator("[data-testid=way-encoder]").CheckAsync();
        await host.ClickAsync("audience-change");
        await host.ClickAsync("audience-circles");
        await host.Page.Locator("[data-testid=audience-circle][data-name=Family]").CheckAsync();
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 1 friend in Family");
        await host.ClickAsync("add-exception");
        await host.Find("except-ming").CheckAsync();
        await Expect(host.Find("audience-words")).ToContainTextAsync("Nobody would see this");
        await host.Find("except-ming").UncheckAsync();
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 1 friend in Family");
        await host.ClickAsync("prepare");

        await host.AtAsync(StudioUrl());
        await Expect(host.Player).ToHaveAttributeAsync("data-state", "waiting");
        await Expect(host.Find("stream-key")).ToHaveValueAsync(new Regex("^•+$"));
        await host.ClickAsync("stream-key-reveal");
        var url = await host.Find("rtmp-url").InputValueAsync();
        var key = await host.Find("stream-key").GetAttributeAsync("data-value");
        return (StudioUrl().Match(host.Page.Url).Groups[1].Value, $"{url}/{key}");
    }

    private static async Task HealthIsShownAsync(Seat host)
    {
        var health = host.Find("health");
        await Expect(health).ToContainTextAsync("640 × 360");
        await Expect(health).ToContainTextAsync("kbit/s");
        await Expect(health).ToContainTextAsync("2 s");
    }

    private static async Task FriendFindsItAsync(Seat friend, string id)
    {
        await friend.ClickAsync("nav-live");
        var card = friend.Find("live-now").Locator($"[data-testid=broadcast][data-id='{id}']");
        await Expect(card).ToContainTextAsync("Sunday at the weir");
        await Expect(card).ToHaveAttributeAsync("data-state", "live");
        await card.ClickAsync();
        await friend.MovingPictureAsync();
        await Expect(friend.Player).ToHaveAttributeAsync("data-transport", "ws");
        await Expect(friend.Player).ToHaveAttributeAsync("data-mode", "live");
    }

    /// <summary>What is hidden and what does not exist are one page.</summary>
    private static async Task StrangerFindsNothingAsync(WeirServer server, Seat stranger, string id)
    {
        await stranger.ClickAsync("nav-live");
        await Expect(stranger.Find("nobody-live")).ToBeVisibleAsync();
        foreach (var page in new[] { "", "/studio" })
        {
            var shown = new List<string>();
            foreach (var asked in new[] { id, Guid.NewGuid().ToString("N") })
            {
                await stranger.GoAsync($"{server.Url}/b/{asked}{page}");
                await Expect(stranger.Find("not-found")).ToBeVisibleAsync();
                // The frame comes by itself, before or after what it is around.
                await Expect(stranger.Find("nav-live").First).ToBeVisibleAsync();
                shown.Add(await stranger.Page.TitleAsync() + await stranger.Page.Locator("body").InnerHTMLAsync());
            }

            Assert.Equal(shown[1], shown[0]);
        }
    }

    private static async Task CommentsGoBothWaysAsync(Seat host, Seat friend)
    {
        await friend.SayAsync("你好 from the friend");
        await Expect(host.Comment("你好 from the friend")).ToBeVisibleAsync();
        await host.SayAsync("welcome by the host");
        await Expect(friend.Comment("welcome by the host")).ToBeVisibleAsync();
        await friend.SayAsync("something to regret");
        await MenuAsync(host, "something to regret", "comment-delete");
        await Expect(friend.Comment("something to regret")).ToHaveCountAsync(0);
        await MenuAsync(host, "你好 from the friend", "comment-mute");
        await Expect(friend.Find("muted")).ToBeVisibleAsync();
        await Expect(friend.Find("composer")).ToBeHiddenAsync();
        await MenuAsync(host, "你好 from the friend", "comment-unmute");
        await Expect(friend.Find("composer")).ToBeVisibleAsync();
        await Expect(host.Find("watching")).ToContainTextAsync("小明");
    }

    private static async Task HlsPlaysTooAsync(WeirServer server, Chromium chromium, Seat friend, string id)
    {
        var second = await chromium.TabAsync(friend, "friend by HLS");
        await second.GoAsync($"{server.Url}/b/{id}?player=hls");
        await second.MovingPictureAsync();
        await Expect(second.Player).ToHaveAttributeAsync("data-transport", "hls");
        await Eventually.TrueAsync("LL-HLS is between 0.2 and 8 s behind", Eventually.Patience, async () =>
            double.TryParse(await second.Player.GetAttributeAsync("data-latency-ms"), CultureInfo.InvariantCulture, out var latency) && latency is > 200 and < 8000);
        Assert.Empty(second.Complaints());
        await second.Page.CloseAsync();
    }

    /// <summary>Taken out of the circle while watching: the not-found page, at once; back in the circle it plays again.</summary>
    private static async Task LeavingTheCircleEndsItAsync(WeirServer server, Chromium chromium, Seat host, Seat friend, string id)
    {
        var people = await chromium.TabAsync(host, "host's people");
        await people.GoAsync($"{server.Url}/people");
        await people.Page.Locator("[data-testid=circle][data-name=Family]").ClickAsync();
        await TurnMemberAsync(people, wanted: false);
        await Expect(friend.Find("not-found")).ToBeVisibleAsync();
        await host.MovingPictureAsync();

        await TurnMemberAsync(people, wanted: true);
        await people.Page.CloseAsync();
        await friend.GoAsync($"{server.Url}/b/{id}");
        await friend.MovingPictureAsync();
        await Expect(friend.Comment("something to regret")).ToHaveCountAsync(0);
        await Expect(friend.Comment("welcome by the host")).ToBeVisibleAsync();
    }

    /// <summary>The end turns the friend's page into the replay where it is, with the comments at the moments they were said.</summary>
    private static async Task ItBecomesAReplayAsync(Seat host, Seat friend, string id)
    {
        await friend.Page.EvaluateAsync("() => { window.sameDocument = true; }");
        var asked = new ConcurrentQueue<string>();
        void Note(object? page, IRequest request) => asked.Enqueue(request.Url);
        friend.Page.Request += Note;
        await host.ClickAsync("end");
        await host.ClickAsync("ask-yes");
        await Expect(friend.Player).ToHaveAttributeAsync("data-mode", "replay");
        await friend.MovingPictureAsync();
        friend.Page.Request -= Note;
        // The replay alone is asked for, with the ticket that the friend has: the social plane hears nothing of the end from those who watch.
        Assert.Contains(asked, url => url.Contains($"/live/{id}/replay.m3u8?ticket=", StringComparison.Ordinal));
        Assert.DoesNotContain(asked, url => url.Contains("/api/broadcasts/", StringComparison.Ordinal));

        // Now, because a replay this short is over before the rest has been looked at.
        await friend.ClickOnPlayerAsync("play");
        await Expect(friend.Player).ToHaveAttributeAsync("data-state", "paused");
        Assert.True(await friend.Page.EvaluateAsync<bool>("() => window.sameDocument === true"), "the page was loaded again");
        Assert.EndsWith($"/b/{id}", friend.Page.Url);
        await Expect(host.Find("to-replay")).ToBeVisibleAsync();

        var said = await friend.Page.EvaluateAsync<double>(
            """
            async (id) => {
              const made = await (await fetch(`/api/broadcasts/${id}/tickets`, { method: 'POST', headers: { 'X-Weir': '1', 'Content-Type': 'application/json' }, body: '{}' })).json();
              const { events } = await (await fetch(made.watch.events)).json();
              if (events.some((event) => event.text === 'something to regret')) throw new Error('a deleted comment is in the replay');
              return events.find((event) => event.text === 'after the crash').at;
            }
            """,
            id);
        await SeekAsync(friend, (said / 1000) - 1.5);
        await Expect(friend.Comment("welcome by the host")).ToBeVisibleAsync();
        await Expect(friend.Comment("after the crash")).ToHaveCountAsync(0);
        await SeekAsync(friend, (said / 1000) + 0.2);
        await Expect(friend.Comment("after the crash")).ToBeVisibleAsync();
        await SeekAsync(friend, 0.5);
        await Expect(friend.Comment("welcome by the host")).ToHaveCountAsync(0);
        await friend.ClickAsync("play");
        await friend.MovingPictureAsync();
    }

    private static async Task SeekAsync(Seat seat, double seconds)
    {
        await seat.Find("seek").EvaluateAsync("(slider, at) => { slider.value = at; slider.dispatchEvent(new Event('input', { bubbles: true })); }", seconds);
        await Eventually.TrueAsync($"the replay stands at {seconds:0.0} s", Eventually.Patience, async () => Math.Abs((await seat.PictureAsync()).Time - seconds) < 0.3);
    }

    private static async Task MenuAsync(Seat host, string comment, string choice)
    {
        await host.Comment(comment).GetByTestId("comment-menu").ClickAsync();
        await host.ClickAsync(choice);
        await Expect(host.Find(choice)).ToBeHiddenAsync();
    }

    /// <summary>Ticks or clears the friend in the open circle, and waits for the server's answer.</summary>
    private static Task TurnMemberAsync(Seat host, bool wanted) => host.Page.RunAndWaitForResponseAsync(
        () => host.Find("member-ming").SetCheckedAsync(wanted), answer => answer.Url.EndsWith("/members/ming", StringComparison.Ordinal) && answer.Ok);

    [GeneratedRegex("/b/([0-9a-f]{32})/studio$")]
    private static partial Regex StudioUrl();
}
