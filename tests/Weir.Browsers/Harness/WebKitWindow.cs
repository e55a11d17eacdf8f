using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Weir.EndToEnd.Harness;

namespace Weir.Browsers.Harness;

/// <summary>Debian's WebKitGTK, by W3C WebDriver, on a screen of its own.</summary>
internal sealed class WebKitWindow : Window
{
    private readonly ChildProcess _screen;
    private readonly ChildProcess _driver;
    private readonly HttpClient _http;
    private readonly string _session;

    private WebKitWindow(ChildProcess screen, ChildProcess driver, HttpClient http, string session)
    {
        _screen = screen;
        _driver = driver;
        _http = http;
        _session = session;
    }

    public static async Task<Window> OpenAsync(bool h264)
    {
        var display = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var screen = new ChildProcess(
            "Xvfb", ["-displayfd", "1", "-screen", "0", "1280x960x24", "-nolisten", "tcp"], line: line => display.TrySetResult(line));
        ChildProcess? driver = null;
        var port = WeirServer.FreePort();
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = Eventually.Patience };
        try
        {
            var environment = new Dictionary<string, string>
            {
                ["DISPLAY"] = $":{await display.Task.WaitAsync(Eventually.Patience)}",
                ["LANG"] = "en_GB.UTF-8",
                ["LANGUAGE"] = "en",
            };
            if (!h264)
            {
                environment["GST_PLUGIN_FEATURE_RANK"] = "avdec_h264:NONE,openh264dec:NONE";
            }

            driver = new ChildProcess("WebKitWebDriver", ["-p", port.ToString(CultureInfo.InvariantCulture)], environment);
            var wanted = new { timeouts = new { script = (int)Eventually.Patience.TotalMilliseconds } };
            var session = await Eventually.GetAsync(
                "WebKitWebDriver opens a window",
                Eventually.Patience,
                async () =>
                {
                    var made = await CommandAsync(http, HttpMethod.Post, "session", new { capabilities = new { alwaysMatch = wanted } });
                    return made.GetProperty("sessionId").GetString();
                },
                () => driver.Output);
            return new WebKitWindow(screen, driver, http, session);
        }
        catch
        {
            http.Dispose();
            await (driver?.DisposeAsync() ?? ValueTask.CompletedTask);
            await screen.DisposeAsync();
            throw;
        }
    }

    public override Task GoAsync(string url) => CommandAsync("url", new { url });

    /// <summary>The pointer goes to the middle of it and is pressed there, once that is what one would hit.</summary>
    public override Task ClickAsync(string testId) => Eventually.TrueAsync($"{testId} can be clicked", Eventually.Patience, async () =>
    {
        var at = await AskAsync<int[]>(
            $$"""
            const one = {{Find(testId)}};
            if (!one || one.disabled) return null;
            one.scrollIntoView({ block: 'nearest' });
            const box = one.getBoundingClientRect();
            const [x, y] = [Math.floor(box.x + box.width / 2), Math.floor(box.y + box.height / 2)];
            const hit = document.elementFromPoint(x, y);
            return one.contains(hit) || [...one.labels ?? []].some((label) => label.contains(hit)) ? [x, y] : null;
            """);
        if (at is null)
        {
            return false;
        }

        object[] steps =
        [
            new { type = "pointerMove", origin = "viewport", duration = 0, x = at[0], y = at[1] },
            new { type = "pointerDown", button = 0 },
            new { type = "pointerUp", button = 0 },
        ];
        await CommandAsync("actions", new { actions = new[] { new { type = "pointer", id = "mouse", actions = steps } } });
        return true;
    });

    public override async Task TypeAsync(string testId, string text)
    {
        await ClickAsync(testId);
        var steps = text.SelectMany(key => new[] { "keyDown", "keyUp" }.Select(type => new { type, value = key.ToString() }));
        await CommandAsync("actions", new { actions = new[] { new { type = "key", id = "keyboard", actions = steps } } });
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await CommandAsync(_http, HttpMethod.Delete, $"session/{_session}", null);
        }
        finally
        {
            _http.Dispose();
            await _driver.DisposeAsync();
            await _screen.DisposeAsync();
        }
    }

    protected override async Task<string> RunAsync(string body)
    {
        // A promise that fails would only be a timeout.
        var script = $"const done = arguments[0]; (async () => {{ {body} }})().then(done, (fault) => done({{ fault: String(fault) }}));";
        var answer = await CommandAsync("execute/async", new { script, args = Array.Empty<object>() });
        return answer.ValueKind == JsonValueKind.String ? answer.GetString()! : throw new HttpRequestException(answer.GetRawText());
    }

    private Task<JsonElement> CommandAsync(string path, object body) =>
        CommandAsync(_http, HttpMethod.Post, $"session/{_session}/{path}", body);

    /// <summary>W3C WebDriver 6.3: the answer's <c>value</c>, which describes the error when it is none.</summary>
    private static async Task<JsonElement> CommandAsync(HttpClient http, HttpMethod method, string path, object? body)
    {
        using var content = body is null ? null : new StringContent(JsonSerializer.Serialize(body));
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var answer = await http.SendAsync(request);
        var value = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("value");
        return answer.IsSuccessStatusCode ? value : throw new HttpRequestException($"{path}: {value.GetRawText()}");
    }
}
