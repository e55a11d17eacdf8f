using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>What the server does for people it does not know, it does so often and no more.</summary>
public sealed partial class CallLimitTests
{
    private static readonly Rate One = new(1, TimeSpan.FromHours(1));

    [Fact]
    public async Task Every_call_that_needs_no_account_has_a_limit_and_is_refused_without_asking_the_database()
    {
        var counter = new CommandCounter();
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<IInterceptor>(counter)
            .AddSingleton(new CallRates { OpenTickets = One, OpenFiles = One, OpenCalls = One }));
        var endpoints = server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => IsOpen(endpoint.Metadata))
            // The stream between the planes has a listener of its own, on which nobody else is answered.
            .Where(endpoint => !endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("weir.planes", StringComparison.Ordinal) && !endpoint.RoutePattern.RawText.Contains("unimplemented", StringComparison.Ordinal))
            .ToList();
        Assert.True(endpoints.Count > 20, "The route table was not read.");
        var articles = new[] { (HttpMethod.Get, "/a/somebody"), (HttpMethod.Get, "/a/somebody/feed.atom") };
        var calls = endpoints.Select(endpoint => (
            new HttpMethod(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.FirstOrDefault() ?? "GET"),
            "/" + Parameter().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "x"))).Concat(articles).ToList();
        Assert.Contains((HttpMethod.Post, "/api/broadcasts/x/tickets"), calls);
        foreach (var (method, path) in calls)
        {
            // As from another machine: this one may always ask whether the server is ready.
            await AskAsync(server, method, path);
            counter.Reset();
            var refused = (await AskAsync(server, method, path)).Is(HttpStatusCode.TooManyRequests);
            Assert.Equal(("throttled", "application/problem+json"), (refused.Code, refused.Message.Content.Headers.ContentType!.MediaType));
            Assert.True(refused.Message.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(59), path);
            Assert.Empty(counter.Take());
        }
    }

    [Fact]
    public async Task A_call_that_needs_an_account_and_has_none_counts_as_one_without_an_account()
    {
        var counter = new CommandCounter();
        await using var server = await Server.StartAsync(
            options: o => o with { TrustedProxies = ["127.0.0.1/32"] },
            configure: b => b.Services.AddSingleton<IInterceptor>(counter)
                .AddSingleton(new CallRates { OpenTickets = One, OpenFiles = One, OpenCalls = One }));
        var ben = await server.PersonAsync("Ben");
        var calls = server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => !IsOpen(endpoint.Metadata)).ToList();
        Assert.True(calls.Count > 100, "The route table was not read.");
        var other = 0;
        foreach (var endpoint in calls)
        {
            var method = new HttpMethod(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.FirstOrDefault() ?? "GET");
            var path = "/" + Parameter().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "x");
            var address = $"198.51.{++other / 250}.{other % 250}";
            (await FromAsync(method, path, address)).Is(HttpStatusCode.Unauthorized);
            counter.Reset();
            Assert.Equal("throttled", (await FromAsync(method, path, address)).Is(HttpStatusCode.TooManyRequests).Code);
            Assert.Empty(counter.Take());
        }

        // Whoever is signed in there goes on.
        var signedIn = await ben.SendAsync(HttpMethod.Get, "/api/me", null, request => request.Headers.Add("X-Forwarded-For", "198.51.0.1"));
        signedIn.Is(HttpStatusCode.OK);

        Task<Answer> FromAsync(HttpMethod method, string path, string address) => server.Anybody.SendAsync(
            method, path, method == HttpMethod.Get ? null : new { }, request => request.Headers.Add("X-Forwarded-For", address));
    }

    [Fact]
    public async Task A_school_behind_one_address_comes_through_and_one_account_does_not_take_all()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock)
            .AddSingleton(new CallRates { Tickets = new(3, TimeSpan.FromSeconds(10)), OpenTickets = One, OpenCalls = new(30, TimeSpan.FromSeconds(1)) }));
        var host = await server.PersonAsync("Host", admin: true);
        var (ben, cleo) = (await server.PersonAsync("Ben"), await server.PersonAsync("Cleo"));
        var id = await host.BroadcastAsync(new { kind = "public" });
        (await server.Anybody.TicketAsync(id)).Is(HttpStatusCode.Created);
        (await server.Anybody.TicketAsync(id)).Is(HttpStatusCode.TooManyRequests);

        // The same address, and people the server knows: each has their own.
        foreach (var who in new[] { ben, cleo })
        {
            for (var i = 0; i < 3; i++)
            {
                (await who.TicketAsync(id)).Is(HttpStatusCode.Created);
            }

            var refused = (await who.TicketAsync(id)).Is(HttpStatusCode.TooManyRequests);
            Assert.Equal(TimeSpan.FromSeconds(10), refused.Message.Headers.RetryAfter!.Delta);
        }

        clock.Advance(TimeSpan.FromSeconds(10));
        (await ben.TicketAsync(id)).Is(HttpStatusCode.Created);
        // What they do otherwise has a wide limit of its own.
        for (var i = 0; i < 60; i++)
        {
            (await ben.GetAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.OK);
        }

        (await server.Anybody.GetAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_account_in_a_loop_is_refused_without_asking_the_database_and_nobody_else_is()
    {
        var counter = new CommandCounter();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<IInterceptor>(counter).AddSingleton<TimeProvider>(clock)
            .AddSingleton(new CallRates { Calls = new(20, TimeSpan.FromSeconds(1)) }));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var asked = 0;
        while ((await ben.GetAsync("/api/me")).Status == HttpStatusCode.OK)
        {
            Assert.InRange(++asked, 1, 20);
        }

        var calls = server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => !IsOpen(endpoint.Metadata)).ToList();
        Assert.True(calls.Count > 100, "The route table was not read.");
        var own = new List<string>();
        counter.Reset();
        foreach (var endpoint in calls)
        {
            var method = new HttpMethod(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.FirstOrDefault() ?? "GET");
            var path = "/" + Parameter().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "x");
            var answer = await ben.SendAsync(method, path, method == HttpMethod.Get ? null : new { });
            if (answer.Status != HttpStatusCode.TooManyRequests)
            {
                own.Add($"{method} {endpoint.RoutePattern.RawText}");
                counter.Reset();
                continue;
            }

            Assert.Equal(("throttled", TimeSpan.FromSeconds(1)), (answer.Code, answer.Message.Headers.RetryAfter!.Delta));
            Assert.Empty(counter.TakeAnswering());
        }

        Assert.Equal(["POST /api/conversations/{id}/messages"], own);
        (await ben.PostAsync($"/api/conversations/{talk}/messages", new { clientId = "a", text = "goes on" })).Is(HttpStatusCode.Created);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        (await server.Anybody.GetAsync("/api/server")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task All_addresses_together_have_a_limit_that_nobody_who_is_signed_in_notices()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(
            options: o => o with { TrustedProxies = ["127.0.0.1/32"] },
            configure: b => b.Services.AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { OpenCalls = new(3, TimeSpan.FromHours(1)), OpenInAll = new(8, TimeSpan.FromSeconds(30)) }));
        var ben = await server.PersonAsync("Ben");
        clock.Advance(TimeSpan.FromHours(2));
        // One who asks too often by himself takes no more than his own.
        for (var i = 0; i < 20; i++)
        {
            (await FromAsync("192.0.2.1")).Is(i < 3 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests);
        }

        for (var i = 0; i < 5; i++)
        {
            (await FromAsync($"198.51.100.{i}")).Is(HttpStatusCode.OK);
        }

        Assert.Equal(TimeSpan.FromSeconds(30), (await FromAsync("203.0.113.1")).Is(HttpStatusCode.TooManyRequests).Message.Headers.RetryAfter!.Delta);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(30));
        (await FromAsync("203.0.113.2")).Is(HttpStatusCode.OK);

        Task<Answer> FromAsync(string address) =>
            server.Anybody.SendAsync(HttpMethod.Get, "/api/server", null, request => request.Headers.Add("X-Forwarded-For", address));
    }

    [Fact]
    public async Task Every_limit_by_address_counts_the_networks_of_one_ipv6_site_together()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(
            options: o => o with { TrustedProxies = ["127.0.0.1/32"] },
            configure: b => b.Services.AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates
            {
                UnknownSessions = new(2, TimeSpan.FromHours(1)),
                OpenTickets = new(2, TimeSpan.FromHours(1)),
                OpenFiles = new(2, TimeSpan.FromHours(1)),
            }));
        var id = Guid.NewGuid().ToString("N");
        (string What, int Each, Func<Action<HttpRequestMessage>, Task<Answer>> Ask)[] calls =
        [
            ("tickets", 2, from => server.Anybody.SendAsync(HttpMethod.Post, $"/api/broadcasts/{id}/tickets", new { }, from)),
            ("files", 2, from => server.Anybody.SendAsync(HttpMethod.Get, $"/api/files/{id}", null, from)),
            ("sessions", 2, from => new Someone(server, "guess", "", "").SendAsync(HttpMethod.Get, "/api/me", null, from)),
            ("passwords", 30, from => server.Anybody.SendAsync(
                HttpMethod.Post, "/api/sessions", new { handle = $"x_{Guid.NewGuid():N}"[..20], password = "wrong" }, from)),
            ("invitations", 30, from => server.Anybody.SendAsync(HttpMethod.Get, "/api/invitations/none", null, from)),
            ("passkeys", 30, from => server.Anybody.SendAsync(
                HttpMethod.Post, "/api/sessions/passkey", new { id = "none", credential = new { } }, from)),
            ("questions", 30, from => server.Anybody.SendAsync(HttpMethod.Post, "/api/passkey-challenges", new { }, from)),
            ("resets", 30, from => server.Anybody.SendAsync(HttpMethod.Post, "/api/password-resets/look", new { code = "none" }, from)),
        ];
        foreach (var (what, each, ask) in calls)
        {
            var through = 0;
            for (var network = 0; network < each * 2 * AddressKey.TimesForSite; network++)
            {
                var answer = await ask(request => request.Headers.Add("X-Forwarded-For", $"2001:db8:1:{network:x}::1"));
                through += answer.Status == HttpStatusCode.TooManyRequests ? 0 : 1;
            }

            Assert.True(through == each * AddressKey.TimesForSite, $"{what}: {through} came through");
            var elsewhere = await ask(request => request.Headers.Add("X-Forwarded-For", "2001:db8:2::1"));
            Assert.NotEqual(HttpStatusCode.TooManyRequests, elsewhere.Status);
        }
    }

    [Fact]
    public async Task Sessions_that_are_not_there_are_looked_up_so_often_and_no_more_and_those_that_are_do_not_count()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { UnknownSessions = new(2, TimeSpan.FromSeconds(20)) }));
        var ben = await server.PersonAsync("Ben");
        for (var i = 0; i < 5; i++)
        {
            await server.ForgetAsync();
            (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        }

        for (var i = 0; i < 2; i++)
        {
            (await new Someone(server, $"guess{i}", "", "").GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        }

        var refused = (await new Someone(server, "guess", "", "").GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(20), refused.Message.Headers.RetryAfter!.Delta);
        // Somebody of the same address whose session was looked up before goes on.
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(20));
        (await new Someone(server, "guess", "", "").GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    private static bool IsOpen(EndpointMetadataCollection metadata) =>
        metadata.GetMetadata<IAllowAnonymous>() is not null || metadata.GetMetadata<IAuthorizeData>() is null;

    private static Task<Answer> AskAsync(Server server, HttpMethod method, string path) =>
        server.Anybody.SendAsync(method, path, method == HttpMethod.Get ? null : new { }, request => request.Headers.Add("X-Forwarded-For", "192.0.2.1"));

    [GeneratedRegex("\\{[^}]*\\}")]
    private static partial Regex Parameter();
}
