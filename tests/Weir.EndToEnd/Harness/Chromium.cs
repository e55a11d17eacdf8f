using Microsoft.Playwright;

namespace Weir.EndToEnd.Harness;

/// <summary>Debian's Chromium with one window for each person; whatever their pages complain about is kept.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    /// <summary>A busy machine is slow, not wrong: how long anything may take that no promise limits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<Seat> _seats = [];

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<Chromium> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args =
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
                // A camera that shows a running clock and a microphone that beeps, both allowed without a question.
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            ],
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>A window with cookies of its own.</summary>
    public async Task<Seat> SeatAsync(string name, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light, string language = "en-GB", bool script = true)
    {
        var context = await _browser.NewContextAsync(new() { IgnoreHTTPSErrors = true, JavaScriptEnabled = script, Locale = language, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
        context.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        var seat = new Seat(name, await context.NewPageAsync());
        _seats.Add(seat);
        return seat;
    }

    /// <summary>Another tab of the same person.</summary>
    public async Task<Seat> TabAsync(Seat person, string name)
    {
        var seat = new Seat(name, await person.Page.Context.NewPageAsync());
        _seats.Add(seat);
        return seat;
    }

    /// <summary>Runs a story; when it fails, says what each window showed.</summary>
    public async Task TellAsync(Func<Task> story, Func<string> more)
    {
        try
        {
            await story();
        }
        catch (Exception fault)
        {
            var shown = await Task.WhenAll(_seats.Select(seat => seat.DescribeAsync()));
            throw new Xunit.Sdk.XunitException($"{fault.Message}\n{fault.StackTrace}\n\n{string.Join("\n", shown)}\n\n{more()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
