using System.Text.Json;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>What somebody is told of, in the app and by the browser.</summary>
public sealed class NotificationsStory
{
    /// <summary>In the place of a browser's own push service, which is somewhere on the internet: a subscription with keys of its own.</summary>
    private const string PushService =
        """
        {
          let there = null;
          const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
          PushManager.prototype.getSubscription = async () => there;
          PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
            const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
            const keys = { p256dh: text(await crypto.subtle.exportKey('raw', pair.publicKey)), auth: text(crypto.getRandomValues(new Uint8Array(16))) };
            const endpoint = 'https://push.example.org/send/1';
            return (there = { endpoint, options: { applicationServerKey: applicationServerKey.buffer }, toJSON: () => ({ endpoint, keys }), unsubscribe: async () => { there = null; return true; } });
          };
        }
        """;

    [Fact]
    public async Task A_request_is_accepted_where_it_is_told_and_a_push_becomes_a_notification()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        var host = await chromium.SeatAsync("host", 390, 844);
        await chromium.TellAsync(
            async () =>
            {
                await host.Page.Context.GrantPermissionsAsync(["notifications"], new() { Origin = stage.Server.Url });
                await host.Page.AddInitScriptAsync(PushService);
                await host.SignInAsync(stage.Server, "host");
                await AnsweredInTheListAsync(stage, host);
                await SwitchedOnAsync(stage, host);
                await ChosenAsync(host);
                await PushedAsync(stage, host);
            },
            () => stage.Server.Output);
        Assert.True(host.Complaints().Count == 0, string.Join("\n", host.Complaints()));
    }

    private static async Task AnsweredInTheListAsync(Stage stage, Seat host)
    {
        await Expect(host.Find("bell")).ToHaveAttributeAsync("data-count", "0");
        await stage.Stranger.PostAsync("/api/friend-requests", new { handle = "host" });
        await Expect(host.Find("bell")).ToHaveAttributeAsync("data-count", "1");
        await host.ClickAsync("bell");
        var notice = host.Find("notice").Filter(new() { HasText = "Sam Stranger wants to be friends" });
        await notice.GetByTestId("notice-accept").ClickAsync();
        await Expect(notice).ToHaveCountAsync(0);
        // Seen is seen: no number is left to nag.
        await host.ClickAsync("nav-chats");
        await Expect(host.Find("bell")).ToHaveAttributeAsync("data-count", "0");
        await host.ClickAsync("nav-people");
        await host.ClickAsync("friend-stranger");
        await host.ClickAsync("star");
        await Expect(host.Find("star")).ToHaveAttributeAsync("aria-pressed", "true");
    }

    /// <summary>Nothing is asked before somebody wants it; on and off again is what the server is told.</summary>
    private static async Task SwitchedOnAsync(Stage stage, Seat host)
    {
        await host.GoAsync($"{stage.Server.Url}/notifications/settings");
        await Expect(host.Find("push")).ToHaveAttributeAsync("data-state", "off");
        foreach (var (state, method) in new[] { ("on", "PUT"), ("off", "DELETE") })
        {
            var told = await host.Page.RunAndWaitForResponseAsync(
                () => host.ClickAsync("push-switch"),
                answer => answer.Url.EndsWith("/api/push/subscription", StringComparison.Ordinal) && answer.Request.Method == method);
            Assert.Equal(204, told.Status);
            await Expect(host.Find("push")).ToHaveAttributeAsync("data-state", state);
        }
    }

    private static async Task ChosenAsync(Seat host)
    {
        await host.Page.RunAndWaitForResponseAsync(
            async () =>
            {
                await host.Find("level-mention").SelectOptionAsync("summary");
                await host.Find("quiet-hours").CheckAsync();
            },
            answer => answer.Url.EndsWith("/api/notifications/settings", StringComparison.Ordinal) && answer.Request.PostData?.Contains("\"quietHours\":{", StringComparison.Ordinal) == true);
        await Expect(host.Find("quiet-from")).ToHaveValueAsync("22:00");
        await host.Page.ReloadAsync();
        await Expect(host.Find("level-mention")).ToHaveValueAsync("summary");
        await Expect(host.Find("quiet-hours")).ToBeCheckedAsync();
    }

    /// <summary>As the browser would hand it to the service worker; what the server sends and how it is encrypted is tested beside the server.</summary>
    private static async Task PushedAsync(Stage stage, Seat host)
    {
        await host.Page.EvaluateAsync("() => navigator.serviceWorker.ready.then(() => true)");
        var devtools = await host.Page.Context.NewCDPSessionAsync(host.Page);
        var registration = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        devtools.Event("ServiceWorker.workerRegistrationUpdated").OnEvent += (_, body) =>
        {
            foreach (var one in body!.Value.GetProperty("registrations").EnumerateArray())
            {
                registration.TrySetResult(one.GetProperty("registrationId").GetString()!);
            }
        };
        await devtools.SendAsync("ServiceWorker.enable");
        var push = new { kind = "live", tag = "live 1", url = "/b/00000000000000000000000000000001", language = "en", at = "2026-01-01T12:00:00Z", who = "小明", count = 1 };
        await devtools.SendAsync("ServiceWorker.deliverPushMessage", new Dictionary<string, object>
        {
            ["origin"] = stage.Server.Url,
            ["registrationId"] = await registration.Task.WaitAsync(Eventually.Patience),
            ["data"] = JsonSerializer.Serialize(push),
        });
        var shown = await Eventually.GetAsync("the notification is shown", Eventually.Patience, async () => await host.Page.EvaluateAsync<string?>(
            """
            async () => {
              const [one] = await (await navigator.serviceWorker.ready).getNotifications();
              return one ? [one.title, one.body, one.tag, one.data.open].join('|') : null;
            }
            """));
        Assert.Equal("小明|Is live|live 1|/b/00000000000000000000000000000001", shown);
    }
}
