using System.Text.Json;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Three people and their moments: one at a desk, two with phones, who know the first and not each other.</summary>
public sealed class MomentsStory
{
    [Fact]
    public async Task Moments_reach_whom_they_are_for_and_a_friends_broadcast_plays_among_them()
    {
        await using var stage = await Stage.SetAsync();
        await stage.Host.BefriendAsync(stage.Stranger, "stranger");
        await using var chromium = await Chromium.StartAsync();
        var host = await chromium.SeatAsync("host");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        var other = await chromium.SeatAsync("stranger", 390, 844);
        await chromium.TellAsync(
            async () =>
            {
                foreach (var seat in new[] { host, friend, other })
                {
                    await seat.SignInAsync(stage.Server, seat.Name);
                    await seat.ClickAsync("nav-moments");
                    await Expect(seat.Find("no-moments")).ToBeVisibleAsync();
                }

                await PicturesForOneOfThemAsync(host, friend, other);
                await CommentsAmongFriendsAsync(stage, host, friend, other);
                await WhatWasRefusedAsync(friend);
                await LiveInPlaceAsync(stage, friend);
                await AudienceAndUndoAsync(host, friend);
            },
            () => stage.Server.Output);
        Assert.All(new[] { host, friend, other }, seat => Assert.True(seat.Complaints().Count == 0, string.Join("\n", seat.Complaints())));
    }

    private static ILocator Moment(Seat seat, string text) => seat.Find("moment").Filter(new() { HasText = text });

    /// <summary>News stand behind a button; then they are there.</summary>
    private static async Task TakeNewsAsync(Seat seat, string text)
    {
        await seat.ClickAsync("moments-fresh");
        await Expect(Moment(seat, text)).ToBeVisibleAsync();
    }

    private static async Task CommentAsync(Seat seat, string moment, string text)
    {
        await Moment(seat, moment).GetByTestId("moment-comment-open").ClickAsync();
        await seat.TypeAsync("moment-comment-text", text);
        await seat.ClickAsync("moment-comment-send");
        await Expect(Moment(seat, moment).GetByTestId("moment-comment").Filter(new() { HasText = text })).ToHaveAttributeAsync("data-status", "sent");
    }

    private static async Task PicturesForOneOfThemAsync(Seat host, Seat friend, Seat other)
    {
        await host.ClickAsync("moment-new");
        await host.TypeAsync("moment-write", "Two of the river");
        var icon = Path.Combine(Root.Path, "web", "public", "icon-512.png");
        await host.Find("picture-input").SetInputFilesAsync([icon, icon]);
        await Expect(host.Page.Locator("[data-testid=picked][data-state=done]")).ToHaveCountAsync(2);
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 2 friends");
        await host.ClickAsync("audience-change");
        await host.ClickAsync("add-exception");
        await host.Find("except-stranger").CheckAsync();
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 1 friend, except Sam Stranger");
        await host.ClickAsync("moment-post");
        await Expect(Moment(host, "Two of the river").GetByRole(AriaRole.Button, new() { NameRegex = new("Picture|picture") })).ToHaveCountAsync(2);

        await TakeNewsAsync(friend, "Two of the river");
        await Moment(friend, "Two of the river").GetByTestId("pictures").GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(friend.Find("lightbox")).ToBeVisibleAsync();

        // Back closes the picture and stays on the page; a picture that is closed otherwise leaves no step behind.
        await friend.Page.GoBackAsync();
        await Expect(friend.Find("lightbox")).ToHaveCountAsync(0);
        await Moment(friend, "Two of the river").GetByTestId("pictures").GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(friend.Find("lightbox")).ToBeVisibleAsync();
        await friend.Page.Keyboard.PressAsync("Escape");
        await Expect(friend.Find("lightbox")).ToHaveCountAsync(0);
        await Expect(Moment(friend, "Two of the river")).ToBeVisibleAsync();
        await other.Page.ReloadAsync();
        await Expect(other.Find("no-moments")).ToBeVisibleAsync();
        await Expect(other.Find("moments-fresh")).ToBeHiddenAsync();

        await Moment(friend, "Two of the river").GetByTestId("moment-like").ClickAsync();
        await Expect(Moment(host, "Two of the river").GetByTestId("moment-likes")).ToContainTextAsync("小明");
    }

    private static async Task CommentsAmongFriendsAsync(Stage stage, Seat host, Seat friend, Seat other)
    {
        const string Text = "For all of you";
        await host.ClickAsync("moment-new");
        await host.TypeAsync("moment-write", Text);
        // What was chosen last is chosen, and said.
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 1 friend, except Sam Stranger");
        await host.ClickAsync("audience-change");
        await host.Find("except-stranger").UncheckAsync();
        await Expect(host.Find("audience-words")).ToHaveTextAsync("Your 2 friends");
        await host.ClickAsync("moment-post");
        await TakeNewsAsync(friend, Text);
        await TakeNewsAsync(other, Text);
        await CommentAsync(friend, Text, "Said by Ming");
        await CommentAsync(other, Text, "Said by Sam");
        var comments = Moment(host, Text).GetByTestId("moment-comment");
        await Expect(comments).ToHaveCountAsync(2);
        // The two do not know each other: neither sees what the other said.
        await Expect(Moment(friend, Text).GetByTestId("moment-comment")).ToHaveCountAsync(1);
        await Expect(Moment(other, Text).GetByTestId("moment-comment")).ToHaveCountAsync(1);

        await comments.Filter(new() { HasText = "Said by Sam" }).GetByTestId("moment-comment-menu").ClickAsync();
        await host.ClickAsync("comment-reply");
        await host.TypeAsync("moment-comment-text", "An answer");
        await host.ClickAsync("moment-comment-send");
        await Expect(Moment(other, Text).GetByTestId("moment-comment").Filter(new() { HasText = "An answer" })).ToContainTextAsync("to Sam Stranger");
        await stage.Friend.BefriendAsync(stage.Stranger, "stranger");
        await friend.Page.ReloadAsync();
        await Expect(Moment(friend, Text).GetByTestId("moment-comment")).ToHaveCountAsync(3);
    }

    /// <summary>What the server refuses stays on the device until a person says what becomes of it.</summary>
    private static async Task WhatWasRefusedAsync(Seat friend)
    {
        const string Calls = "**/api/moments";
        await friend.Page.RouteAsync(Calls, route => route.Request.Method == "POST"
            ? route.FulfillAsync(new() { Status = 404, ContentType = "application/problem+json", Body = JsonSerializer.Serialize(new { code = "card-unknown" }) })
            : route.ContinueAsync());
        await friend.ClickAsync("moment-new");
        await friend.TypeAsync("moment-write", "In spite of everything");
        await Expect(friend.Find("audience-words")).ToContainTextAsync("friends");
        await friend.ClickAsync("moment-post");
        await Expect(friend.Find("moment-pending")).ToHaveAttributeAsync("data-status", "failed");
        await friend.Page.UnrouteAsync(Calls);
        await friend.Page.ReloadAsync();
        await Expect(friend.Find("moment-pending")).ToContainTextAsync("In spite of everything");
        await friend.ClickAsync("moment-retry");
        await Expect(Moment(friend, "In spite of everything")).ToHaveAttributeAsync("data-mine", "true");
        await Expect(friend.Find("moment-pending")).ToHaveCountAsync(0);
    }

    private static async Task LiveInPlaceAsync(Stage stage, Seat friend)
    {
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        var card = friend.Find("moments-live").GetByTestId("in-place");
        await Expect(card.GetByTestId("in-place-play")).ToBeVisibleAsync();
        Assert.Equal(0, await friend.Player.CountAsync());
        await card.GetByTestId("in-place-play").ClickAsync();
        await friend.MovingPictureAsync();
        Assert.EndsWith("/moments", friend.Page.Url);
        await Expect(friend.Find("moments-end")).ToHaveTextAsync("You are up to date");
        await card.GetByTestId("broadcast").ClickAsync();
        await friend.AtAsync(new($"/b/{Stage.Text(broadcast, "id")}$"));
        await friend.MovingPictureAsync();

        await friend.ClickAsync("share");
        await friend.ClickAsync("share-moments");
        await friend.TypeAsync("moment-write", "Come and look");
        await friend.ClickAsync("moment-post");
        await Expect(Moment(friend, "Come and look").GetByTestId("in-place")).ToBeVisibleAsync();
    }

    private static async Task AudienceAndUndoAsync(Seat host, Seat friend)
    {
        var mine = Moment(host, "For all of you");
        await mine.GetByTestId("moment-menu").ClickAsync();
        await host.ClickAsync("moment-delete");
        await Expect(mine).ToHaveCountAsync(0);
        await host.Find("toast").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(mine).ToBeVisibleAsync();

        await mine.GetByTestId("moment-mark").ClickAsync();
        await host.Find("audience-onlyMe").CheckAsync();
        await host.ClickAsync("moment-audience-save");
        await Expect(mine.GetByTestId("moment-mark")).ToContainTextAsync("Only me");
        await Expect(Moment(friend, "For all of you")).ToHaveCountAsync(0);

        // Whoever leaves before the undo is over has deleted it all the same.
        await mine.GetByTestId("moment-menu").ClickAsync();
        await host.ClickAsync("moment-delete");
        await host.Page.ReloadAsync();
        await Expect(Moment(host, "Two of the river")).ToBeVisibleAsync();
        await Expect(mine).ToHaveCountAsync(0);
    }
}
