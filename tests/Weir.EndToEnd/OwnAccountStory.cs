using System.IO.Compression;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Somebody's own account on a phone: a passkey, a copy of what they wrote, and a report that an administrator decides.</summary>
public sealed class OwnAccountStory
{
    private const string Insult = "You are a leaking bucket";

    [Fact]
    public async Task A_passkey_signs_in_a_copy_is_downloaded_and_a_report_is_decided()
    {
        await using var stage = await Stage.SetAsync();
        await stage.Friend.BefriendAsync(stage.Stranger, "stranger");
        var conversation = await stage.Friend.DirectAsync("stranger");
        await stage.Friend.TellAsync(conversation, "Good morning, Sam");
        await stage.Stranger.TellAsync(conversation, Insult);
        await stage.Friend.PostAsync("/api/moments", new { text = "A quiet day", audience = new { kind = "onlyMe" } });
        await using var chromium = await Chromium.StartAsync();
        var friend = await chromium.SeatAsync("friend", 390, 844);
        var host = await chromium.SeatAsync("host");
        await chromium.TellAsync(
            async () =>
            {
                await PasskeyAsync(stage, friend);
                await CopyAsync(friend);
                await ReportAsync(stage, friend, host);
            },
            () => stage.Server.Output);
        Assert.Empty(friend.Complaints().Concat(host.Complaints()));
    }

    private static async Task PasskeyAsync(Stage stage, Seat friend)
    {
        var devices = await friend.Page.Context.NewCDPSessionAsync(friend.Page);
        await devices.SendAsync("WebAuthn.enable");
        await devices.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true,
            },
        });
        await friend.SignInAsync(stage.Server, "friend");
        await friend.ClickAsync("nav-me");
        await friend.ClickAsync("passkey-add");
        await friend.TypeAsync("passkey-name", "My phone");
        await friend.TypeAsync("passkey-password", Api.Password);
        await friend.ClickAsync("passkey-submit");
        await Expect(friend.Find("passkey")).ToContainTextAsync("My phone");

        await friend.ClickAsync("sign-out");
        await friend.ClickAsync("by-passkey");
        await Expect(friend.Find("chats")).ToBeVisibleAsync();
        await friend.ClickAsync("nav-me");
        await Expect(friend.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("小明");
    }

    private static async Task CopyAsync(Seat friend)
    {
        await friend.ClickAsync("export-make");
        var download = await friend.Page.RunAndWaitForDownloadAsync(() => friend.ClickAsync("export-download"));
        await using var file = File.OpenRead(await download.PathAsync());
        using var zip = new ZipArchive(file);
        Assert.NotNull(zip.GetEntry("index.html"));
        Assert.Contains("A quiet day", Text("moments/moments.html"));
        Assert.Contains("Good morning, Sam", Text("conversations/0001.html"));
        Assert.DoesNotContain(zip.Entries, entry => Text(entry.FullName).Contains(Insult, StringComparison.Ordinal));

        string Text(string name)
        {
            using var reader = new StreamReader(zip.GetEntry(name)!.Open());
            return reader.ReadToEnd();
        }
    }

    private static async Task ReportAsync(Stage stage, Seat friend, Seat host)
    {
        await friend.ClickAsync("nav-chats");
        await friend.OpenChatAsync("Sam Stranger");
        await friend.ChooseAsync(Insult, "menu-report");
        await friend.ClickAsync("reason-harassment");
        await friend.TypeAsync("report-note", "He is not");
        await friend.ClickAsync("report-send");
        await Expect(friend.Find("toast").Filter(new() { HasText = "Reported" })).ToBeVisibleAsync();

        await host.SignInAsync(stage.Server, "host");
        await Expect(host.Find("badge-admin")).ToHaveTextAsync("1");
        await host.ClickAsync("nav-admin");
        await host.ClickAsync("admin-reports");
        await Expect(host.Find("report")).ToContainTextAsync(Insult);
        await Expect(host.Find("report")).ToContainTextAsync("He is not");
        await Expect(host.Find("report")).Not.ToContainTextAsync("Good morning");
        await host.ClickAsync("report-remove");
        await host.ClickAsync("ask-yes");
        await Expect(host.Find("report")).ToHaveCountAsync(0);
        await Expect(host.Find("badge-admin")).ToHaveCountAsync(0);
        await Expect(friend.Message(Insult)).ToHaveCountAsync(0);
        await host.ClickAsync("admin-audit");
        await Expect(host.Find("audit-entry").First).ToContainTextAsync("Report settled · stranger");
        await Expect(host.Find("audit-entry").Nth(1)).ToContainTextAsync("Content taken away · stranger");
        await Expect(host.Find("audit-entry").Filter(new() { HasText = Insult })).ToHaveCountAsync(0);
    }
}
