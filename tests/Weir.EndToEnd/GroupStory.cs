using System.Net;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Groups as people meet them: a link that brings somebody in, roles, and a large group that asks first.</summary>
public sealed class GroupStory
{
    private const string Group = "Weekend";

    [Fact]
    public async Task A_link_brings_somebody_into_a_group_who_comes_to_lead_it()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => LinkAsync(stage, chromium), () => stage.Server.Output);
    }

    [Fact]
    public async Task A_large_group_asks_whoever_it_wants()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => LargeAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task LinkAsync(Stage stage, Chromium chromium)
    {
        await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = Group });
        var (host, stranger) = (await chromium.SeatAsync("host"), await chromium.SeatAsync("stranger", 390, 844));
        await host.SignInAsync(stage.Server, "host");
        await host.OpenChatAsync(Group);
        await host.WriteAsync("before anybody came");
        await host.SentAsync("before anybody came");
        await host.ClickAsync("chat-info");
        await host.ClickAsync("group-links");
        await host.Find("link-days").SelectOptionAsync("1");
        await host.ClickAsync("make-link");
        var link = await host.Find("group-link").InputValueAsync();
        Assert.StartsWith($"{stage.Server.Url}/g/", link, StringComparison.Ordinal);
        await Expect(host.Page.GetByRole(AriaRole.Img, new() { Name = "QR code" })).ToBeVisibleAsync();

        // Signed out it says nothing; after signing in it goes on where it was.
        await stranger.GoAsync(link);
        await Expect(stranger.Find("submit")).ToBeVisibleAsync();
        await Expect(stranger.Page.GetByText(Group)).ToHaveCountAsync(0);
        await stranger.TypeAsync("handle", "stranger");
        await stranger.TypeAsync("password", Api.Password);
        await stranger.ClickAsync("submit");
        await Expect(stranger.Find("linked-group")).ToContainTextAsync(Group);
        await Expect(stranger.Find("linked-size")).ToContainTextAsync("2");
        await stranger.ClickAsync("join-group");
        await Expect(stranger.Find("notice")).ToContainTextAsync("joined");
        await Expect(stranger.Message("before anybody came")).ToHaveCountAsync(0);
        await stranger.WriteAsync("Hello all");
        await host.Page.Keyboard.PressAsync("Escape");
        await host.Page.Keyboard.PressAsync("Escape");
        await host.SeesAsync("Hello all");
        await Expect(host.Find("notice")).ToHaveTextAsync("Sam Stranger joined");

        // Whoever came by a link comes to lead, step by step.
        await MemberAsync(host, "stranger", "turn-administrator");
        await Expect(stranger.Find("notice").Last).ToContainTextAsync("administrator");
        await MemberAsync(host, "stranger", "hand-over");
        await host.ClickAsync("ask-yes");
        await stranger.ClickAsync("chat-info");
        await Expect(stranger.Find("member-host").GetByText("Administrator")).ToBeVisibleAsync();
        await stranger.ClickAsync("group-links");
        await stranger.ClickAsync("revoke-link");
        await Expect(stranger.Find("link")).ToHaveCountAsync(0);
        await stranger.GoAsync(link);
        await Expect(stranger.Find("link-void")).ToBeVisibleAsync();

        // Named, and counted apart, in a group that is muted.
        await stranger.GoAsync(stage.Server.Url);
        await stranger.Chat(Group).ClickAsync(new() { Button = MouseButton.Right });
        await stranger.ClickAsync("turn-mute");
        await host.Page.Keyboard.PressAsync("Escape");
        await host.WriteAsync("nobody in particular");
        await host.WriteAsync("@Sam Stranger look");
        await Expect(stranger.Chat(Group).GetByTestId("mentioned")).ToBeVisibleAsync();
        await stranger.OpenChatAsync(Group);
        await Expect(stranger.Message("look").Locator(".mention")).ToHaveTextAsync("@Sam Stranger");
        await stranger.ClickAsync("back");
        await Expect(stranger.Chat(Group).GetByTestId("mentioned")).ToHaveCountAsync(0);
        Assert.Empty(host.Complaints().Concat(stranger.Complaints()));
    }

    private static async Task LargeAsync(Stage stage, Chromium chromium)
    {
        var people = Enumerable.Range(0, 39).Select(number => $"crowd_{number}").ToList();
        foreach (var some in people.Chunk(8))
        {
            await Task.WhenAll(some.Select(async handle =>
            {
                using var one = await stage.Host.InviteAsync(handle, $"Number {handle}");
                await stage.Host.BefriendAsync(one, handle);
            }));
        }

        await stage.Host.BefriendAsync(stage.Stranger, "stranger");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await friend.SignInAsync(stage.Server, "friend");
        var made = await stage.Host.PostAsync("/api/conversations", new { members = people.Append("friend").Append("stranger"), name = "Everybody" });
        Assert.Equal(2, made.GetProperty("asked").GetInt32());
        var id = Stage.Text(made, "id");

        await Expect(friend.Find("group-invitation")).ToContainTextAsync("Everybody");
        await Expect(friend.Chat("Everybody")).ToHaveCountAsync(0);
        var stranger = await chromium.SeatAsync("stranger");
        await stranger.SignInAsync(stage.Server, "stranger");
        await stranger.ClickAsync("decline-group");
        await Expect(stranger.Find("group-invitation")).ToHaveCountAsync(0);
        Assert.Equal(HttpStatusCode.NotFound, await stage.Stranger.StatusAsync(HttpMethod.Get, $"/api/conversations/{id}"));

        await friend.ClickAsync("accept-group");
        await Expect(friend.Find("notice")).ToContainTextAsync("joined");
        await friend.WriteAsync("So many of us");
        await friend.SentAsync("So many of us");
        await friend.ClickAsync("back");
        await Expect(friend.Find("group-invitation")).ToHaveCountAsync(0);
        Assert.Empty(friend.Complaints().Concat(stranger.Complaints()));
    }

    private static async Task MemberAsync(Seat seat, string handle, string choice)
    {
        if (await seat.Find("chat-info-dialog").CountAsync() == 0)
        {
            await seat.ClickAsync("chat-info");
        }

        await seat.Find($"member-{handle}").GetByTestId("member-menu").ClickAsync();
        await seat.ClickAsync(choice);
    }
}
