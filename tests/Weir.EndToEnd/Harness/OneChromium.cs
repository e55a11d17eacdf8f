using Microsoft.Playwright;
using Weir.EndToEnd.Harness;

[assembly: AssemblyFixture(typeof(OneChromium))]

namespace Weir.EndToEnd.Harness;

/// <summary>The one browser process of all stories, started when the first wants it. What belongs to a person is in the window's own context, so stories share nothing but the start.</summary>
public sealed class OneChromium : IAsyncDisposable
{
    private static readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> Started = new(StartAsync);

    internal static async Task<IBrowser> BrowserAsync() => (await Started.Value).Browser;

    public async ValueTask DisposeAsync()
    {
        if (Started.IsValueCreated)
        {
            var (playwright, browser) = await Started.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Eventually.Patience.TotalMilliseconds);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Timeout = (float)Eventually.Patience.TotalMilliseconds,
            Args =
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
                // A camera that shows a running clock and a microphone that beeps, both allowed without a question.
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            ],
        });
        return (playwright, browser);
    }
}
