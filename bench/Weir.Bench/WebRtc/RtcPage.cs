using System.Text.Json;
using Microsoft.Playwright;
using Weir.Bench.Browser;

namespace Weir.Bench.WebRtc;

/// <summary>A tab with the bare camera and player (<c>Browser/rtc.html</c>); closing it ends its session.</summary>
internal sealed class RtcPage : IAsyncDisposable
{
    private const float FrameLimit = 20_000;
    private readonly IPage _page;

    private RtcPage(IPage page) => _page = page;

    /// <param name="bare">Serves the page.</param>
    public static async Task<RtcPage> OpenAsync(Chromium chromium, BarePlayer bare)
    {
        var page = await chromium.OpenAsync();
        page.SetDefaultTimeout(FrameLimit);
        await page.GotoAsync(bare.Url);
        return new RtcPage(page);
    }

    /// <summary>Publishes stamped pictures of 640x360 at 30 frames a second, at most 1 Mbit/s, and a tone.</summary>
    public Task PublishAsync(JsonElement broadcast)
    {
        var whip = broadcast.GetProperty("whip");
        return CallAsync<object?>("async ([url, token]) => { await publish(url, token); }", new[] { whip.GetProperty("url").GetString(), whip.GetProperty("token").GetString() });
    }

    /// <summary>Plays. Milliseconds from the POST to the first painted frame.</summary>
    /// <param name="relay">Port of what stands between player and server; 0 for nothing.</param>
    public Task<double> PlayAsync(JsonElement ticket, int relay = 0) =>
        CallAsync<double>("([url, relay]) => play(url, relay)", new object[] { ticket.GetProperty("watch").GetProperty("whep").GetString()!, relay });

    /// <summary>Begins to read the times out of the painted frames.</summary>
    public Task ReadStampsAsync() => CallAsync<object?>(BarePlayer.Resource("stamps.js") + "; window.readStamps(document.querySelector('video'));");

    public Task<JsonElement> StampsAsync() => CallAsync<JsonElement>("() => window.stamps");

    /// <summary>Begins to count pauses of the picture.</summary>
    public Task WatchAsync() => CallAsync<object?>("() => watch()");

    public Task<JsonElement> ReportAsync() => CallAsync<JsonElement>("() => report()");

    public async ValueTask DisposeAsync() => await _page.Context.CloseAsync();

    private async Task<T> CallAsync<T>(string script, object? argument = null)
    {
        try
        {
            return await _page.EvaluateAsync<T>(script, argument).WaitAsync(TimeSpan.FromMilliseconds(FrameLimit));
        }
        catch (Exception fault) when (fault is PlaywrightException or TimeoutException)
        {
            throw new CannotMeasureException($"The page could not do it: {fault.Message}");
        }
    }
}
