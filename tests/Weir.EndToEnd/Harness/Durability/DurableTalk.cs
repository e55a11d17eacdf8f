using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Weir.EndToEnd.Harness.Durability;

/// <summary>Something that was acknowledged is gone, is there twice, or left a gap.</summary>
internal sealed class NotDurableException(string what) : Exception(what);

/// <summary>
/// Two people who write to each other and send files while the social plane, a process of its own, is killed again and again. After each restart, what was acknowledged must be there,
/// once, under the number that was told, without gaps; what got no answer is sent again as a client does, and must be there once.
/// </summary>
internal sealed class DurableTalk : IAsyncDisposable
{
    private const int Writers = 8;
    private const int FilesAtOnce = 2;
    private const string SetupCode = "durability-code";
    private const string Password = "a quiet river at dawn";

    private readonly string _directory = Directory.CreateTempSubdirectory("weir-durability-").FullName;
    // Without cookies: to sign up with the cookie of a session would end that session.
    private readonly HttpClient _http = new(new HttpClientHandler { UseCookies = false }) { Timeout = Patience.Limit };
    private readonly Dictionary<string, long> _known = [];
    private readonly List<(string Id, byte[] Hash)> _files = [];
    private readonly ForgetfulDisk _disk;
    private readonly Action<string>? _log;
    private ChildProcess? _process;
    private string _url = "";
    private string _anna = "";
    private string _ben = "";
    private string _conversation = "";
    private long _checked;
    private int _round;

    /// <param name="log">Gets each line that the social plane prints.</param>
    public DurableTalk(Action<string>? log = null)
    {
        _disk = new ForgetfulDisk(_directory);
        _log = log;
    }

    public int Acknowledged => _known.Count;

    /// <summary>Messages that were on their way at a kill, so that nobody had been promised anything yet.</summary>
    public int Unanswered { get; private set; }

    public int Files => _files.Count;

    public int Kills => _round;

    public List<TimeSpan> Starts { get; } = [];

    public string Output => _process?.Output ?? "";

    public async Task BeginAsync(Disk disk)
    {
        await StartAsync(disk);
        _anna = Text(await PostAsync(null, "/api/setup", new { code = SetupCode, handle = "anna", name = "Anna", password = Password }), "token");
        var invitation = Text(await PostAsync(_anna, "/api/invitations", new { }), "code");
        _ben = Text(await PostAsync(null, "/api/accounts", new { invitation, handle = "ben", name = "Ben", password = Password }), "token");
        var request = Text(await PostAsync(_anna, "/api/friend-requests", new { handle = "ben" }), "id");
        await PostAsync(_ben, $"/api/friend-requests/{request}/accept", new { }, HttpStatusCode.NoContent);
        _conversation = Text(await PostAsync(_anna, "/api/conversations", new { members = new[] { "ben" } }), "id");
    }

    /// <summary>Writes until so many more are acknowledged, kills at once, starts again on <paramref name="next"/> and looks.</summary>
    /// <exception cref="NotDurableException">A promise was not kept.</exception>
    public async Task CrashAsync(int messages, Disk next)
    {
        _round++;
        var answered = new ConcurrentDictionary<string, long>();
        var unanswered = new ConcurrentBag<string>();
        var files = new ConcurrentBag<(string, byte[])>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var load = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                var clientId = $"{_round}-{writer}-{i}";
                if (!await IsAnsweredAsync(async () => answered[clientId] = await SayAsync(clientId)))
                {
                    unanswered.Add(clientId);
                    return;
                }

                if (answered.Count >= messages)
                {
                    enough.TrySetResult();
                }
            }
        })).Append(Task.Run(async () =>
        {
            for (var i = 0; i < FilesAtOnce; i++)
            {
                var bytes = RandomNumberGenerator.GetBytes(3000);
                if (!await IsAnsweredAsync(async () => files.Add((await UploadAsync(bytes), SHA256.HashData(bytes)))))
                {
                    return;
                }
            }
        })).ToList();
        var ended = Task.WhenAll(load);
        if (await Task.WhenAny(enough.Task, ended).WaitAsync(Patience.Limit) != enough.Task)
        {
            await ended;
            throw new InvalidOperationException($"Nobody killed it and yet it does not answer: {Output}");
        }

        await KillAsync();
        await ended.WaitAsync(Patience.Limit);
        _disk.Crash();
        await StartAsync(next);

        Unanswered += unanswered.Count;
        foreach (var clientId in unanswered)
        {
            answered[clientId] = await SayAsync(clientId);
        }

        await LookAsync(answered);
        _files.AddRange(files);
        foreach (var (id, hash) in files)
        {
            await LookAsync(id, hash);
        }
    }

    /// <summary>Everything from the beginning, after all kills.</summary>
    public async Task LookAtAllAsync()
    {
        _checked = 0;
        var all = new Dictionary<string, long>(_known);
        _known.Clear();
        await LookAsync(all);
        foreach (var (id, hash) in _files)
        {
            await LookAsync(id, hash);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
        _disk.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task LookAsync(IReadOnlyDictionary<string, long> due)
    {
        var found = new HashSet<string>();
        while (await PageAsync() is { Count: > 0 } page)
        {
            foreach (var (seq, clientId) in page)
            {
                if (seq != _checked + 1)
                {
                    throw new NotDurableException($"After {_checked} comes {seq}.");
                }

                _checked = seq;
                if (!found.Add(clientId) || _known.ContainsKey(clientId))
                {
                    throw new NotDurableException($"{clientId} is there twice.");
                }

                if (!due.TryGetValue(clientId, out var told) || told != seq)
                {
                    throw new NotDurableException($"{clientId} is number {seq}; acknowledged was {(told == 0 ? "nothing" : told)}.");
                }
            }
        }

        if (found.Count != due.Count)
        {
            throw new NotDurableException($"{due.Count - found.Count} of {due.Count} acknowledged messages are gone, the first is {due.Keys.Except(found).First()}.");
        }

        foreach (var (clientId, seq) in due)
        {
            _known.Add(clientId, seq);
        }
    }

    private async Task LookAsync(string id, byte[] hash)
    {
        using var answer = await SendAsync(_ben, HttpMethod.Get, $"/api/files/{id}", null);
        if (answer.StatusCode != HttpStatusCode.OK || !SHA256.HashData(await answer.Content.ReadAsByteArrayAsync()).SequenceEqual(hash))
        {
            throw new NotDurableException($"The file {id} was acknowledged and is not what it was: {(int)answer.StatusCode}.");
        }
    }

    private async Task<List<(long Seq, string ClientId)>> PageAsync()
    {
        using var answer = await SendAsync(_ben, HttpMethod.Get, $"/api/conversations/{_conversation}/messages?after={_checked}&limit=200", null);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new NotDurableException($"The conversation is gone: {(int)answer.StatusCode}.");
        }

        return [.. (await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray().Select(m => (m.GetProperty("seq").GetInt64(), Text(m, "clientId")))];
    }

    /// <summary>When the answer does not come, what was sent may be there or not.</summary>
    private static async Task<bool> IsAnsweredAsync(Func<Task> send)
    {
        try
        {
            await send();
            return true;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private async Task<long> SayAsync(string clientId)
    {
        var writer = int.Parse(clientId.Split('-')[1], CultureInfo.InvariantCulture);
        var answer = await PostAsync(writer % 2 == 0 ? _anna : _ben, $"/api/conversations/{_conversation}/messages", new { clientId, text = clientId });
        return answer.GetProperty("seq").GetInt64();
    }

    private async Task<string> UploadAsync(byte[] bytes)
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await SendAsync(_ben, HttpMethod.Post, "/api/files?as=file&name=a.bin", content);
        return Text(await ReadAsync(answer, HttpStatusCode.Created), "id");
    }

    private async Task<JsonElement> PostAsync(string? token, string path, object body, HttpStatusCode expected = HttpStatusCode.Created)
    {
        using var answer = await SendAsync(token, HttpMethod.Post, path, JsonContent.Create(body));
        return await ReadAsync(answer, expected);
    }

    private async Task<JsonElement> ReadAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode != expected ? throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {text}\n{Output}")
            : text.Length == 0 ? default
            : JsonDocument.Parse(text).RootElement.Clone();
    }

    private async Task<HttpResponseMessage> SendAsync(string? token, HttpMethod method, string path, HttpContent? body)
    {
        using var request = new HttpRequestMessage(method, _url + path) { Content = body };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }

    private async Task StartAsync(Disk disk)
    {
        const string line = "The social plane is ready at ";
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = Stopwatch.GetTimestamp();
        var environment = new Dictionary<string, string>(_disk.Environment(disk))
        {
            ["WEIR_SETUP_CODE"] = SetupCode,
            // A process that lives for a second is not worth optimising while it runs.
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_TC_CallCountThreshold"] = "1000",
            ["DOTNET_gcConcurrent"] = "0",
        };
        _process = new ChildProcess(Root.App, ["social", "--data", _directory, "--http", "0", "--link-cards", "off"], environment, said =>
        {
            _log?.Invoke(said);
            if (said.StartsWith(line, StringComparison.Ordinal))
            {
                ready.TrySetResult(said[line.Length..]);
            }
        });
        if (await Task.WhenAny(ready.Task, _process.WaitAsync(CancellationToken.None), Task.Delay(Patience.Limit)) != ready.Task)
        {
            throw new NotDurableException($"The social plane does not start again:\n{Output}");
        }

        _url = await ready.Task;
        Starts.Add(Stopwatch.GetElapsedTime(began));
    }

    /// <summary>SIGKILL: the process runs nothing more.</summary>
    private async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
            _process = null;
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
