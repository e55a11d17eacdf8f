using System.Net;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Script in every field that takes text is text on every page: nothing runs, and the policy of the page has nothing to refuse.</summary>
public sealed class ScriptStory
{
    private const string Script = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task Script_in_every_text_field_is_shown_as_text_and_never_runs()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => TellAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task TellAsync(Stage stage, Chromium chromium)
    {
        var (host, friend) = (stage.Host, stage.Friend);
        await friend.PatchAsync("/api/me", new { name = Script, about = Script });
        await host.PostAsync("/api/circles", new { name = Script, members = new[] { "friend" } });
        var group = Stage.Text(await host.PostAsync("/api/conversations", new { members = new[] { "friend" }, name = Script }), "id");
        using var sent = await host.RawAsync(HttpMethod.Post, $"/api/files?as=file&name={Uri.EscapeDataString(Script)}.html", Script);
        var file = Stage.Text(System.Text.Json.JsonDocument.Parse(await sent.Content.ReadAsStringAsync()).RootElement, "id");
        await host.PostAsync($"/api/conversations/{group}/messages", new { clientId = "1", text = "", file });
        await friend.TellAsync(group, Script);
        await host.TellAsync(group, $"@{Script} {Script}");
        var moment = Stage.Text(await friend.PostAsync("/api/moments", new { text = Script, audience = new { kind = "friends" }, clientId = "1" }), "id");
        await host.PostAsync($"/api/moments/{moment}/comments", new { text = Script, clientId = "1" });
        await host.PostAsync("/api/official", new { handle = "river", name = Script, description = Script, open = true });
        var article = Stage.Text(await host.PostAsync("/api/official/river/articles", new { }), "id");
        await host.PutAsync($"/api/articles/{article}/draft", new { version = 1, title = Script, summary = Script, markdown = $"{Script}\n\n## {Script}\n\n[a link](javascript:alert(1))" });
        var path = Stage.Text(await host.PostAsync($"/api/articles/{article}/publish", new { version = 2 }, HttpStatusCode.OK), "url");
        await host.PostAsync($"/api/conversations/{group}/messages", new { clientId = "2", text = "", card = new { kind = "article", id = article } });
        var broadcast = Stage.Text(await stage.AnnounceAsync(Script), "id");

        var seat = await chromium.SeatAsync("host");
        var dialogs = new List<string>();
        seat.Page.Dialog += async (_, dialog) =>
        {
            dialogs.Add($"{dialog.Type} at {seat.Page.Url}: {dialog.Message}");
            await dialog.DismissAsync();
        };
        await seat.SignInAsync(stage.Server, "host");
        await OnPageAsync(seat, 1);
        foreach (var (page, times) in new[]
        {
            ($"/c/{group}", 5), ("/people", 2), ("/people/friend", 2), ("/moments", 3), ($"/moments/{moment}", 3), ("/accounts", 1), ("/accounts/river", 3), ("/accounts/river/manage", 2),
            ($"/accounts/river/write/{article}", 2), ($"/share/article/{article}", 1), (path, 3), ("/a/river", 3), ($"/b/{broadcast}", 1), ($"/b/{broadcast}/studio", 1), ("/go-live", 0),
            ("/search?q=onerror", 3), ("/admin/people", 1), ("/admin/audit", 0), ("/notifications", 0),
        })
        {
            await seat.GoAsync(stage.Server.Url + page);
            await Expect(seat.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }).First).ToBeVisibleAsync();
            await OnPageAsync(seat, times);
        }

        Assert.Empty(dialogs);
        Assert.Empty(seat.Complaints());
    }

    /// <summary>The words stand there so many times at least, and nowhere as an element.</summary>
    private static async Task OnPageAsync(Seat seat, int times)
    {
        if (times > 0)
        {
            await Expect(seat.Page.GetByText(Script).Nth(times - 1)).ToBeAttachedAsync();
        }

        Assert.Equal(0, await seat.Page.Locator("img[onerror], img[src=x], a[href^='javascript:']").CountAsync());
    }
}
