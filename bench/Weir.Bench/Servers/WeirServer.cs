using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Weir.Bench.Load;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Servers;

/// <summary>A real <c>weir up</c> on free ports, with one host, in a directory of its own unless one is given.</summary>
internal sealed class WeirServer : IBenchServer
{
    public const string Password = "a quiet river at dawn";
    private const string SetupCode = "benchmark-set-up-code";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LiveLimit = TimeSpan.FromSeconds(15);

    private readonly string _directory;
    private readonly bool _ownsDirectory;
    private readonly HttpClient _http;
    private readonly int _port;
    private readonly int _livePort = Loopback.FreePort();
    private ChildProcess? _process;

    private WeirServer(string? directory)
    {
        _ownsDirectory = directory is null;
        _directory = directory ?? Directory.CreateTempSubdirectory("weir-bench-").FullName;
        _port = Loopback.FreePort();
        _http = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = new Uri($"http://localhost:{_port}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public string Name => "Weir";

    public IReadOnlyList<Outlet> Outlets => [Outlet.Rtmp, Outlet.HttpFlv, Outlet.WebSocket, Outlet.LlHls];

    public Uri Url => _http.BaseAddress!;

    /// <summary>The one UDP port of all WebRTC sessions.</summary>
    public int RtcPort { get; } = Loopback.FreePort();

    /// <summary>From starting the process to its ready line.</summary>
    public TimeSpan StartTook { get; private set; }

    public int SocialProcess => _process!.Id;

    public int LiveProcess => ProcessFigures.Children(SocialProcess).Single(child => ProcessFigures.CommandLine(child).Split(' ').Contains("live"));

    public IReadOnlyList<int> Processes => [LiveProcess, SocialProcess];

    public string Output => _process?.Output ?? "";

    /// <param name="pinned">On the server's core alone.</param>
    /// <param name="directory">Data of an earlier start; null: a new directory that goes away with the server, and a first start with its set-up.</param>
    /// <param name="merge">Milliseconds a frame may wait to be sent with the next; null: as the server decides.</param>
    /// <param name="environment">Settings of the runtime.</param>
    /// <param name="arguments">More of the command line.</param>
    public static async Task<WeirServer> StartAsync(
        bool pinned, string? directory = null, int? merge = null, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? arguments = null)
    {
        if (!File.Exists(Root.App))
        {
            throw new CannotMeasureException("Weir is not built: run this through ./weir bench.");
        }

        var server = new WeirServer(directory);
        try
        {
            await server.StartAsync(pinned, merge, environment ?? new Dictionary<string, string>(), arguments ?? []);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first account, whose broadcasts are measured.</summary>
    public async Task SetUpAsync()
    {
        var answer = await PostAsync("/api/setup", new { code = SetupCode, handle = "host", name = "Hanna Host", password = Password });
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", answer.GetProperty("token").GetString());
    }

    public Task<Channel> OpenAsync(Outlet outlet, int viewers) =>
        OpenAsync(outlet switch { Outlet.Rtmp => "rtmp", Outlet.HttpFlv => "flv", Outlet.WebSocket => "websocket", _ => "hls" }, viewers);

    /// <param name="kind">Which of a ticket's addresses; several with commas: ticket by ticket the next of them.</param>
    /// <param name="token">Who goes live; null: the host.</param>
    /// <param name="watchers">Whose tickets they are, in turn; null: the host's.</param>
    /// <param name="sessions">Viewers of one ticket, of which one admits five.</param>
    public async Task<Channel> OpenAsync(string kind, int viewers, string? token = null, IReadOnlyList<string>? watchers = null, int sessions = 5)
    {
        var broadcast = await AnnounceAsync(token);
        var id = broadcast.GetProperty("id").GetString()!;
        var kinds = kind.Split(',');
        var urls = new List<string>(viewers);
        for (var ticket = 0; urls.Count < viewers; ticket++)
        {
            var watch = (await TicketAsync(id, watchers?[ticket % watchers.Count])).GetProperty("watch");
            urls.AddRange(Enumerable.Repeat(watch.GetProperty(kinds[ticket % kinds.Length]).GetString()!, Math.Min(sessions, viewers - urls.Count)));
        }

        var rtmp = broadcast.GetProperty("rtmp");
        return new Channel(id, rtmp.GetProperty("url").GetString()!, rtmp.GetProperty("streamKey").GetString()!, urls);
    }

    public Task CloseAsync(Channel channel) => CloseAsync(channel, null);

    /// <param name="token">Whose it is; null: the host's.</param>
    public Task CloseAsync(Channel channel, string? token) => PostAsync($"/api/broadcasts/{channel.Id}/end", new { }, token);

    public Task<JsonElement> AnnounceAsync(string? token = null) =>
        PostAsync("/api/broadcasts", new { title = "A benchmark", audience = new { kind = "public" } }, token);

    /// <param name="token">Whose ticket it is; null: the host's.</param>
    public Task<JsonElement> TicketAsync(string broadcast, string? token = null) => PostAsync($"/api/broadcasts/{broadcast}/tickets", new { }, token);

    /// <summary>A counter of the live plane, all its tags together, or those lines that have a tag.</summary>
    public Task<double> LiveCounterAsync(string name, string tag = "") => CounterAsync(_livePort, name, line => line.Contains(tag, StringComparison.Ordinal));

    /// <summary>Requests that the social plane has answered, without messages and what asks for this figure.</summary>
    public Task<double> SocialRequestsAsync() => CounterAsync(
        _port,
        "http_server_request_duration_seconds_count",
        line => !line.Contains("/messages\"", StringComparison.Ordinal) && !line.Contains("/metrics\"", StringComparison.Ordinal));

    /// <summary>The key with which the two planes sign.</summary>
    public byte[] NodeKey() => Convert.FromHexString(File.ReadAllText(Path.Combine(_directory, "secrets", "node.key")).Trim());

    private async Task<double> CounterAsync(int port, string name, Func<string, bool> wanted)
    {
        var text = await _http.GetStringAsync(new Uri($"http://localhost:{port}/metrics"));
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is '{' or ' ' && wanted(line))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until a publisher's pictures have arrived.</summary>
    public async Task LiveAsync(string broadcast, CancellationToken cancellation)
    {
        var until = Stopwatch.GetTimestamp() + (long)(LiveLimit.TotalSeconds * Stopwatch.Frequency);
        while ((await _http.GetFromJsonAsync<JsonElement>($"/api/broadcasts/{broadcast}", cancellation)).GetProperty("state").GetString() != "live")
        {
            if (Stopwatch.GetTimestamp() > until)
            {
                throw new CannotMeasureException($"the broadcast did not become live:\n{Output}");
            }

            await Task.Delay(50, cancellation);
        }
    }

    /// <param name="token">Whose call it is; null: the host's.</param>
    public Task<JsonElement> PostAsync(string path, object body, string? token = null) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body), token);

    /// <summary>A change by the host.</summary>
    public Task<JsonElement> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, JsonContent.Create(body), null);

    /// <summary>Waits until the live plane admits viewers, also one that is only being started.</summary>
    public Task LiveReadyAsync(CancellationToken cancellation) => Patience.HoldsAsync(async () =>
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://localhost:{_livePort}/health/ready"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    /// <summary>Asks it to end and waits until it has.</summary>
    public Task EndAsync()
    {
        _process!.Terminate();
        return _process.WaitAsync();
    }

    public Task<JsonElement> PutAsync(string path, string token) => SendAsync(HttpMethod.Put, path, null, token);

    public Task<JsonElement> GetAsync(string path, string token) => SendAsync(HttpMethod.Get, path, null, token);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.EndAsync(TimeSpan.FromSeconds(6));
        }

        _http.Dispose();
        if (_ownsDirectory)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task StartAsync(bool pinned, int? merge, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] command =
        [
            Root.App, "up", "--data", _directory, "--web", Root.Web,
            "--http", Text(_port), "--live-http", Text(_livePort), "--rtmp", Text(Loopback.FreePort()), "--rtc", Text(RtcPort),
            // A few accounts ask here for what many would.
            "--call-limit", "1000000",
        ];
        command = [.. command, .. arguments];
        command = merge is { } milliseconds ? [.. command, "--merge", Text(milliseconds)] : command;
        command = pinned ? ["taskset", "-c", Cores.Server, .. command] : command;
        var began = Stopwatch.GetTimestamp();
        _process = new ChildProcess(command[0], command[1..], new Dictionary<string, string>(environment) { ["WEIR_SETUP_CODE"] = SetupCode }, line =>
        {
            if (line.StartsWith("Weir is ready at ", StringComparison.Ordinal))
            {
                StartTook = Stopwatch.GetElapsedTime(began);
                ready.TrySetResult();
            }
        });
        var ended = _process.WaitAsync(CancellationToken.None);
        if (await Task.WhenAny(ready.Task, ended, Task.Delay(StartLimit)) != ready.Task)
        {
            throw new CannotMeasureException($"weir up did not become ready:\n{_process.Output}");
        }
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? body, string? token)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.Authorization = token is null ? _http.DefaultRequestHeaders.Authorization : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            throw new CannotMeasureException($"{method} {path}: {(int)answer.StatusCode} {text}");
        }

        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
