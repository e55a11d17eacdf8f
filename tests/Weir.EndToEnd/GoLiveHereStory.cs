using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>
/// Going live from a place, on a phone: from a conversation to its members, from an official account to its followers. A friend who is
/// neither finds nothing.
/// </summary>
[Collection(nameof(Timed))]
public sealed partial class GoLiveHereStory
{
    private const string Group = "Weekend";
    private const string Official = "River Post";

    [Fact]
    public Task From_a_conversation_its_members_see_it_and_no_other_friend() => WithAsync(async (stage, outside, host, friend, other) =>
    {
        var group = Stage.Text(await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = Group }), "id");
        await host.SignInAsync(stage.Server, "host");
        await host.OpenChatAsync(Group);
        await host.ClickAsync("attach");
        await host.ClickAsync("go-live-here");
        await OnlyForAsync(host, $"1 person in {Group}");
        await host.ClickAsync("go-live");
        var (broadcast, audience) = await OnTheAirAsync(stage, host);
        Assert.Equal(("conversation", group), (Stage.Text(audience, "kind"), Stage.Text(audience, "conversation")));

        await friend.SignInAsync(stage.Server, "friend");
        await friend.OpenChatAsync(Group);
        await Expect(friend.Find("live-bar")).ToHaveAttributeAsync("data-id", broadcast);
        await friend.ClickAsync("live-bar");
        await friend.MovingPictureAsync();
        await HiddenAsync(stage, outside, other, broadcast);
    });

    /// <summary>By way of a rehearsal, which is to forget nobody and to add nobody.</summary>
    [Fact]
    public Task From_an_official_account_its_followers_see_it_and_no_other_friend() =>
        WithAsync(async (stage, outside, host, friend, other) =>
    {
        var opened = await stage.Host.PostAsync("/api/official", new { handle = "river", name = Official, open = true });
        var official = Stage.Text(opened, "id");
        await stage.Friend.PutAsync("/api/official/river/follow");
        await host.SignInAsync(stage.Server, "host");
        await host.GoAsync($"{stage.Server.Url}/accounts/river/manage");
        await host.ClickAsync("go-live-as");
        await OnlyForAsync(host, $"1 follower of {Official}");
        await host.ClickAsync("rehearse");
        await host.AtAsync(StudioUrl());
        await Expect(host.Find("send-state")).ToHaveAttributeAsync("data-state", "sending");
        var rehearsal = StudioUrl().Match(host.Page.Url).Groups[1].Value;
        Assert.Equal(HttpStatusCode.NotFound, await stage.Friend.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{rehearsal}"));

        await host.ClickAsync("go-live-now");
        await OnlyForAsync(host, $"1 follower of {Official}");
        await host.ClickAsync("go-live-now-confirm");
        await host.AtAsync(new($"/b/(?!{rehearsal})[0-9a-f]{{32}}/studio$"));
        var (broadcast, audience) = await OnTheAirAsync(stage, host);
        Assert.Equal(("followers", official), (Stage.Text(audience, "kind"), Stage.Text(audience, "officialAccount")));

        await friend.SignInAsync(stage.Server, "friend");
        await friend.ClickAsync("nav-live");
        // It is the account's, whoever of its editors holds the camera.
        var card = friend.Find("live-now").GetByTestId("broadcast");
        await Expect(card).ToContainTextAsync(Official);
        await Expect(card).Not.ToContainTextAsync("Hanna Host");
        await card.ClickAsync();
        await friend.MovingPictureAsync();
        await Expect(friend.Find("watch")).ToContainTextAsync($"by {Official}");
        // It stands on the account's own page while it runs.
        await friend.GoAsync($"{stage.Server.Url}/accounts/river");
        await Expect(friend.Page.Locator($"[data-testid=broadcast][data-id='{broadcast}']")).ToBeVisibleAsync();
        await HiddenAsync(stage, outside, other, broadcast);
    });

    /// <summary>The page says who will see it, and nobody else can be added by chance.</summary>
    private static async Task OnlyForAsync(Seat host, string words)
    {
        await Expect(host.Find("audience-words").Last).ToHaveTextAsync(words);
        await Expect(host.Find("audience-friends")).ToHaveCountAsync(0);
    }

    private static async Task<(string Broadcast, JsonElement Audience)> OnTheAirAsync(Stage stage, Seat host)
    {
        await host.AtAsync(StudioUrl());
        await Expect(host.Find("send-state")).ToContainTextAsync("Your picture is on the air");
        var id = StudioUrl().Match(host.Page.Url).Groups[1].Value;
        await stage.StateAsync(id, "live");
        return (id, (await stage.Host.GetAsync($"/api/broadcasts/{id}")).GetProperty("audience"));
    }

    private static async Task HiddenAsync(Stage stage, Api outside, Seat other, string id)
    {
        Assert.Equal(HttpStatusCode.NotFound, await outside.StatusAsync(HttpMethod.Get, $"/api/broadcasts/{id}"));
        await other.SignInAsync(stage.Server, "outside");
        await other.ClickAsync("nav-live");
        await Expect(other.Find("nobody-live")).ToBeVisibleAsync();
        await other.GoAsync($"{stage.Server.Url}/b/{id}");
        await Expect(other.Find("not-found")).ToBeVisibleAsync();
    }

    /// <summary>The host, a friend and another friend, each on a phone.</summary>
    private static async Task WithAsync(Func<Stage, Api, Seat, Seat, Seat, Task> story)
    {
        await using var stage = await Stage.SetAsync();
        using var outside = await stage.Host.InviteAsync("outside", "Otto Outside");
        await stage.Host.BefriendAsync(outside, "outside");
        await using var chromium = await Chromium.StartAsync();
        var (host, friend, other) = (await PhoneAsync("host"), await PhoneAsync("friend"), await PhoneAsync("another friend"));
        await chromium.TellAsync(() => story(stage, outside, host, friend, other), () => stage.Server.Output);
        Assert.Empty(host.Complaints().Concat(friend.Complaints()).Concat(other.Complaints()));

        Task<Seat> PhoneAsync(string name) => chromium.SeatAsync(name, 390, 844);
    }

    [GeneratedRegex("/b/([0-9a-f]{32})/studio$")]
    private static partial Regex StudioUrl();
}
