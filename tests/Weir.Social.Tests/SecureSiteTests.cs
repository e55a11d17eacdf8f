using System.Net;
using Weir.Hosting.Tls;

namespace Weir.Social.Tests;

/// <summary>What a site with HTTPS says to browsers, and which cookie it takes.</summary>
public sealed class SecureSiteTests
{
    [Fact]
    public async Task With_TLS_browsers_are_kept_to_it_and_the_cookie_is_the_sites_alone()
    {
        var certificates = Directory.CreateTempSubdirectory("weir-site-").FullName;
        await using var server = await Server.StartAsync(options: o => o with { Tls = SelfSigned.Ensure(certificates, [], TimeProvider.System) });
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        { BaseAddress = new Uri($"https://localhost:{server.Plane.HttpPort}") };
        var made = await http.PostAsync("/api/setup", new StringContent(
            $$"""{"code":"{{Server.SetupCode}}","handle":"anna","name":"Anna","password":"{{Someone.Password}}"}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("max-age=31536000", made.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.Equal("no-store", made.Headers.CacheControl!.ToString());
        var cookie = Assert.Single(made.Headers.GetValues("Set-Cookie"), IsSecure);
        foreach (var part in new[] { "; path=/", "; secure", "; httponly", "; samesite=lax" })
        {
            Assert.Contains(part, cookie, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        var token = cookie["__Host-weir=".Length..cookie.IndexOf(';', StringComparison.Ordinal)];
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"__Host-weir={token}")).StatusCode);
        using var signedIn = await http.PostAsync("/api/sessions", new StringContent(
            $$"""{"handle":"anna","password":"{{Someone.Password}}"}""", System.Text.Encoding.UTF8, "application/json"));
        var device = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"), set => set.Contains("weir-device", StringComparison.Ordinal));
        Assert.StartsWith("__Secure-weir-device=", device, StringComparison.Ordinal);
        foreach (var part in new[] { "; path=/api/sessions", "; secure", "; httponly", "; samesite=strict" })
        {
            Assert.Contains(part, device, StringComparison.Ordinal);
        }

        // One that anybody near the site could have set.
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync($"weir={token}")).StatusCode);
        Directory.Delete(certificates, recursive: true);

        async Task<HttpResponseMessage> GetAsync(string with)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { { "Cookie", with } } };
            return await http.SendAsync(request);
        }
    }

    [Fact]
    public async Task Behind_a_proxy_with_HTTPS_it_is_the_same_and_without_it_neither()
    {
        await using var server = await Server.StartAsync(options: o => o with { TrustedProxies = ["127.0.0.1/32"] });
        var setUp = new { code = Server.SetupCode, handle = "anna", name = "Anna", password = Someone.Password };
        var made = (await server.Anybody.SendAsync(HttpMethod.Post, "/api/setup", setUp, request => request.Headers.Add("X-Forwarded-Proto", "https"))).Is(HttpStatusCode.Created);
        Assert.Single(made.Message.Headers.GetValues("Set-Cookie"), IsSecure);
        Assert.True(made.Message.Headers.Contains("Strict-Transport-Security"));

        var plain = (await server.Anybody.PostAsync("/api/sessions", new { handle = "anna", password = Someone.Password })).Is(HttpStatusCode.Created);
        Assert.Single(plain.Message.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("weir=", StringComparison.Ordinal));
        Assert.DoesNotContain(plain.Message.Headers.GetValues("Set-Cookie"), IsSecure);
        Assert.False(plain.Message.Headers.Contains("Strict-Transport-Security"));
    }

    /// <summary>The session's: the mark of a known device is a cookie too.</summary>
    private static bool IsSecure(string cookie) => cookie.StartsWith("__Host-weir=", StringComparison.Ordinal);
}
