using System.Text.Json;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers.Harness;

/// <summary>A window of a browser other than Chromium, used by hand. What stands on its pages is found by its test id.</summary>
internal abstract class Window : IAsyncDisposable
{
    public abstract Task GoAsync(string url);

    public abstract Task ClickAsync(string testId);

    /// <summary>Into a field that is empty.</summary>
    public abstract Task TypeAsync(string testId, string text);

    /// <summary>What the body of a function in the page returns, which may be a promise.</summary>
    public async Task<T?> AskAsync<T>(string body)
    {
        var answer = await RunAsync($"return JSON.stringify((await (async () => {{ {body} }})()) ?? null);");
        return JsonSerializer.Deserialize<T>(answer, JsonSerializerOptions.Web);
    }

    public Task SeesAsync(string testId, string words = "") => UntilAsync(
        $"'{words}' stands in {testId}", $"return {All(testId)}.some((one) => one.textContent.includes({Quote(words)}));");

    public Task<bool> ShowsAsync(string testId) => AskAsync<bool>($"return {All(testId)}.length > 0;");

    public Task HasAsync(string testId, string attribute, string value) => UntilAsync(
        $"{attribute} of {testId} is '{value}'", $"return {Find(testId)}?.getAttribute({Quote(attribute)}) === {Quote(value)};");

    /// <summary>
    /// The picture is painted and moves: other pixels at a later media time, twice. Where the browser wants a tap first, it gets one.
    /// </summary>
    public async Task MovingPictureAsync()
    {
        var last = await MovedAsync(null);
        last = await MovedAsync(last);
        await MovedAsync(last);
    }

    /// <summary>For the message of a test that failed.</summary>
    public async Task<string> DescribeAsync()
    {
        try
        {
            return await AskAsync<string>(
                $$"""
                const video = document.querySelector('video');
                const { currentTime, paused, readyState, error } = video ?? {};
                const player = { ...{{Find("player")}}?.dataset, currentTime, paused, readyState, error: error?.message };
                return `${location.href}\n${JSON.stringify(player)}\n${document.body.innerText}`;
                """) ?? "";
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException or Microsoft.Playwright.PlaywrightException)
        {
            return fault.Message;
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <param name="body">The body of an async function that returns a text.</param>
    protected abstract Task<string> RunAsync(string body);

    /// <summary>An expression: the first such element that takes room on the page.</summary>
    protected static string Find(string testId) => $"{All(testId)}[0]";

    protected static string Quote(string text) => JsonSerializer.Serialize(text);

    private static string All(string testId) =>
        $"[...document.querySelectorAll('[data-testid={testId}]')].filter((one) => one.getClientRects().length > 0)";

    private Task UntilAsync(string what, string body) => Eventually.TrueAsync(what, Eventually.Patience, () => AskAsync<bool>(body));

    private Task<Picture> MovedAsync(Picture? last) => Eventually.GetAsync(
        $"another picture than at {last?.Time:0.00} s",
        Eventually.Patience,
        async () =>
        {
            if (await ShowsAsync("tap-to-play") && !await AskAsync<bool>($"return {Find("player")}.dataset.state === 'playing';"))
            {
                await ClickAsync("tap-to-play");
            }

            var now = await AskAsync<Picture>(
                $$"""
                const video = document.querySelector('video');
                if (!video?.videoWidth || {{Find("player")}}?.dataset.state !== 'playing') return null;
                const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
                const context = canvas.getContext('2d');
                context.drawImage(video, 0, 0, 32, 18);
                return { time: video.currentTime, pixels: context.getImageData(0, 0, 32, 18).data.join() };
                """);
            return now is not null && (last is null || (now.Time > last.Time + 0.3 && now.Pixels != last.Pixels)) ? now : null;
        });

    private sealed record Picture(double Time, string Pixels);
}
