using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Weir.Social.Tests;

public sealed record Answer(HttpStatusCode Status, string Body, HttpResponseMessage Message)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Code => Json.GetProperty("code").GetString()!;

    public JsonElement this[string member] => Json.GetProperty(member);

    public string Text(string member) => this[member].GetString()!;

    public Answer Is(HttpStatusCode expected)
    {
        Assert.True(Status == expected, $"{(int)expected} was due, {(int)Status} came: {Body}");
        return this;
    }
}

/// <summary>Somebody who uses the API, signed in or not.</summary>
public sealed class Someone(Server server, string? token, string handle, string id)
{
    public const string Password = "correct horse battery staple";

    public string? Token => token;

    public string Handle => handle;

    public string Id => id;

    public static async Task<Someone> OfAsync(Server server, Answer answer)
    {
        answer.Is(HttpStatusCode.Created);
        var account = answer["account"];
        await Task.CompletedTask;
        return new Someone(server, answer.Text("token"), account.GetProperty("handle").GetString()!, account.GetProperty("id").GetString()!);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body ?? new { });

    public Task<Answer> PutAsync(string path, object? body = null) => SendAsync(HttpMethod.Put, path, body);

    public Task<Answer> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, body);

    public Task<Answer> DeleteAsync(string path, object? body = null) => SendAsync(HttpMethod.Delete, path, body);

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        change?.Invoke(request);
        if (request.Headers.ExpectContinue is true && request.Content is { } content)
        {
            // With its length known the server can refuse it before any of it is sent; the answer would otherwise meet a body on its way, which breaks off.
            await content.LoadIntoBufferAsync();
        }

        var response = await server.Http.SendAsync(request);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public async Task BefriendAsync(Someone other)
    {
        var asked = (await PostAsync("/api/friend-requests", new { handle = other.Handle })).Is(HttpStatusCode.Created);
        (await other.PostAsync($"/api/friend-requests/{asked.Text("id")}/accept")).Is(HttpStatusCode.NoContent);
    }

    public async Task<string> CircleAsync(params Someone[] members) =>
        (await PostAsync("/api/circles", new { name = "Circle", members = members.Select(m => m.Handle) })).Is(HttpStatusCode.Created).Text("id");

    public async Task<string> BroadcastAsync(object audience, string title = "A broadcast") =>
        (await PostAsync("/api/broadcasts", new { title, audience })).Is(HttpStatusCode.Created).Text("id");

    public Task<Answer> TicketAsync(string broadcast) => PostAsync($"/api/broadcasts/{broadcast}/tickets");

    public async Task SeesAsync(string broadcast, bool sees) =>
        (await GetAsync($"/api/broadcasts/{broadcast}")).Is(sees ? HttpStatusCode.OK : HttpStatusCode.NotFound);
}
