using System.Net;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>An article by hand: what one sees while writing is what is kept, what is published, and what the page says to whoever has no script.</summary>
public sealed class WriteStory
{
    private const string Title = "The river in spring 春江";

    private static readonly string Picture = Path.Combine(Root.Path, "src", "Weir", "Demo", "river-morning.jpg");

    [Fact]
    public async Task What_is_written_in_the_editor_is_kept_and_published_as_it_looks()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await chromium.TellAsync(() => WriteAsync(stage, chromium), () => stage.Server.Output);
    }

    private static async Task WriteAsync(Stage stage, Chromium chromium)
    {
        await stage.Host.PostAsync("/api/official", new { handle = "river", name = "River Post", description = "What the water says", open = true });
        var host = await chromium.SeatAsync("host");
        await host.SignInAsync(stage.Server, "host");
        await host.GoAsync($"{stage.Server.Url}/accounts/river/manage");
        await host.ClickAsync("write");
        await host.TypeAsync("article-title", Title);
        await host.TypeAsync("article-summary", "It rises");
        await TextAsync(host);
        await PictureAsync(host);
        await Expect(host.Find("save-state")).ToHaveAttributeAsync("data-state", "saved");

        var id = host.Page.Url.Split('/')[^1];
        var draft = await stage.Host.GetAsync($"/api/articles/{id}/draft");
        var markdown = Stage.Text(draft, "markdown");
        Assert.Equal(Title, Stage.Text(draft, "title"));
        Assert.Matches(
            """
            ^## High water

            It rises \*\*fast\*\* today\.

            \* gauge one
            \* gauge two

            See the \[levels\]\(https://weir\.example/levels\) daily\.

            !\[The river in the morning\]\(/api/files/[0-9a-f]{32}\)$
            """.ReplaceLineEndings("\n"),
            markdown);

        await host.Page.ReloadAsync();
        await Expect(host.Find("article-title")).ToHaveValueAsync(Title);
        await LooksAsync(host.Find("rich"));
        await Expect(host.Find("save-state")).ToHaveAttributeAsync("data-state", "saved");

        await host.ClickAsync("preview");
        await LooksAsync(host.Find("preview-dialog"));
        await host.Page.Keyboard.PressAsync("Escape");
        await host.ClickAsync("publish");
        await Expect(host.Find("published-dialog")).ToBeVisibleAsync();
        await host.ClickAsync("to-article");
        await host.AtAsync(new("/a/river/"));
        await LooksAsync(host.Page.Locator("main"));

        var reader = await chromium.SeatAsync("reader", 390, 844, script: false);
        await reader.GoAsync(host.Page.Url);
        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Name = Title, Level = 1 })).ToBeVisibleAsync();
        await LooksAsync(reader.Page.Locator("main"));
        Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(stage.Server.Url + await reader.Page.GetByAltText("The river in the morning").GetAttributeAsync("src")));
        Assert.Empty(host.Complaints().Concat(reader.Complaints()));
    }

    /// <summary>What is selected when the dialog has gone, before any other event: whoever types on then types there.</summary>
    private const string AtOnceAfterTheLink =
        """
        async () => {
          document.querySelector('[data-testid=link-address]').form.requestSubmit();
          while (document.querySelector('[data-testid=link-address]')) await Promise.resolve();
          for (let turn = 0; turn < 50; turn++) await Promise.resolve();
          return getSelection().toString();
        }
        """;

    private static async Task TextAsync(Seat host)
    {
        var keyboard = host.Page.Keyboard;
        await host.ClickAsync("rich");
        await host.ClickAsync("do-h2");
        await Expect(host.Find("do-h2")).ToHaveAttributeAsync("aria-pressed", "true");
        await keyboard.TypeAsync("High water");
        await keyboard.PressAsync("Enter");
        await keyboard.TypeAsync("It rises ");
        await host.ClickAsync("do-strong");
        await Expect(host.Find("do-strong")).ToHaveAttributeAsync("aria-pressed", "true");
        await keyboard.TypeAsync("fast");
        await keyboard.PressAsync("Control+b");
        await Expect(host.Find("do-strong")).ToHaveAttributeAsync("aria-pressed", "false");
        await keyboard.TypeAsync(" today.");
        await keyboard.PressAsync("Enter");
        await host.ClickAsync("do-bullets");
        await keyboard.TypeAsync("gauge one");
        await keyboard.PressAsync("Enter");
        await keyboard.TypeAsync("gauge two");
        await keyboard.PressAsync("Enter");
        await keyboard.PressAsync("Enter");
        await keyboard.TypeAsync("See the levels");
        await keyboard.PressAsync("Control+Shift+ArrowLeft");
        await host.ClickAsync("do-link");
        await host.TypeAsync("link-address", "weir.example/levels");
        Assert.Equal("levels", await host.Page.EvaluateAsync<string>(AtOnceAfterTheLink));
        await Expect(host.Find("rich").GetByRole(AriaRole.Link, new() { Name = "levels" })).ToBeVisibleAsync();
        await Expect(host.Find("rich")).ToBeFocusedAsync();
        await keyboard.PressAsync("End");
        await keyboard.TypeAsync(" daily.");
        await keyboard.PressAsync("Enter");
    }

    private static async Task PictureAsync(Seat host)
    {
        await host.Find("picture-file").SetInputFilesAsync(Picture);
        var picture = host.Find("rich").Locator("img[src^='/api/files/']");
        await Expect(picture).ToBeVisibleAsync();
        await picture.ClickAsync();
        await host.ClickAsync("do-describe");
        await host.TypeAsync("picture-words", "The river in the morning");
        await host.Find("picture-words").PressAsync("Enter");
        await Expect(host.Find("rich").GetByAltText("The river in the morning")).ToBeVisibleAsync();
    }

    /// <summary>The heading, the bold word, the list, the link and the picture, as the editor, the preview and the page show them.</summary>
    private static async Task LooksAsync(ILocator place)
    {
        await Expect(place.GetByRole(AriaRole.Heading, new() { Name = "High water", Level = 2 })).ToBeVisibleAsync();
        await Expect(place.Locator("strong").Filter(new() { HasText = "fast" })).ToBeVisibleAsync();
        await Expect(place.Locator("ul > li").Filter(new() { HasText = "gauge" })).ToHaveTextAsync(["gauge one", "gauge two"]);
        await Expect(place.GetByRole(AriaRole.Link, new() { Name = "levels" })).ToHaveAttributeAsync("href", "https://weir.example/levels");
        await Expect(place.GetByAltText("The river in the morning")).ToBeVisibleAsync();
    }
}
