using System.Globalization;
using System.Net;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Articles are simply there: with the live plane dead, without script, and while everybody writes at once.</summary>
public sealed class ArticleStory
{
    private const string Title = "The river in spring 春江";

    [Fact]
    public async Task With_the_live_plane_dead_an_article_opens_without_script_and_is_shared_into_a_chat()
    {
        var data = Directory.CreateTempSubdirectory("weir-e2e-").FullName;
        var (http, live, planes) = (WeirServer.FreePort(), WeirServer.FreePort(), WeirServer.FreePort());
        string[] shared = ["--data", data, "--live-http", Text(live), "--rtmp", Text(WeirServer.FreePort())];
        var url = $"http://localhost:{http}";
        try
        {
            await using var social = new ChildProcess(
                Root.App,
                ["social", .. shared, "--http", Text(http), "--planes", Text(planes), "--web", Root.Web],
                new Dictionary<string, string> { ["WEIR_SETUP_CODE"] = WeirServer.SetupCode },
                new ServerLog("social").Write);
            await ReadyAsync(url, social);
            await using (var node = new ChildProcess(Root.App, ["live", .. shared, "--social", $"http://127.0.0.1:{planes}", "--loopback"]))
            {
                await ReadyAsync($"http://localhost:{live}", node);
                node.Kill();
                await node.WaitAsync();
            }

            await using var chromium = await Chromium.StartAsync();
            await chromium.TellAsync(() => ShareAsync(url, chromium), () => social.Output);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task ShareAsync(string url, Chromium chromium)
    {
        using var first = new Api(url);
        using var nobody = new Api(url);
        var token = Stage.Text(await first.PostAsync("/api/setup", new { code = WeirServer.SetupCode, handle = "host", name = "Hanna Host", password = Api.Password }), "token");
        using var host = new Api(url, token);
        using var friend = await host.InviteAsync("friend", "小明");
        await host.BefriendAsync(friend, "friend");
        await host.DirectAsync("friend");
        using var crowd = await host.InviteAsync("crowd", "Crowd");
        await host.BefriendAsync(crowd, "crowd");
        var conversation = await host.DirectAsync("crowd");
        await host.PostAsync("/api/official", new { handle = "river", name = "River Post", description = "What the water says", open = true });
        var id = Stage.Text(await host.PostAsync("/api/official/river/articles", new { }), "id");
        await host.PutAsync($"/api/articles/{id}/draft", new { version = 1, title = Title, summary = "It rises", markdown = "## High water\n\nSince *Tuesday* it rises.\n\n<script>alert(1)</script>" });
        var path = Stage.Text(await host.PostAsync($"/api/articles/{id}/publish", new { version = 2 }, HttpStatusCode.OK), "url");

        // What a link preview of another site reads.
        var html = await (await nobody.RawAsync(HttpMethod.Get, path)).Content.ReadAsStringAsync();
        foreach (var tag in new[] { "og:title", "og:description", "og:type", "og:url", "og:site_name" })
        {
            Assert.Contains($"property=\"{tag}\"", html, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("<script>alert", html, StringComparison.OrdinalIgnoreCase);

        // Many write at once; whoever reads does not notice.
        using var enough = new CancellationTokenSource();
        var writing = Task.WhenAll(Enumerable.Range(0, 16).Select(async writer =>
        {
            var written = 0;
            while (!enough.IsCancellationRequested)
            {
                await host.TellAsync(conversation, string.Create(CultureInfo.InvariantCulture, $"line {writer}.{written++}"));
            }

            return written;
        }));
        var reader = await chromium.SeatAsync("reader", 390, 844, script: false);
        await reader.GoAsync(url + path);
        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Name = Title })).ToBeVisibleAsync();
        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Name = "High water" })).ToBeVisibleAsync();
        await Expect(reader.Page.GetByText("Since Tuesday it rises.")).ToBeVisibleAsync();
        // That no reader waits for the one writer is proved where the writer can be held (ArticlePageTests); here it is busy.
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await nobody.StatusAsync(HttpMethod.Get, path));
        }

        await enough.CancelAsync();
        Assert.All(await writing, written => Assert.True(written > 0));

        var (one, other) = (await chromium.SeatAsync("host"), await chromium.SeatAsync("friend", 390, 844));
        await one.GoAsync($"{url}/sign-in");
        await one.TypeAsync("handle", "host");
        await one.TypeAsync("password", Api.Password);
        await one.ClickAsync("submit");
        await Expect(one.Find("chats")).ToBeVisibleAsync();
        await one.GoAsync($"{url}/share/article/{id}");
        await one.Find("share-to").SelectOptionAsync(new SelectOptionValue { Label = "小明" });
        await one.ClickAsync("share-send");
        await other.GoAsync($"{url}/sign-in");
        await other.TypeAsync("handle", "friend");
        await other.TypeAsync("password", Api.Password);
        await other.ClickAsync("submit");
        await other.OpenChatAsync("Hanna Host");
        await Expect(other.Find("card").Last).ToHaveAttributeAsync("data-id", id);
        Assert.Empty(one.Complaints().Concat(other.Complaints()).Concat(reader.Complaints()));
    }

    private static Task ReadyAsync(string url, ChildProcess process) => Eventually.TrueAsync(
        $"{url} is ready", Eventually.Patience, async () => await Stage.FetchAsync($"{url}/health/ready") == HttpStatusCode.OK, () => process.Output);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
