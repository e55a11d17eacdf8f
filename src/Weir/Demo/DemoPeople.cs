using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Weir.Social.Demo;

namespace Weir.Demo;

/// <summary>The demo's people, signed in: what they do goes through the API like everybody's.</summary>
internal sealed class DemoPeople(DemoWorld world, Uri server, ILogger log)
{
    private readonly Dictionary<string, HttpClient> _people = [];

    public DemoWorld World => world;

    public HttpClient this[string handle] => _people[handle];

    public async Task SignInAsync(CancellationToken stopping)
    {
        foreach (var handle in (string[])[world.Host, .. world.Friends, world.Stranger])
        {
            var http = new HttpClient { BaseAddress = server };
            using var answer = await http.PostAsJsonAsync("/api/demo/sessions", new { handle }, stopping);
            var session = await ReadAsync(answer, stopping);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("token").GetString());
            _people[handle] = http;
        }
    }

    public async Task<JsonElement> PostAsync(string handle, string path, object body, CancellationToken stopping)
    {
        using var answer = await _people[handle].PostAsJsonAsync(path, body, stopping);
        return await ReadAsync(answer, stopping);
    }

    public async Task<JsonElement> PutAsync(string handle, string path, object body, CancellationToken stopping)
    {
        using var answer = await _people[handle].PutAsJsonAsync(path, body, stopping);
        return await ReadAsync(answer, stopping);
    }

    /// <summary>That person's uploads of some of the demo's pictures; none where the server takes no pictures, and the demo does without.</summary>
    public async Task<List<string>> UploadAsync(string handle, string[] names, CancellationToken stopping)
    {
        var pictures = new List<string>();
        foreach (var name in names)
        {
            await using var picture = typeof(DemoPeople).Assembly.GetManifestResourceStream(name)
                ?? throw new InvalidOperationException($"{name} is missing.");
            using var body = new StreamContent(picture);
            using var answer = await _people[handle].PostAsync($"/api/files?as=picture&name={name}", body, stopping);
            if (!answer.IsSuccessStatusCode)
            {
                log.LogInformation("The demo's pictures were not taken: {Status}", (int)answer.StatusCode);
                return [];
            }

            pictures.Add((await ReadAsync(answer, stopping)).GetProperty("id").GetString()!);
        }

        return pictures;
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken stopping)
    {
        answer.EnsureSuccessStatusCode();
        return answer.StatusCode == System.Net.HttpStatusCode.NoContent ? default : await answer.Content.ReadFromJsonAsync<JsonElement>(stopping);
    }
}
