using System.Net;
using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>Whatever script a site's name is written in: headers, addresses and passkeys have its one ASCII form.</summary>
public sealed class HostNameTests
{
    private const string Ascii = "xn--bcher-kva.example";

    [Fact]
    public async Task A_site_is_served_under_the_name_that_the_request_has()
    {
        var root = Directory.CreateTempSubdirectory("weir-web-").FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "index.html"), "<!doctype html><title>Weir</title>");
        await using var server = await Server.StartAsync(options: o => o with { WebRoot = root });
        var anna = await server.PersonAsync("Anna", admin: true);

        // The last two are none: an A-label that decodes to nothing, a label that is no A-label.
        foreach (var host in new[] { Ascii, Ascii + ":8080", "[::1]:8080", "xn--a.example", "xn--.example" })
        {
            var name = host.EndsWith(":8080", StringComparison.Ordinal) ? host[..^5] : host;
            var page = (await AskAsync(HttpMethod.Get, "/chats", host)).Is(HttpStatusCode.OK);
            Assert.Contains($"connect-src 'self' http://{name}:8081 ws://{name}:8081;", page.Message.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

            var id = await anna.BroadcastAsync(new { kind = "friends" });
            var addresses = (await AskAsync(HttpMethod.Get, $"/api/broadcasts/{id}/publish", host)).Is(HttpStatusCode.OK);
            Assert.Equal($"rtmp://{name}:1935/live", addresses["rtmp"].GetProperty("url").GetString());
            Assert.StartsWith($"http://{name}:8081/whip/", addresses["whip"].GetProperty("url").GetString(), StringComparison.Ordinal);

            var question = (await AskAsync(HttpMethod.Post, "/api/me/passkeys/challenge", host, new { password = Someone.Password })).Is(HttpStatusCode.Created);
            Assert.Equal(name, question["options"].GetProperty("rp").GetProperty("id").GetString());
        }

        Directory.Delete(root, recursive: true);

        Task<Answer> AskAsync(HttpMethod method, string path, string host, object? body = null) => anna.SendAsync(method, path, body, request => request.Headers.Host = host);
    }

    [Fact]
    public void Options_have_the_ascii_form_from_the_beginning()
    {
        var options = new SocialOptions
        {
            DataDirectory = "/tmp",
            PublicUrl = new Uri("https://bücher.example"),
            LivePublicUrl = new Uri("https://bücher.example:8443"),
            RtmpPublicUrl = new Uri("rtmps://bücher.example:1936"),
        };
        options.Validate();
        Assert.Equal(($"https://{Ascii}/", Ascii), (options.PublicUrl.AbsoluteUri, options.PublicUrl.Host));
        Assert.Equal($"https://{Ascii}:8443/", options.LivePublicUrl.AbsoluteUri);
        Assert.Equal($"rtmps://{Ascii}:1936", options.RtmpPublicUrl.AbsoluteUri.TrimEnd('/'));
    }

    [Theory]
    [InlineData("https://example.org/weir")]
    [InlineData("https://example.org/?a=b")]
    [InlineData("https://example.org/#a")]
    [InlineData("https://anna:secret@example.org")]
    [InlineData("ftp://example.org")]
    public void A_public_url_with_more_than_host_and_port_is_refused(string url)
    {
        var live = Assert.Single(Assert.Throws<InvalidOptionsException>(() => new SocialOptions { DataDirectory = "/tmp", LivePublicUrl = new Uri(url) }.Validate()).Faults);
        var site = Assert.Single(Assert.Throws<InvalidOptionsException>(() => new SocialOptions { DataDirectory = "/tmp", PublicUrl = new Uri(url) }.Validate()).Faults);
        Assert.StartsWith("--live-public-url must be http:// or https:// with a host", live, StringComparison.Ordinal);
        Assert.StartsWith("--public-url must be http:// or https:// with a host", site, StringComparison.Ordinal);
        var rtmp = new Uri("rtmp://example.org/live");
        Assert.Single(Assert.Throws<InvalidOptionsException>(() => new SocialOptions { DataDirectory = "/tmp", RtmpPublicUrl = rtmp }.Validate()).Faults);
    }
}
