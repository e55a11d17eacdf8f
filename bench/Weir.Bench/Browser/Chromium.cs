using Microsoft.Playwright;

namespace Weir.Bench.Browser;

/// <summary>Debian's Chromium without a window.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Executable = "/usr/bin/chromium";
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public string Version => _browser.Version;

    /// <param name="camera">With a camera that shows a running clock and a microphone that beeps, both allowed without a question.</param>
    public static async Task<Chromium> StartAsync(bool camera = false)
    {
        if (!File.Exists(Executable))
        {
            throw new CannotMeasureException("This benchmark needs Chromium (Debian: chromium).");
        }

        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args =
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--autoplay-policy=no-user-gesture-required",
                .. camera ? (string[])["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] : [],
            ],
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>A page with nothing in its cache; closing its context closes it.</summary>
    public async Task<IPage> OpenAsync()
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
