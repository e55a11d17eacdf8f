using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Weir.Social.Tests;

/// <summary>Kills the social plane's own process while people write, and looks for what it had acknowledged.</summary>
public sealed class DurabilityTests : IAsyncLifetime
{
    private const int Kills = 3;
    private const int Writers = 8;
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-durability-").FullName;
    private readonly HttpClient _http = new();
    private Process? _process;
    private string _url = "";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Kill();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Every_acknowledged_message_is_there_once_after_kill_9_under_load()
    {
        await StartAsync();
        var anna = await PostAsync(null, "/api/setup", new { code = Server.SetupCode, handle = "anna", name = "Anna", password = Someone.Password });
        var token = anna.GetProperty("token").GetString()!;
        var ben = await PostAsync(null, "/api/accounts", new
        {
            invitation = (await PostAsync(token, "/api/invitations", new { })).GetProperty("code").GetString(),
            handle = "ben",
            name = "Ben",
            password = Someone.Password,
        });
        var other = ben.GetProperty("token").GetString()!;
        var request = (await PostAsync(token, "/api/friend-requests", new { handle = "ben" })).GetProperty("id").GetString();
        using (var accepted = await SendAsync(other, HttpMethod.Post, $"/api/friend-requests/{request}/accept", new { }))
        {
            Assert.Equal(HttpStatusCode.NoContent, accepted.StatusCode);
        }

        var id = (await PostAsync(token, "/api/conversations", new { members = new[] { "ben" } })).GetProperty("id").GetString()!;
        var acknowledged = new ConcurrentDictionary<string, long>();
        for (var round = 0; round < Kills; round++)
        {
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var due = acknowledged.Count + 200;
            var unanswered = new ConcurrentBag<string>();
            var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                for (var i = 0; ; i++)
                {
                    var clientId = $"{round}-{writer}-{i}";
                    try
                    {
                        acknowledged[clientId] = await SayAsync(writer % 2 == 0 ? token : other, id, clientId);
                    }
                    catch (Exception fault) when (fault is HttpRequestException or IOException)
                    {
                        // The answer did not come: the message may be there or not.
                        unanswered.Add(clientId);
                        return;
                    }

                    if (acknowledged.Count >= due)
                    {
                        enough.TrySetResult();
                    }
                }
            })).ToList();
            await Task.WhenAny(enough.Task, Task.WhenAll(writers)).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(enough.Task.IsCompleted);
            Kill();
            await Task.WhenAll(writers).WaitAsync(TimeSpan.FromSeconds(30));
            await StartAsync();

            // What got no answer is sent again, as a client does, and is there once.
            foreach (var clientId in unanswered)
            {
                var writer = int.Parse(clientId.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
                acknowledged[clientId] = await SayAsync(writer % 2 == 0 ? token : other, id, clientId);
            }

            var found = await ReadAllAsync(other, id);
            Assert.Equal(Enumerable.Range(1, found.Count).Select(i => (long)i), found.Select(m => m.Seq));
            Assert.Equal(acknowledged.Select(a => (a.Value, a.Key)).Order(), found);
        }
    }

    private async Task<long> SayAsync(string token, string conversation, string clientId) =>
        (await PostAsync(token, $"/api/conversations/{conversation}/messages", new { clientId, text = clientId })).GetProperty("seq").GetInt64();

    private async Task<List<(long Seq, string ClientId)>> ReadAllAsync(string token, string conversation)
    {
        var all = new List<(long, string)>();
        while (true)
        {
            var after = all.Count == 0 ? 0 : all[^1].Item1;
            using var answer = await SendAsync(token, HttpMethod.Get, $"/api/conversations/{conversation}/messages?after={after}&limit=200", null);
            var page = (await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray()
                .Select(m => (m.GetProperty("seq").GetInt64(), m.GetProperty("clientId").GetString()!)).ToList();
            if (page.Count == 0)
            {
                return all;
            }

            all.AddRange(page);
        }
    }

    private async Task<JsonElement> PostAsync(string? token, string path, object body)
    {
        using var answer = await SendAsync(token, HttpMethod.Post, path, body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<HttpResponseMessage> SendAsync(string? token, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, _url + path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }

    private async Task StartAsync()
    {
        const string ready = "The social plane is ready at ";
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "weir"), ["social", "--data", _directory, "--http", "0", "--setup-code", Server.SetupCode])
        {
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        var output = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            output.Add(line);
            if (line.StartsWith(ready, StringComparison.Ordinal))
            {
                _url = line[ready.Length..];
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }

        Assert.Fail($"The social plane did not start: {string.Join('\n', output)}");
    }

    /// <summary>SIGKILL: the process runs nothing more.</summary>
    private void Kill()
    {
        if (_process is { } process)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }
    }
}
