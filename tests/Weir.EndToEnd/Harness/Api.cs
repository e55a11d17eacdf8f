using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Weir.EndToEnd.Harness;

/// <summary>One person's bearer-token session with the social plane.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient _http;

    public Api(string url, string? token = null)
    {
        _http = new HttpClient(Trust.Handler()) { BaseAddress = new Uri(url), Timeout = Eventually.Patience };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public const string Password = "a quiet river at dawn";

    public static async Task<Api> SetUpAsync(WeirServer server, string handle, string name)
    {
        using var api = new Api(server.Url);
        var answer = await api.PostAsync("/api/setup", new { code = WeirServer.SetupCode, handle, name, password = Password });
        return new Api(server.Url, answer.GetProperty("token").GetString());
    }

    /// <summary>A new account by this person's invitation.</summary>
    public async Task<Api> InviteAsync(string handle, string name)
    {
        var code = (await PostAsync("/api/invitations", new { })).GetProperty("code").GetString();
        using var stranger = new Api(_http.BaseAddress!.ToString());
        var answer = await stranger.PostAsync("/api/accounts", new { invitation = code, handle, name, password = Password });
        return new Api(_http.BaseAddress!.ToString(), answer.GetProperty("token").GetString());
    }

    public async Task BefriendAsync(Api other, string otherHandle)
    {
        var id = (await PostAsync("/api/friend-requests", new { handle = otherHandle })).GetProperty("id").GetString();
        await other.PostAsync($"/api/friend-requests/{id}/accept", new { }, HttpStatusCode.NoContent);
    }

    public Task<JsonElement> PostAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.Created) => SendAsync(HttpMethod.Post, path, body, expected);

    public Task<JsonElement> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, body, HttpStatusCode.OK);

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, HttpStatusCode.OK);

    public Task PutAsync(string path) => SendAsync(HttpMethod.Put, path, null, HttpStatusCode.NoContent);

    public Task<JsonElement> PutAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Put, path, body, expected);

    public Task DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null, HttpStatusCode.NoContent);

    /// <param name="kind">What it is for: <c>picture</c>, <c>file</c> or <c>avatar</c>.</param>
    public async Task UploadAsync(string kind, string name, string type, byte[] bytes)
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        var path = $"/api/files?as={kind}&name={Uri.EscapeDataString(name)}";
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, $"{path}: {(int)answer.StatusCode} {text}");
    }

    public async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, object? body = null)
    {
        using var answer = await RawAsync(method, path, body);
        return answer.StatusCode;
    }

    public Task<HttpResponseMessage> RawAsync(HttpMethod method, string path, object? body = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        return _http.SendAsync(request);
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, HttpStatusCode expected)
    {
        using var answer = await RawAsync(method, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
    }
}
