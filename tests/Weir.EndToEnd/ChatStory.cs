using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>The conversation of a lifetime, held by two people in two browsers.</summary>
public sealed class ChatStory : TwoPeople
{
    // A picture of one red pixel, and a file.
    private static readonly byte[] Pixel = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==");

    // A photograph as a phone held upright makes it: red left of blue, with a note to turn it by 90 degrees, and where it was taken.
    private static readonly byte[] Turned = Convert.FromBase64String(
        "/9j/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD//gAcTiA0OC4yIEUgMTYuMyBzZWNyZXQgcGxhY2X/4AAQSkZJRgABAgAAAQABAAD//gAQTGF2YzU5LjM3LjEwMAD/2wBDAAgQEBMQExYWFhYWFhoYGhsbGxoaGhobGxsdHR0iIiIdHR0bGx0dICAiIiUmJSMjIi"
        + "MmJigoKDAwLi44ODpFRVP/xABOAAEBAAAAAAAAAAAAAAAAAAAABgEBAQEBAAAAAAAAAAAAAAAAAAgHBhABAAAAAAAAAAAAAAAAAAAAABEBAAAAAAAAAAAAAAAAAAAAAP/AABEIACAAQAMBIgACEQADEQD/2gAMAwEAAhEDEQA/AIsByjfwAEgAqpNgACvASqpMABIAKqTYAA//2Q==");

    [Fact]
    public Task Words_replies_pictures_files_and_recalls_go_both_ways() => WithAsync(async (stage, chromium) =>
    {
        var (host, friend) = await MeetAsync(stage, chromium);

        await host.WriteAsync("Hello 小明, <b>no HTML</b> https://example.org/a?b=1");
        await friend.SeesAsync("Hello 小明, <b>no HTML</b>");
        await host.SentAsync("Hello");
        await Expect(friend.Message("Hello").Locator("b")).ToHaveCountAsync(0);
        await Expect(friend.Message("Hello").GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", "https://example.org/a?b=1");

        // Somebody who types is seen typing, here only.
        await friend.Find("message-text").PressSequentiallyAsync("看");
        await Expect(host.Find("typing")).ToBeVisibleAsync();
        await friend.WriteAsync("看到了 😀");
        await host.SeesAsync("看到了 😀");
        await Expect(host.Find("typing")).ToHaveCountAsync(0);

        await friend.ClickAsync("emoji");
        await friend.Find("emoji-picker").GetByRole(AriaRole.Button, new() { Name = "😄", Exact = true }).ClickAsync();
        await friend.ClickAsync("send-message");
        await Expect(host.Find("message").Last).ToContainTextAsync("😄");

        await host.ChooseAsync("看到了", "menu-reply");
        await Expect(host.Find("replying")).ToContainTextAsync("看到了");
        await host.WriteAsync("good");
        await friend.Message("good").GetByTestId("quote").ClickAsync();
        await Expect(friend.Message("good").GetByTestId("quote")).ToContainTextAsync("看到了");

        await host.Find("picture-input").SetInputFilesAsync(new FilePayload { Name = "red.png", MimeType = "image/png", Buffer = Pixel });
        await host.WriteAsync("a picture");
        await Expect(friend.Message("a picture").GetByTestId("pictures").Locator("img")).ToHaveJSPropertyAsync("complete", true);
        await Eventually.TrueAsync("the friend sees the picture", Eventually.Patience, () =>
            friend.Message("a picture").GetByTestId("pictures").Locator("img").EvaluateAsync<bool>("(img) => img.naturalWidth === 1"));

        // Everybody sees it upright, and nobody where it was taken.
        await host.Find("picture-input").SetInputFilesAsync(new FilePayload { Name = "turned.jpg", MimeType = "image/jpeg", Buffer = Turned });
        await host.WriteAsync("upright");
        await Eventually.TrueAsync("the photograph stands upright, red above blue", Eventually.Patience, () => friend.Message("upright").GetByTestId("pictures").Locator("img").EvaluateAsync<bool>(
            """
            async (img) => {
              await img.decode();
              const canvas = Object.assign(document.createElement('canvas'), { width: img.naturalWidth, height: img.naturalHeight });
              const context = canvas.getContext('2d', { willReadFrequently: true });
              context.drawImage(img, 0, 0);
              const [above, below] = [context.getImageData(16, 8, 1, 1).data, context.getImageData(16, 56, 1, 1).data];
              const bytes = await (await fetch(img.src)).text();
              return img.naturalWidth === 32 && img.naturalHeight === 64 && above[0] > 150 && above[2] < 100 && below[2] > 150 && below[0] < 100 && !/secret|Exif/.test(bytes);
            }
            """));

        // What one reads one passes on, here to the same chat.
        await friend.ChooseAsync("upright", "menu-forward");
        await friend.Find("forward-to").First.ClickAsync();
        await Expect(host.Message("upright")).ToHaveCountAsync(2);
        await Expect(host.Message("upright").Last.GetByTestId("pictures").Locator("img")).ToHaveJSPropertyAsync("complete", true);

        await friend.Find("file-input").SetInputFilesAsync(new FilePayload { Name = "notes 记录.txt", MimeType = "text/plain", Buffer = "hello"u8.ToArray() });
        await Expect(friend.Find("chosen-file")).ToHaveAttributeAsync("data-state", "done");
        await friend.ClickAsync("send-message");
        await Expect(host.Find("message").Last.GetByTestId("file")).ToContainTextAsync("notes 记录.txt");
        var download = await host.Page.RunAndWaitForDownloadAsync(() => host.Find("message").Last.GetByTestId("file").ClickAsync());
        Assert.Equal("hello", await File.ReadAllTextAsync(await download.PathAsync()));

        await host.WriteAsync("something to regret");
        await friend.SeesAsync("something to regret");
        await host.ChooseAsync("something to regret", "menu-recall");
        await Expect(friend.Find("notice")).ToHaveTextAsync($"{Host} recalled a message");
        await Expect(friend.Message("something to regret")).ToHaveCountAsync(0);
        await host.ClickAsync("write-again");
        await Expect(host.Find("message-text")).ToHaveValueAsync("something to regret");

        NothingToComplain(host, friend);
    });

    [Fact]
    public Task What_is_unread_is_counted_and_read_in_one_tab_is_read_in_the_other() => WithAsync(async (stage, chromium) =>
    {
        var conversation = await stage.Host.DirectAsync("friend");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await friend.SignInAsync(stage.Server, "friend");
        var second = await chromium.TabAsync(friend, "friend's second tab");
        await second.GoAsync(stage.Server.Url);
        await Expect(second.Chat(Host)).ToBeVisibleAsync();
        for (var number = 1; number <= 3; number++)
        {
            await stage.Host.TellAsync(conversation, $"number {number}");
        }

        foreach (var tab in new[] { friend, second })
        {
            await Expect(tab.Chat(Host)).ToHaveAttributeAsync("data-unread", "3");
            await Expect(tab.Find("badge-chats")).ToHaveTextAsync("3");
        }

        await friend.OpenChatAsync(Host);
        await Expect(friend.Find("unread-mark")).ToBeVisibleAsync();
        await friend.ShowsInOrderAsync("number", ["number 1", "number 2", "number 3"]);
        await Expect(second.Chat(Host)).ToHaveAttributeAsync("data-unread", "0");
        await Expect(second.Find("badge-chats")).ToHaveCountAsync(0);

        // Nobody else is told what was read.
        await friend.ClickAsync("back");
        await Expect(friend.Find("chats")).ToBeVisibleAsync();

        // Muted: counted, but not beside the tab. The other tab knows, also when it hears of a message while a list from before it is on its way.
        var (read, sent) = (new TaskCompletionSource(), new TaskCompletionSource());
        await second.Page.RouteAsync(url => url.EndsWith("/api/conversations", StringComparison.Ordinal), async route =>
        {
            var older = await route.FetchAsync();
            read.TrySetResult();
            await sent.Task;
            await route.FulfillAsync(new() { Response = older });
        });
        await friend.Chat(Host).ClickAsync(new() { Button = MouseButton.Right });
        await friend.ClickAsync("turn-mute");
        await read.Task.WaitAsync(Eventually.Patience);
        await stage.Host.TellAsync(conversation, "number 4");
        await Expect(second.Chat(Host)).ToHaveAttributeAsync("data-unread", "1");
        sent.SetResult();
        await Expect(second.Chat(Host)).ToContainTextAsync("Muted");
        await Expect(second.Chat(Host)).ToContainTextAsync("number 4");
        await Expect(second.Chat(Host)).ToHaveAttributeAsync("data-unread", "1");
        await Expect(second.Find("badge-chats")).ToHaveCountAsync(0);
        await second.Page.UnrouteAllAsync();

        // A draft stays with its conversation, in every tab.
        await friend.OpenChatAsync(Host);
        await friend.TypeAsync("message-text", "half a thought");
        await Expect(second.Chat(Host)).ToContainTextAsync("[Draft] half a thought");
        await friend.Page.ReloadAsync();
        await Expect(friend.Find("message-text")).ToHaveValueAsync("half a thought");

        // Another conversation knows nothing of it, and has one of its own.
        await stage.Host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = "Weekend" });
        await friend.ClickAsync("back");
        await friend.OpenChatAsync("Weekend");
        await Expect(friend.Find("message-text")).ToHaveValueAsync("");
        await friend.TypeAsync("message-text", "another thought");
        await friend.ClickAsync("back");
        await friend.OpenChatAsync(Host);
        await Expect(friend.Find("message-text")).ToHaveValueAsync("half a thought");
        await friend.ClickAsync("back");
        await friend.OpenChatAsync("Weekend");
        await Expect(friend.Find("message-text")).ToHaveValueAsync("another thought");
        NothingToComplain(friend, second);
    });

    [Fact]
    public Task A_conversation_that_is_opened_by_its_address_begins_where_its_reader_stopped() => WithAsync(async (stage, chromium) =>
    {
        const int Missed = 30;
        var conversation = await stage.Host.DirectAsync("friend");
        var friend = await chromium.SeatAsync("friend", 390, 844);
        await friend.SignInAsync(stage.Server, "friend");
        await stage.Host.TellAsync(conversation, "seen");
        await friend.GoAsync($"{stage.Server.Url}/c/{conversation}");
        await Eventually.TrueAsync("the first message is read", Eventually.Patience, async () => await ReadAsync() == 1);
        await friend.Page.GotoAsync("about:blank");
        for (var number = 1; number <= Missed; number++)
        {
            await stage.Host.TellAsync(conversation, $"number {number}");
        }

        await friend.GoAsync($"{stage.Server.Url}/c/{conversation}");
        await Expect(friend.Find("unread-mark")).ToBeInViewportAsync();
        await Eventually.TrueAsync("what is on the screen is read", Eventually.Patience, async () => await ReadAsync() > 1);
        await Expect(friend.Find("unread-mark")).ToBeInViewportAsync();
        Assert.InRange(await ReadAsync(), 2, Missed);
        NothingToComplain(friend);

        async Task<long> ReadAsync() => (await stage.Friend.GetAsync($"/api/conversations/{conversation}")).GetProperty("readSeq").GetInt64();
    });

    [Fact]
    public Task A_group_is_made_renamed_and_left_and_mentions_are_picked() => WithAsync(async (stage, chromium) =>
    {
        await stage.Host.BefriendAsync(stage.Stranger, "stranger");
        var (host, friend) = await MeetAsync(stage, chromium);
        await host.ClickAsync("new-chat");
        await host.Find("choose-friend").CheckAsync();
        await host.Find("choose-stranger").CheckAsync();
        await host.TypeAsync("group-name", "Weekend");
        await host.ClickAsync("start-chat");
        await Expect(host.Chat("Weekend")).ToBeVisibleAsync();
        await friend.ClickAsync("back");
        await friend.OpenChatAsync("Weekend");

        await Expect(host.Page.GetByRole(AriaRole.Heading, new() { Name = "Weekend" })).ToBeVisibleAsync();
        await host.Find("message-text").PressSequentiallyAsync("who comes, @小");
        await host.Find("mentions").GetByTestId("mention-friend").ClickAsync();
        await Expect(host.Find("message-text")).ToHaveValueAsync("who comes, @小明 ");
        await host.Find("message-text").PressAsync("Enter");
        await Expect(friend.Message("who comes").Locator(".mention")).ToHaveTextAsync("@小明");

        await host.ClickAsync("chat-info");
        await host.TypeAsync("group-name", "Weekend at the weir");
        await host.ClickAsync("rename-group");
        await Expect(friend.Page.GetByRole(AriaRole.Heading, new() { Name = "Weekend at the weir" })).ToBeVisibleAsync();
        await host.Page.Keyboard.PressAsync("Escape");

        await friend.ClickAsync("chat-info");
        await friend.ClickAsync("leave-group");
        await friend.ClickAsync("ask-yes");
        await Expect(friend.Chat("Weekend at the weir")).ToHaveCountAsync(0);
        await host.ClickAsync("chat-info");
        await Expect(host.Find("member-friend")).ToHaveCountAsync(0);
        await Expect(host.Find("member-stranger")).ToBeVisibleAsync();
        await host.Page.Keyboard.PressAsync("Escape");
        await host.WriteAsync("without you");
        await host.SentAsync("without you");
        await Expect(friend.Page.GetByText("without you")).ToHaveCountAsync(0);
        NothingToComplain(host, friend);
    });

    [Fact]
    public Task What_is_written_without_a_network_arrives_once_and_in_order_even_after_a_reload() => WithAsync(async (stage, chromium) =>
    {
        var (host, friend) = await MeetAsync(stage, chromium);
        await host.WriteAsync("before");
        await friend.SeesAsync("before");
        await friend.SentAsync("before");

        await host.Page.Context.SetOfflineAsync(true);
        var queued = Enumerable.Range(1, 5).Select(number => $"queued {number}").ToList();
        foreach (var text in queued)
        {
            await host.WriteAsync(text);
        }

        await Expect(host.Message("queued 5")).ToHaveAttributeAsync("data-status", "sending");
        await friend.WriteAsync("meanwhile 1");
        await friend.WriteAsync("meanwhile 2");
        await friend.SentAsync("meanwhile 2");
        await Expect(host.Message("meanwhile")).ToHaveCountAsync(0);

        await host.Page.Context.SetOfflineAsync(false);
        await host.ShowsInOrderAsync("queued", queued);
        await host.ShowsInOrderAsync("meanwhile", ["meanwhile 1", "meanwhile 2"]);
        await friend.ShowsInOrderAsync("queued", queued);
        foreach (var text in queued)
        {
            await host.SentAsync(text);
        }

        // Again, and this time the window is closed before the network is back: another one of the same browser sends them.
        await host.Page.Context.SetOfflineAsync(true);
        foreach (var text in new[] { "kept 1", "kept 2", "kept 3" })
        {
            await host.WriteAsync(text);
        }

        await Expect(host.Message("kept 3")).ToHaveAttributeAsync("data-status", "sending");
        var reopened = await chromium.TabAsync(host, "host's new window");
        await host.Page.CloseAsync();
        await reopened.Page.Context.SetOfflineAsync(false);
        await reopened.GoAsync(stage.Server.Url);
        await friend.ShowsInOrderAsync("kept", ["kept 1", "kept 2", "kept 3"]);
        await reopened.OpenChatAsync(Friend);
        await reopened.ShowsInOrderAsync("kept", ["kept 1", "kept 2", "kept 3"]);
        NothingToComplain(friend, reopened);
    });

    [Fact]
    public Task A_crash_of_the_server_during_a_conversation_loses_and_doubles_nothing() => WithAsync(async (stage, chromium) =>
    {
        var (host, friend) = await MeetAsync(stage, chromium);
        await host.WriteAsync("before the crash");
        await friend.SeesAsync("before the crash");

        var wanted = new List<string>();
        for (var round = 1; round <= 2; round++)
        {
            for (var number = 1; number <= 4; number++)
            {
                wanted.Add($"crash {round}.{number}");
                await host.WriteAsync(wanted[^1]);
                if (number == 2)
                {
                    stage.Server.Process.Kill();
                    await stage.Server.Process.WaitAsync();
                }
            }

            await stage.Server.StartAsync();
            await friend.ShowsInOrderAsync("crash", wanted);
            await host.ShowsInOrderAsync("crash", wanted);
            await host.SentAsync(wanted[^1]);
        }

        await friend.WriteAsync("after the crash");
        await host.SeesAsync("after the crash");
    });

    [Fact]
    public Task A_refused_message_is_tried_again_by_hand_and_signing_out_leaves_nothing_behind() => WithAsync(async (stage, chromium) =>
    {
        var (host, friend) = await MeetAsync(stage, chromium);
        await host.WriteAsync("hello");
        await friend.SeesAsync("hello");
        await stage.Friend.DeleteAsync("/api/friends/host");
        await host.WriteAsync("are we still friends?");
        await Expect(host.Message("are we still friends?")).ToHaveAttributeAsync("data-status", "failed");
        await Expect(host.Find("may-not-write")).ToBeVisibleAsync();
        await host.Page.ReloadAsync();
        await Expect(host.Message("are we still friends?")).ToHaveAttributeAsync("data-status", "failed");

        await stage.Friend.BefriendAsync(stage.Host, "host");
        await host.ClickAsync("message-retry");
        await friend.SeesAsync("are we still friends?");
        await host.SentAsync("are we still friends?");
        await Expect(host.Find("message-text")).ToBeVisibleAsync();

        await host.TypeAsync("message-text", "a secret draft");
        Assert.NotEmpty(await KeptAsync(host));
        await host.ClickAsync("nav-me");
        await host.ClickAsync("sign-out");
        await Expect(host.Find("submit")).ToBeVisibleAsync();
        await Eventually.TrueAsync("nothing is kept", Eventually.Patience, async () => (await KeptAsync(host)).Length == 0);
        await friend.WriteAsync("bye");
        await friend.SentAsync("bye");
    });

    /// <summary>What this device still has of the person: keys of its storage, and databases.</summary>
    private static Task<string[]> KeptAsync(Seat seat) => seat.Page.EvaluateAsync<string[]>(
        """
        async () => {
          const kept = Object.keys(localStorage).filter((key) => /^weir\.(me|outbox|draft)/.test(key));
          const databases = (await indexedDB.databases()).map((one) => one.name);
          return [...kept, ...databases];
        }
        """);
}
