using Microsoft.Playwright;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers.Harness;

/// <summary>Debian's Firefox, by WebDriver BiDi: its camera is pretended and allowed, and it fetches no codec from outside.</summary>
internal sealed class FirefoxWindow : Window
{
    /// <summary>A name of this machine that is no secure context, which localhost is.</summary>
    public const string InsecureHost = "weir.example";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly IPage _page;

    private FirefoxWindow(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        _page = page;
        page.SetDefaultTimeout((float)Eventually.Patience.TotalMilliseconds);
    }

    public static async Task<Window> OpenAsync(bool h264)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Firefox.LaunchAsync(new()
        {
            // Firefox as it is delivered; without it Playwright starts its own build.
            Channel = "moz-firefox",
            ExecutablePath = "/usr/bin/firefox-esr",
            Timeout = (float)Eventually.Patience.TotalMilliseconds,
            FirefoxUserPrefs = new Dictionary<string, object>
            {
                ["media.ffmpeg.enabled"] = h264,
                ["media.gmp-manager.updateEnabled"] = false,
                ["media.navigator.streams.fake"] = true,
                ["media.navigator.permission.disabled"] = true,
                ["network.dns.localDomains"] = InsecureHost,
            },
        });
        return new FirefoxWindow(playwright, browser, await browser.NewPageAsync(new() { Locale = "en-GB" }));
    }

    public override Task GoAsync(string url) => _page.GotoAsync(url, new() { WaitUntil = WaitUntilState.DOMContentLoaded });

    public override Task ClickAsync(string testId) => _page.GetByTestId(testId).ClickAsync();

    public override Task TypeAsync(string testId, string text) => _page.GetByTestId(testId).FillAsync(text);

    public override async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    protected override Task<string> RunAsync(string body) => _page.EvaluateAsync<string>($"async () => {{ {body} }}");
}
