using System.Net;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Tests.Articles;

namespace Weir.Social.Tests;

/// <summary>Whatever is answered, and however it went wrong: nothing is sniffed, nothing runs that is not this site's.</summary>
public sealed class HeaderTests(SqliteServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Every_address_answers_HEAD_as_it_answers_GET_without_the_body()
    {
        var anna = await _server.PersonAsync("Anna");

        // The hub is a connection and no resource: SignalR answers HEAD by itself.
        foreach (var path in Addresses().Where(path => path != "/api/hub").Append("/health/ready").Append("/").Append("/nothing"))
        {
            foreach (var person in new[] { anna, _server.Anybody })
            {
                var get = await person.GetAsync(path);
                var head = await person.SendAsync(HttpMethod.Head, path);
                Assert.True(get.Status == head.Status, $"{path}: GET {(int)get.Status}, HEAD {(int)head.Status}");
                Assert.Equal((path, get.Message.Content.Headers.ContentType), (path, head.Message.Content.Headers.ContentType));
                Assert.Equal((path, ""), (path, head.Body));
            }
        }
    }

    [Fact]
    public async Task Every_address_of_the_server_answers_with_a_policy_and_nosniff_signed_in_or_not()
    {
        var anna = await _server.PersonAsync("Anna");
        var paths = Addresses();
        Assert.True(paths.Count > 45, $"{paths.Count} addresses");
        foreach (var path in paths)
        {
            foreach (var person in new[] { anna, _server.Anybody })
            {
                var answer = await person.GetAsync(path);
                AssertStrict(answer, path);
                // No cache keeps what people see of each other, unless the call says what may be kept and by whom.
                Assert.True(
                    !path.StartsWith("/api/", StringComparison.Ordinal) || answer.Message.Headers.CacheControl is { NoStore: true } or { Private: true } or { NoCache: true },
                    $"{path}: {answer.Message.Headers.CacheControl}");
            }
        }
    }

    [Fact]
    public async Task What_is_refused_broken_or_too_large_has_them_too()
    {
        var anna = await _server.PersonAsync("Anna");
        AssertStrict((await anna.SendAsync(HttpMethod.Patch, "/api/me", change: r => r.Content = new StringContent("{", Encoding.UTF8, "application/json"))).Is(HttpStatusCode.BadRequest), "broken");
        AssertStrict((await anna.SendAsync(HttpMethod.Patch, "/api/me", new { name = new string('x', 300_000) }, request => request.Headers.ExpectContinue = true)).Is(HttpStatusCode.RequestEntityTooLarge), "too large");
        AssertStrict((await anna.SendAsync(HttpMethod.Patch, "/api/me", change: r => r.Content = new StringContent("x", Encoding.UTF8, "text/plain"))), "wrong type");
        AssertStrict((await anna.SendAsync(HttpMethod.Trace, "/api/me")), "wrong method");
        AssertStrict((await anna.GetAsync("/weir.planes.v1.Planes/Connect")).Is(HttpStatusCode.NotFound), "the planes' path");
    }

    [Fact]
    public async Task Script_in_every_text_field_is_only_text_in_what_the_server_renders()
    {
        const string script = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
        var publishing = await Publishing.OpenAsync(_server, shared.Admin, new { description = script, name = "<script>alert(1)</script>" });
        var (_, url) = await publishing.PublishAsync(script, script + "\n\n[x](javascript:alert(1))", script);
        foreach (var path in new[] { url, $"/a/{publishing.Handle}", $"/a/{publishing.Handle}/feed.atom" })
        {
            var page = (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.OK);
            AssertStrict(page, path);
            Assert.DoesNotContain("<script>alert", page.Body);
            Assert.DoesNotContain("<img src=x", page.Body);
            Assert.DoesNotContain("javascript:alert", page.Body);
        }
    }

    private static void AssertStrict(Answer answer, string what)
    {
        var headers = answer.Message.Headers;
        Assert.True(headers.TryGetValues("X-Content-Type-Options", out var sniff) && sniff.Single() == "nosniff", $"{what}: {(int)answer.Status} without nosniff");
        Assert.True(headers.TryGetValues("Content-Security-Policy", out var policies), $"{what}: {(int)answer.Status} without a policy");
        var policy = Assert.Single(policies!);
        Assert.True(policy.Contains("default-src 'self'", StringComparison.Ordinal) || policy.Contains("default-src 'none'", StringComparison.Ordinal), $"{what}: {policy}");
        Assert.DoesNotContain("unsafe-eval", policy);
        Assert.DoesNotContain("script-src 'unsafe", policy);
        Assert.Equal("no-referrer", headers.GetValues("Referrer-Policy").Single());
    }

    private List<string> Addresses() =>
    [
        .. _server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") ?? true)
            .Select(e => "/" + string.Join('/', e.RoutePattern.PathSegments.Select(Fill)))
            .Where(path => !path.Contains("weir.planes", StringComparison.Ordinal))
            .Distinct(),
    ];

    private static string Fill(RoutePatternPathSegment segment) => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternParameterPart { IsCatchAll: true } => "somewhere",
        _ => "00000000000000000000000000000001",
    }));
}
