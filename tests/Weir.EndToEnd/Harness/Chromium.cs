using Microsoft.Playwright;

namespace Weir.EndToEnd.Harness;

/// <summary>Windows of Debian's Chromium, one for each person; whatever their pages complain about is kept.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly IBrowser _browser;
    private readonly List<Seat> _seats = [];

    private Chromium(IBrowser browser) => _browser = browser;

    public static async Task<Chromium> StartAsync() => new(await OneChromium.BrowserAsync());

    /// <summary>A window with cookies of its own.</summary>
    public async Task<Seat> SeatAsync(string name, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light, string language = "en-GB", bool script = true)
    {
        var context = await _browser.NewContextAsync(new() { IgnoreHTTPSErrors = true, JavaScriptEnabled = script, Locale = language, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
        context.SetDefaultTimeout((float)Eventually.Patience.TotalMilliseconds);
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

    /// <summary>Runs a story; when it fails, says what each window showed. It fails too when a page asked the same again and again.</summary>
    public async Task TellAsync(Func<Task> story, Func<string> more)
    {
        try
        {
            await story();
            Assert.All(_seats, seat => Assert.True(seat.Restless.Count == 0, $"{seat.Name}'s page asks without end: {string.Join(", ", seat.Restless)}"));
        }
        catch (Exception fault)
        {
            var shown = await Task.WhenAll(_seats.Select(seat => seat.DescribeAsync()));
            throw new Xunit.Sdk.XunitException($"{fault.Message}\n{fault.StackTrace}\n\n{string.Join("\n", shown)}\n\n{more()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in _seats.Select(seat => seat.Page.Context).Distinct())
        {
            await context.CloseAsync();
        }
    }
}
