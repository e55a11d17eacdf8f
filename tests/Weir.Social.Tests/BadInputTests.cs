using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests;

public sealed class BadInputOnSqlite(SqliteServer shared) : BadInputTests(shared);

public sealed class BadInputOnPostgres(PostgresServer shared) : BadInputTests(shared);

/// <summary>Bytes that are no text, in every field that holds text: a clear problem with the field, and nothing written.</summary>
public abstract class BadInputTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    private static readonly byte[][] Bad = [[0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], "\\ud800"u8.ToArray(), "\\udc00\\ud800"u8.ToArray()];

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused_by_their_field()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id");
        var circle = await anna.CircleAsync(ben);
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" });
        var moment = await anna.PostMomentAsync("Hello");
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var article = await paper.DraftAsync();
        (HttpMethod Method, string Path, string Body, string Field)[] calls =
        [
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "text": "BAD"}""", "text"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "BAD", "text": "x"}""", "clientId"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "text": "x", "replyTo": "BAD"}""", "replyTo"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "text": "x", "mentions": ["BAD"]}""", "mentions"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "pictures": ["BAD"]}""", "pictures"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "file": "BAD"}""", "file"),
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "card": {"kind": "BAD", "id": "x"}}""", "card"),
            (HttpMethod.Post, "/api/conversations", """{"members": ["BAD"]}""", "members"),
            (HttpMethod.Post, "/api/conversations", """{"members": ["x"], "name": "BAD"}""", "name"),
            (HttpMethod.Patch, $"/api/conversations/{group}", """{"name": "BAD"}""", "name"),
            (HttpMethod.Post, $"/api/conversations/{group}/links", """{"days": "BAD"}""", "days"),
            (HttpMethod.Put, $"/api/conversations/{group}/read", """{"seq": "BAD"}""", "seq"),
            (HttpMethod.Patch, "/api/me", """{"name": "BAD"}""", "name"),
            (HttpMethod.Put, "/api/me/avatar", """{"file": "BAD"}""", "file"),
            (HttpMethod.Post, "/api/me/password", """{"current": "BAD", "new": "x"}""", "current"),
            (HttpMethod.Post, "/api/sessions", """{"handle": "BAD", "password": "x"}""", "handle"),
            (HttpMethod.Post, "/api/accounts", """{"invitation": "x", "handle": "x", "name": "BAD", "password": "x"}""", "name"),
            (HttpMethod.Post, "/api/friend-requests", """{"handle": "BAD"}""", "handle"),
            (HttpMethod.Post, "/api/circles", """{"name": "BAD", "members": []}""", "name"),
            (HttpMethod.Patch, $"/api/circles/{circle}", """{"name": "BAD"}""", "name"),
            (HttpMethod.Post, "/api/broadcasts", """{"title": "BAD", "audience": {"kind": "friends"}}""", "title"),
            (HttpMethod.Patch, $"/api/broadcasts/{broadcast}", """{"title": "BAD"}""", "title"),
            (HttpMethod.Post, "/api/broadcasts", """{"title": "x", "audience": {"kind": "friends", "except": {"accounts": ["BAD"]}}}""", "audience"),
            (HttpMethod.Post, "/api/moments", """{"text": "BAD", "audience": {"kind": "friends"}}""", "text"),
            (HttpMethod.Post, "/api/moments", """{"text": "x", "audience": {"kind": "friends"}, "clientId": "BAD"}""", "clientId"),
            (HttpMethod.Post, $"/api/moments/{moment}/comments", """{"text": "BAD", "clientId": "1"}""", "text"),
            (HttpMethod.Post, $"/api/moments/{moment}/comments", """{"text": "x", "clientId": "BAD"}""", "clientId"),
            (HttpMethod.Patch, "/api/me", """{"about": "BAD"}""", "about"),
            (HttpMethod.Post, "/api/official", """{"handle": "BAD", "name": "x", "description": "x", "open": true, "kind": "service"}""", "handle"),
            (HttpMethod.Post, "/api/official", """{"handle": "another", "name": "BAD", "description": "x", "open": true, "kind": "service"}""", "name"),
            (HttpMethod.Post, "/api/official", """{"handle": "another", "name": "x", "description": "BAD", "open": true, "kind": "service"}""", "description"),
            (HttpMethod.Patch, $"/api/official/{paper.Handle}", """{"name": "BAD"}""", "name"),
            (HttpMethod.Patch, $"/api/official/{paper.Handle}", """{"description": "BAD"}""", "description"),
            (HttpMethod.Put, $"/api/articles/{article}/draft", """{"version": 2, "title": "x", "summary": "BAD", "markdown": "x"}""", "summary"),
            (HttpMethod.Put, $"/api/articles/{article}/draft", """{"version": 2, "title": "BAD", "summary": "x", "markdown": "x"}""", "title"),
            (HttpMethod.Put, $"/api/articles/{article}/draft", """{"version": 2, "title": "x", "summary": "x", "markdown": "BAD"}""", "markdown"),
            (HttpMethod.Post, "/api/reports", """{"kind": "person", "id": "PERSON", "reason": "spam", "note": "BAD"}""".Replace("PERSON", ben.Id, StringComparison.Ordinal), "note"),
            (HttpMethod.Post, "/api/me/passkeys", """{"id": "x", "credential": {}, "name": "BAD"}""", "name"),
            (HttpMethod.Patch, $"/api/me/passkeys/{Guid.NewGuid():N}", """{"name": "BAD"}""", "name"),
            (HttpMethod.Put, "/api/push/subscription", """{"endpoint": "https://push.example.net/BAD", "keys": {"p256dh": "x", "auth": "x"}}""", "endpoint"),
        ];
        foreach (var (method, path, body, field) in calls)
        {
            foreach (var bad in Bad)
            {
                // The paper is its owner's to change; all else is Anna's.
                var caller = path.StartsWith("/api/official", StringComparison.Ordinal) || path.StartsWith("/api/articles", StringComparison.Ordinal) ? paper.Owner : anna;
                var answer = await SendAsync(caller, method, path, body, bad);
                Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{path} {body}: {(int)answer.Status} {answer.Body}");
                Assert.True(answer["codes"].TryGetProperty(field, out _), $"{path} {body}: {answer.Body}");
            }
        }

        Assert.Empty(await ben.CatchUpAsync(conversation, 0, 10));
        Assert.Equal("Anna", (await anna.GetAsync("/api/me")).Text("name"));
        Assert.Equal(2, (await anna.GetAsync("/api/conversations"))["conversations"].GetArrayLength());
        Assert.Equal("Us", (await ben.GetAsync($"/api/conversations/{group}")).Text("name"));
        Assert.Empty((await anna.GetAsync($"/api/conversations/{group}/links")).Json.EnumerateArray());
        Assert.Equal([moment], (await anna.FeedAsync()).Select(m => m.Id()));
        Assert.Empty(await anna.CommentsAsync(moment));
        Assert.Equal("", (await anna.GetAsync("/api/me")).Text("about"));
        Assert.Equal([paper.Handle], (await paper.Owner.GetAsync("/api/official/my-accounts"))["accounts"].EnumerateArray().Select(a => a.GetProperty("handle").GetString()!));
        var shown = (await anna.GetAsync($"/api/official/{paper.Handle}")).Is(HttpStatusCode.OK);
        Assert.Equal(("The Paper", "News of the weir"), (shown.Text("name"), shown.Text("description")));
        var draft = (await paper.Owner.GetAsync($"/api/articles/{article}/draft")).Is(HttpStatusCode.OK);
        Assert.Equal(("A title", "Some *words*.", 2), (draft.Text("title"), draft.Text("markdown"), draft["version"].GetInt32()));
        Assert.Empty((await anna.GetAsync("/api/reports")).Json.EnumerateArray());
        Assert.Empty((await anna.GetAsync("/api/me/passkeys")).Json.EnumerateArray());
    }

    [Fact]
    public async Task A_call_without_a_content_type_reads_json_and_one_whose_body_is_optional_needs_none()
    {
        var bodies = (
            from endpoint in _server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            let accepts = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()
            where accepts is not null && endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("api/", StringComparison.Ordinal)
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
            select (Call: $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", accepts.IsOptional)).ToList();
        var anna = await _server.PersonAsync("Anna");
        var optional = new Dictionary<string, Func<Action<HttpRequestMessage>, Task<Answer>>>
        {
            ["POST /api/invitations"] = change => anna.SendAsync(HttpMethod.Post, "/api/invitations", null, change),
        };
        Assert.Equal(optional.Keys.Order(), bodies.Where(b => b.IsOptional).Select(b => b.Call).Order());
        foreach (var (_, call) in optional)
        {
            (await call(_ => { })).Is(HttpStatusCode.Created);
            (await call(request => request.Content = Untyped(""))).Is(HttpStatusCode.Created);
            (await call(request => request.Content = Untyped("{}"))).Is(HttpStatusCode.Created);
            (await call(request => request.Content = Untyped("nonsense"))).Is(HttpStatusCode.BadRequest);
        }

        // What needs a body says so, and is not taken for a call that does not exist.
        var needing = bodies.Where(b => !b.IsOptional && !b.Call.Contains('{', StringComparison.Ordinal))
            .Select(b => b.Call.Split(' ')).ToList();
        Assert.NotEmpty(needing);
        foreach (var call in needing)
        {
            var answer = await shared.Admin.SendAsync(new HttpMethod(call[0]), call[1]);
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{call[0]} {call[1]}: {(int)answer.Status} {answer.Body}");
        }

        static ByteArrayContent Untyped(string text) => new(Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public async Task Characters_that_no_database_holds_are_refused_and_markup_is_only_text()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var zero = "\\u0000"u8.ToArray();
        foreach (var (method, path, body) in new (HttpMethod, string, string)[]
        {
            (HttpMethod.Post, $"/api/conversations/{conversation}/messages", """{"clientId": "1", "text": "BAD"}"""),
            (HttpMethod.Post, "/api/conversations", """{"members": ["BAD"]}"""),
            (HttpMethod.Post, "/api/conversations", """{"members": ["x"], "name": "BAD"}"""),
            (HttpMethod.Patch, "/api/me", """{"name": "BAD"}"""),
            (HttpMethod.Post, "/api/sessions", """{"handle": "BAD", "password": "x"}"""),
            (HttpMethod.Post, "/api/accounts", """{"invitation": "BAD", "handle": "x", "name": "x", "password": "x"}"""),
            (HttpMethod.Post, "/api/friend-requests", """{"handle": "BAD"}"""),
            (HttpMethod.Post, "/api/circles", """{"name": "Good", "members": ["BAD"]}"""),
            (HttpMethod.Put, "/api/blocks/%00", ""),
            (HttpMethod.Get, "/api/invitations/%00", ""),
            (HttpMethod.Get, "/api/files/%00", ""),
            (HttpMethod.Get, "/api/conversations?before=%00", ""),
        })
        {
            var answer = await SendAsync(anna, method, path, body, zero);
            Assert.True((int)answer.Status is >= 200 and < 500, $"{path} {body}: {(int)answer.Status} {answer.Body}");
            Assert.False(body.Contains("text", StringComparison.Ordinal) && answer.Status == HttpStatusCode.Created);
        }

        var script = "<img src=x onerror=alert(1)>\"'</script>";
        (await anna.PatchAsync("/api/me", new { name = script })).Is(HttpStatusCode.OK);
        var seq = (await anna.SayAsync(conversation, script)).Is(HttpStatusCode.Created)["seq"].GetInt64();
        var read = await ben.GetAsync($"/api/conversations/{conversation}/messages?after={seq - 1}");
        Assert.Equal((script, script), (read.Json[0].GetProperty("text").GetString(), read.Json[0].GetProperty("sender").GetProperty("name").GetString()));
        Assert.Equal(("application/json", "nosniff"), (read.Message.Content.Headers.ContentType!.MediaType, string.Join(' ', read.Message.Headers.GetValues("X-Content-Type-Options"))));
    }

    /// <summary>Numbers where texts belong, lists where numbers do, too much of everything: a problem with the field, never a fault of the server, and nothing half-written.</summary>
    [Fact]
    public async Task Conversations_take_nothing_of_another_shape()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id");
        var (messages, many) = ($"/api/conversations/{group}/messages", string.Join(',', Enumerable.Repeat("\"x\"", 20_000)));
        (HttpMethod Method, string Path, string Body)[] calls =
        [
            (HttpMethod.Post, "/api/conversations", """{"members": "ben"}"""),
            (HttpMethod.Post, "/api/conversations", """{"members": [1]}"""),
            (HttpMethod.Post, "/api/conversations", """{"members": [null]}"""),
            (HttpMethod.Post, "/api/conversations", """{"members": [[]], "name": {}}"""),
            (HttpMethod.Post, "/api/conversations", "null"),
            (HttpMethod.Post, "/api/conversations", "[]"),
            (HttpMethod.Post, "/api/conversations", ""),
            (HttpMethod.Post, "/api/conversations", "{\"members\": [" + many + "]}"),
            (HttpMethod.Post, "/api/conversations", """{"members": ["../../etc/passwd", "' or 1=1 --"]}"""),
            (HttpMethod.Post, messages, """{"clientId": 1, "text": "x"}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "text": {"a": 1}}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "text": "x", "mentions": "all"}"""),
            (HttpMethod.Post, messages, "{\"clientId\": \"1\", \"text\": \"x\", \"mentions\": [" + many + "]}"),
            (HttpMethod.Post, messages, """{"clientId": "1", "pictures": [1, 2]}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "file": ["x"]}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "card": "broadcast"}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "card": {"kind": "password", "id": "x"}}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "card": {"kind": 7, "id": "x"}}"""),
            (HttpMethod.Post, messages, """{"clientId": "1", "replyTo": true, "text": "x"}"""),
            (HttpMethod.Post, messages, """{"clientId": "1"}"""),
            (HttpMethod.Patch, $"/api/conversations/{group}", """{"name": null}"""),
            (HttpMethod.Patch, $"/api/conversations/{group}", """{"name": "\n"}"""),
            (HttpMethod.Patch, $"/api/conversations/{group}", """{"name": "\u202E\u3164"}"""),
            (HttpMethod.Patch, $"/api/conversations/{group}", "{\"name\": \"" + new string('x', 41) + "\"}"),
            (HttpMethod.Put, $"/api/conversations/{group}/read", """{"seq": 1.5}"""),
            (HttpMethod.Put, $"/api/conversations/{group}/read", """{"seq": 99999999999999999999}"""),
            (HttpMethod.Put, $"/api/conversations/{group}/read", """{"seq": [1]}"""),
            (HttpMethod.Post, $"/api/conversations/{group}/links", """{"days": 1e9}"""),
            (HttpMethod.Post, $"/api/conversations/{group}/links", """{"days": "many"}"""),
            (HttpMethod.Get, $"{messages}?after=x", ""),
            (HttpMethod.Get, $"{messages}?before=99999999999999999999", ""),
            (HttpMethod.Get, $"{messages}?limit=many", ""),
            (HttpMethod.Get, "/api/conversations?limit=1e3", ""),
        ];
        foreach (var (method, path, body) in calls)
        {
            var answer = await anna.SendAsync(method, path, change: request =>
            {
                if (method != HttpMethod.Get)
                {
                    request.Content = new StringContent(body, Encoding.UTF8, "application/json");
                }
            });
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{path} {body[..Math.Min(body.Length, 80)]}: {(int)answer.Status} {answer.Body}");
            Assert.Equal("application/problem+json", answer.Message.Content.Headers.ContentType?.MediaType);
        }

        // Far away numbers are numbers.
        (await anna.GetAsync($"{messages}?after={long.MinValue}&limit=-5")).Is(HttpStatusCode.OK);
        (await anna.GetAsync($"{messages}?before={long.MaxValue}&limit=1000000")).Is(HttpStatusCode.OK);
        (await anna.PutAsync($"/api/conversations/{group}/read", new { seq = long.MinValue })).Is(HttpStatusCode.NoContent);
        Assert.Empty(await ben.CatchUpAsync(group, 0, 10));
        Assert.Equal("Us", (await ben.GetAsync($"/api/conversations/{group}")).Text("name"));
        Assert.Single((await anna.GetAsync("/api/conversations"))["conversations"].EnumerateArray());
        Assert.Equal(0, (await anna.GetAsync("/api/conversations"))["conversations"][0].GetProperty("readSeq").GetInt64());

        // Markup and scripts are a name like any other; the page is told that it is JSON.
        const string Script = "</title><script>alert(1)</script>";
        (await anna.PatchAsync($"/api/conversations/{group}", new { name = Script })).Is(HttpStatusCode.NoContent);
        var read = await ben.GetAsync($"/api/conversations/{group}");
        Assert.Equal((Script, "application/json"), (read.Text("name"), read.Message.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task Oversized_bodies_are_refused_before_they_are_read()
    {
        var anna = await _server.PersonAsync("Anna");
        var answer = await anna.SendAsync(HttpMethod.Patch, "/api/me", new { name = new string('x', 300_000) }, request => request.Headers.ExpectContinue = true);
        Assert.Equal("too-large", answer.Is(HttpStatusCode.RequestEntityTooLarge).Code);
        var deep = await SendAsync(anna, HttpMethod.Patch, "/api/me", "{\"name\": " + new string('[', 1000) + new string(']', 1000) + "}", []);
        deep.Is(HttpStatusCode.BadRequest);
    }

    private static Task<Answer> SendAsync(Someone one, HttpMethod method, string path, string body, byte[] bad) => one.SendAsync(method, path, change: request =>
    {
        if (body.Length == 0)
        {
            return;
        }

        var parts = body.Split("BAD");
        request.Content = new ByteArrayContent(parts.Length == 1 ? Encoding.UTF8.GetBytes(body) : [.. Encoding.UTF8.GetBytes(parts[0]), .. bad, .. Encoding.UTF8.GetBytes(parts[1])]);
        request.Content.Headers.ContentType = new("application/json");
    });
}
