using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>One person's devices: what was loaded is there without a network, a second device knows what the first did, and nothing stays after signing out.</summary>
public sealed class DeviceStory
{
    private const string Host = "Hanna Host";

    [Fact]
    public async Task Without_a_network_a_reload_shows_what_was_loaded_and_keeps_what_is_written()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => OfflineAsync(stage, chromium), () => stage.Server.Output);
    }

    [Fact]
    public async Task Two_devices_of_one_person_agree()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TwoAsync(stage, chromium), () => stage.Server.Output);
    }

    [Fact]
    public async Task A_device_that_is_signed_out_from_another_shows_nothing_any_more_though_nobody_touches_it()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Host.TellAsync(conversation, "only for you");
        var lost = await chromium.SeatAsync("lost", 390, 844);
        await chromium.TellAsync(
            async () =>
            {
                await lost.SignInAsync(stage.Server, "friend");
                await lost.OpenChatAsync(Host);
                await lost.SeesAsync("only for you");
                // It is connected: what is said now comes by itself.
                await stage.Host.TellAsync(conversation, "and this too");
                await lost.SeesAsync("and this too");
                await stage.Friend.DeleteAsync("/api/sessions/others");
                await Expect(lost.Find("submit")).ToBeVisibleAsync();
                await Expect(lost.Page.Locator("body")).Not.ToContainTextAsync("only for you");
            },
            () => stage.Server.Output);
    }

    [Fact]
    public async Task A_first_visit_over_a_slow_network_ends_at_the_sign_in_page_and_signing_out_does_too()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        var friend = await chromium.SeatAsync("friend", 390, 844);
        // The page of the address is there long before the one that is shown instead of it.
        await friend.Page.RouteAsync("**/assets/SignInPage-*.js", async route =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            await route.ContinueAsync();
        });
        await chromium.TellAsync(
            async () =>
            {
                foreach (var path in new[] { "/", "/moments", "/search" })
                {
                    await friend.GoAsync(stage.Server.Url + path);
                    await Expect(friend.Find("submit")).ToBeVisibleAsync();
                }

                await friend.SignInAsync(stage.Server, "friend");
                await friend.ClickAsync("nav-me");
                await friend.ClickAsync("sign-out");
                await Expect(friend.Find("submit")).ToBeVisibleAsync();

                // A page whose code was lost on the way comes with the network.
                var visitor = await chromium.SeatAsync("visitor", 390, 844);
                await visitor.Page.RouteAsync("**/assets/SignInPage-*.js", route => route.AbortAsync());
                await visitor.GoAsync(stage.Server.Url + "/sign-in");
                await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
                await visitor.Page.UnrouteAllAsync();
                await visitor.Page.Context.SetOfflineAsync(true);
                await visitor.Page.Context.SetOfflineAsync(false);
                await Expect(visitor.Find("submit")).ToBeVisibleAsync();
            },
            () => stage.Server.Output);
        Assert.DoesNotContain(friend.Complaints(), complaint => complaint.StartsWith("uncaught", StringComparison.Ordinal));
    }

    private static async Task OfflineAsync(Stage stage, Chromium chromium)
    {
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Host.TellAsync(conversation, "read me on the train");
        await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = "Never opened" });
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await friend.SignInAsync(stage.Server, "friend");
        await friend.OpenChatAsync(Host);
        await friend.SeesAsync("read me on the train");
        // The app's own files are kept once its worker has taken over; the list and the conversation a moment after they were read.
        await Eventually.TrueAsync("the device keeps the app and the conversation", Eventually.Patience, () => friend.Page.EvaluateAsync<bool>(
            """
            async () => navigator.serviceWorker.controller !== null && await new Promise((resolve) => {
              const opening = indexedDB.open('weir');
              opening.onsuccess = () => {
                const kept = opening.result.transaction(['list', 'threads']);
                const [list, threads] = [kept.objectStore('list').get('list'), kept.objectStore('threads').getAll()];
                kept.oncomplete = () => { opening.result.close(); resolve(list.result?.entries.length === 2 && threads.result.some((one) => one.messages.length > 0)); };
              };
            })
            """));

        await friend.Page.Context.SetOfflineAsync(true);
        await friend.Page.ReloadAsync();
        await Expect(friend.Find("offline")).ToBeVisibleAsync();
        await friend.SeesAsync("read me on the train");
        await friend.WriteAsync("written in a tunnel");
        await Expect(friend.Message("written in a tunnel")).ToHaveAttributeAsync("data-status", "sending");
        await friend.Page.ReloadAsync();
        await friend.SeesAsync("written in a tunnel");
        await friend.ClickAsync("back");
        await Expect(friend.Chat(Host)).ToContainTextAsync("written in a tunnel");
        // What was never loaded says so, instead of spinning, and comes by itself with the network.
        await friend.Chat("Never opened").ClickAsync();
        await Expect(friend.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();

        await friend.Page.Context.SetOfflineAsync(false);
        await Expect(friend.Find("message-text")).ToBeVisibleAsync();
        await Expect(friend.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await Eventually.TrueAsync("what was written arrives", Eventually.Patience, async () =>
            (await stage.Host.GetAsync($"/api/conversations/{conversation}/messages")).EnumerateArray().Count(m => m.GetProperty("text").GetString() == "written in a tunnel") == 1);

        // Signed out, and then without a network: nothing of it is left.
        await friend.GoAsync(stage.Server.Url + "/me");
        await friend.ClickAsync("sign-out");
        await Expect(friend.Find("submit")).ToBeVisibleAsync();
        await Eventually.TrueAsync("the copies are gone", Eventually.Patience, () => friend.Page.EvaluateAsync<bool>("async () => (await indexedDB.databases()).length === 0"));
        await friend.Page.Context.SetOfflineAsync(true);
        await friend.GoAsync($"{stage.Server.Url}/c/{conversation}");
        await Expect(friend.Find("offline")).ToBeVisibleAsync();
        await Expect(friend.Page.GetByText("read me on the train")).ToHaveCountAsync(0);
    }

    private static async Task TwoAsync(Stage stage, Chromium chromium)
    {
        var conversation = await stage.Host.DirectAsync("friend");
        await stage.Host.TellAsync(conversation, "hello");
        var (phone, desk) = (await chromium.SeatAsync("friend's phone", 390, 844), await chromium.SeatAsync("friend's desk"));
        await phone.SignInAsync(stage.Server, "friend");
        await desk.SignInAsync(stage.Server, "friend");
        await Expect(desk.Chat(Host)).ToHaveAttributeAsync("data-unread", "1");
        await phone.OpenChatAsync(Host);
        await Expect(desk.Chat(Host)).ToHaveAttributeAsync("data-unread", "0");

        // Written on one it stands on the other, as mine; recalled on one it is gone from both; a draft stays where it is.
        await desk.OpenChatAsync(Host);
        await phone.WriteAsync("from the phone");
        await Expect(desk.Message("from the phone")).ToHaveAttributeAsync("data-mine", "true");
        await desk.ChooseAsync("from the phone", "menu-recall");
        await Expect(phone.Message("from the phone")).ToHaveCountAsync(0);
        await Expect(phone.Find("notice")).ToHaveTextAsync("You recalled a message");
        await phone.TypeAsync("message-text", "half a thought");
        await desk.WriteAsync("from the desk");
        await phone.SeesAsync("from the desk");
        await Expect(desk.Find("message-text")).ToHaveValueAsync("");
        await Expect(phone.Find("message-text")).ToHaveValueAsync("half a thought");

        // One is away for a while, and catches up.
        await phone.Page.Context.SetOfflineAsync(true);
        await desk.WriteAsync("meanwhile");
        await desk.SentAsync("meanwhile");
        await desk.ClickAsync("chat-info");
        await desk.Find("pin").CheckAsync();
        await phone.Page.Context.SetOfflineAsync(false);
        await phone.SeesAsync("meanwhile");
        await phone.ClickAsync("back");
        await Expect(phone.Chat(Host)).ToContainTextAsync("Pinned");
        Assert.Empty(phone.Complaints().Concat(desk.Complaints()));
    }
}
