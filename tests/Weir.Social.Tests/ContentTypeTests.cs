using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Weir.Social.Tests;

/// <summary>A body that is not JSON is refused as that, and tells nobody what is there.</summary>
public sealed class ContentTypeTests(SqliteServer shared)
{
    private static readonly string[] Wrong =
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/octet-stream",
        "nonsense", ";;;",
    ];

    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Every_call_that_reads_json_refuses_another_type()
    {
        var calls = (
            from endpoint in _server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            let accepts = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()
            where accepts is not null && !accepts.ContentTypes.Contains("*/*")
                && endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("api/", StringComparison.Ordinal)
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
            select (Method: method, Path: "/" + endpoint.RoutePattern.RawText!.Trim('/'))).ToList();
        Assert.True(calls.Count > 40, $"Only {calls.Count} calls read JSON.");
        var id = Guid.NewGuid().ToString("N");
        foreach (var (method, path) in calls)
        {
            var answer = await SendAsync(shared.Admin, method, Regex.Replace(path, "\\{[^}]*\\}", id), "text/plain");
            Assert.True(answer.Status == HttpStatusCode.UnsupportedMediaType, $"{method} {path}: {(int)answer.Status} {answer.Body}");
            Assert.Equal("unsupported-media-type", answer.Code);
        }
    }

    [Fact]
    public async Task The_answer_is_the_same_for_what_is_mine_what_is_hidden_and_what_is_not_there()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var broadcast = await anna.BroadcastAsync(new { kind = "onlyMe" });
        foreach (var type in Wrong)
        {
            foreach (var (method, there, path) in new[]
            {
                ("POST", talk, "/api/conversations/ID/messages"),
                ("PUT", talk, "/api/conversations/ID/read"),
                ("PATCH", broadcast, "/api/broadcasts/ID"),
            })
            {
                string[] answers =
                [
                    .. await Task.WhenAll(new[] { (anna, there), (cleo, there), (cleo, Guid.NewGuid().ToString("N")) }.Select(async ask =>
                        (await SendAsync(ask.Item1, method, path.Replace("ID", ask.Item2, StringComparison.Ordinal), type))
                            .Is(HttpStatusCode.UnsupportedMediaType).Body)),
                ];
                Assert.Single(answers.Distinct());
            }

            // Who asks comes first, and what no call is stays none.
            (await SendAsync(_server.Anybody, "POST", $"/api/conversations/{talk}/messages", type)).Is(HttpStatusCode.Unauthorized);
            (await SendAsync(cleo, "PUT", "/api/admin/live", type)).Is(HttpStatusCode.Forbidden);
            (await SendAsync(_server.Anybody, "POST", "/api/sessions", type)).Is(HttpStatusCode.UnsupportedMediaType);
            (await SendAsync(cleo, "POST", "/api/nothing", type)).Is(HttpStatusCode.NotFound);
        }

        // What reads no body takes any, and JSON may say more than its name.
        (await SendAsync(cleo, "PUT", $"/api/blocks/{ben.Handle}", "text/plain")).Is(HttpStatusCode.NoContent);
        (await SendAsync(anna, "PATCH", "/api/me", "application/json; charset=utf-8", """{"name": "Anne"}""")).Is(HttpStatusCode.OK);
        (await SendAsync(anna, "PATCH", "/api/me", "application/merge-patch+json", """{"name": "Anna"}""")).Is(HttpStatusCode.OK);
    }

    private static Task<Answer> SendAsync(Someone who, string method, string path, string type, string body = "{}") =>
        who.SendAsync(new HttpMethod(method), path, null, request =>
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });
}
