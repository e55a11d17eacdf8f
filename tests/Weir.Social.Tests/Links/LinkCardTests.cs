using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weir.Social.Links;

namespace Weir.Social.Tests;

public sealed class LinkCardsOnSqlite : LinkCardTests
{
    private protected override Task<Server> StartAsync(LinkLimits limits, bool on) => Server.StartAsync(configure: b => b.Services.AddSingleton(limits), options: o => o with { LinkCards = on });
}

public sealed class LinkCardsOnPostgres(PostgresServer shared) : LinkCardTests
{
    private protected override Task<Server> StartAsync(LinkLimits limits, bool on) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(limits), o => o with { LinkCards = on });
}

/// <summary>
/// Against a web server of our own on loopback, which the rule for these tests lets in under the name <c>site.test</c>. One card is made at a time, so the card of a later message
/// says that the earlier one is done with.
/// </summary>
public abstract class LinkCardTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new();
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _site = null!;
    private int _port;

    private protected abstract Task<Server> StartAsync(LinkLimits limits, bool on);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _site = builder.Build();
        _site.Urls.Add("http://127.0.0.1:0");
        _site.Use((context, next) =>
        {
            _asked.Enqueue($"{context.Request.Host.Host}{context.Request.Path} {context.Request.Headers.Cookie}{context.Request.Headers.Authorization}{context.Request.Headers.Referer}");
            return next(context);
        });
        _site.MapGet("/good", () => Page("<title>Good</title><meta property=og:description content='Really good'><meta property=og:site_name content=Site><meta property=og:image content=/picture.jpg>"));
        _site.MapGet("/marker", () => Page("<title>Marker</title>"));
        _site.MapGet("/picture.jpg", () => Results.Bytes(TestPictures.WithMetadata(TestPictures.Jpeg(900, 600)), "image/jpeg"));
        _site.MapGet("/bad-picture", () => Page("<title>Bad picture</title><meta property=og:image content=/good>"));
        _site.MapGet("/inside-picture", () => Page("<title>Inside picture</title><meta property=og:image content=http://inside.test/picture.jpg>"));
        _site.MapGet("/hop/{left}", (int left) => left == 0 ? Page("<title>Hopped</title>") : Results.Redirect($"/hop/{left - 1}"));
        _site.MapGet("/to-inside", () => Results.Redirect($"http://inside.test:{_port}/good"));
        _site.MapGet("/to-loopback", () => Results.Redirect($"http://127.0.0.2:{_port}/good"));
        // No connection is left for the next request.
        _site.MapGet("/closing", (HttpContext context) =>
        {
            context.Response.Headers.Connection = "close";
            return Page("<title>Closing</title>");
        });
        _site.MapGet("/closing-hop", (HttpContext context) =>
        {
            context.Response.Headers.Connection = "close";
            return Results.Redirect("/good");
        });
        _site.MapGet("/to-file", () => Results.Redirect("file:///etc/passwd"));
        _site.MapGet("/xhtml", () => Results.Text("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title>As XML</title></head></html>", "application/xhtml+xml"));
        _site.MapGet("/wiki/{name}", (string name) => Page($"<title>About {name}</title>"));
        _site.MapGet("/json", () => Results.Text("{\"title\": 1}", "application/json"));
        _site.MapGet("/untitled", () => Page("<p>Nothing"));
        _site.MapGet("/error", () => Results.Text("<title>Error</title>", "text/html", statusCode: 500));
        _site.MapGet("/endless", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<title>Endless</title>");
            var more = Encoding.ASCII.GetBytes(new string('x', 100_000));
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(more, context.RequestAborted);
            }
        });
        _site.MapGet("/silent", async (HttpContext context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _givenUp.TrySetResult();
        });
        _site.MapGet("/held", async () =>
        {
            await _held.GetOrAdd("held", _ => new TaskCompletionSource()).Task;
            return Page("<title>Held</title><meta property=og:image content=/picture.jpg>");
        });
        await _site.StartAsync();
        _port = new Uri(_site.Urls.Single()).Port;

        static IResult Page(string html) => Results.Text(html, "text/html; charset=utf-8");
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task A_page_shows_itself_as_a_card_with_a_picture_made_anew()
    {
        await using var server = await StartAsync(Limits(), true);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        var message = await SayAsync(anna, id, $"Look at {Site("/good")}!");
        var link = await CardAsync(atBen, message);
        Assert.Equal((Site("/good"), "Good", "Really good", "Site"), (link.GetProperty("url").GetString(), link.GetProperty("title").GetString(), link.GetProperty("description").GetString(), link.GetProperty("site").GetString()));
        var read = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json[0];
        Assert.Equal(link.GetRawText(), read.GetProperty("link").GetRawText());
        Assert.Equal($"Look at {Site("/good")}!", read.GetProperty("text").GetString());
        var picture = await ben.BytesAsync($"/api/files/{link.GetProperty("picture").GetProperty("id").GetString()}");
        Assert.Equal(HttpStatusCode.OK, picture.Message.StatusCode);
        Assert.DoesNotContain("SECRET", Encoding.Latin1.GetString(picture.Bytes), StringComparison.Ordinal);
        Assert.All(_asked, asked => Assert.EndsWith(" ", asked, StringComparison.Ordinal));

        (await anna.PostAsync($"/api/conversations/{id}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);
        Assert.Equal(JsonValueKind.Null, (await ben.GetAsync($"/api/conversations/{id}/messages")).Json[0].GetProperty("link").ValueKind);
        (await ben.GetAsync($"/api/files/{link.GetProperty("picture").GetProperty("id").GetString()}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_is_no_page_or_not_public_has_no_card_and_a_page_with_a_bad_picture_has_one_without()
    {
        await using var server = await StartAsync(Limits(), true);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        foreach (var address in new[]
        {
            Site("/json"), Site("/untitled"), Site("/error"), Site("/missing"), Site("/hop/4"), Site("/to-inside"), Site("/to-loopback"), Site("/to-file"),
            $"http://inside.test:{_port}/good", $"http://both.test:{_port}/good", $"http://127.0.0.2:{_port}/good", $"http://[::1]:{_port}/good", $"http://0x7f.2:{_port}/good", $"http://2130706434:{_port}/good",
            $"http://user:secret@site.test:{_port}/good", "http://site.test:1/good", "http://nowhere.test/",
        })
        {
            Assert.Equal((address, null), (address, await TitleAsync(anna, ben, atBen, id, address)));
        }

        Assert.DoesNotContain(_asked, asked => asked.StartsWith("inside.test", StringComparison.Ordinal) || asked.StartsWith("127.", StringComparison.Ordinal) || asked.StartsWith("both.test", StringComparison.Ordinal));
        foreach (var (address, title) in new[] { ("/hop/3", "Hopped"), ("/bad-picture", "Bad picture"), ("/inside-picture", "Inside picture"), ("/xhtml", "As XML"), ("/wiki/北京", "About 北京"), ("/endless", "Endless") })
        {
            Assert.Equal(title, await TitleAsync(anna, ben, atBen, id, Site(address)));
        }

        Assert.DoesNotContain((await ben.GetAsync($"/api/conversations/{id}/messages?limit=200")).Json.EnumerateArray(), m =>
            m.GetProperty("link") is { ValueKind: JsonValueKind.Object } link && link.GetProperty("picture").ValueKind != JsonValueKind.Null);
        Assert.Equal(0, await server.ReadAsync(db => db.Files.CountAsync()));
        Assert.Empty(Directory.Exists(server.Options.FilesDirectory) ? Directory.GetFiles(server.Options.FilesDirectory, "*", SearchOption.AllDirectories) : []);
    }

    [Fact]
    public async Task A_silent_page_is_given_up_and_a_recalled_message_gets_no_card()
    {
        await using var server = await StartAsync(Limits() with { Time = TimeSpan.FromSeconds(1) }, true);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        // Within its second a busy machine may not even come to ask; then it is told once more.
        await Until.HoldsAsync(async () =>
        {
            await SayAsync(anna, id, Site("/silent"));
            return await Task.WhenAny(_givenUp.Task, Task.Delay(TimeSpan.FromSeconds(3))) == _givenUp.Task;
        });
        Assert.All((await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray(), m => Assert.Equal(JsonValueKind.Null, m.GetProperty("link").ValueKind));

        await using var patient = await StartAsync(Limits(), true);
        (anna, ben, id, var second) = await TalkAsync(patient);
        await using var atBenToo = second;
        var held = await SayAsync(anna, id, Site("/held"));
        // Waits behind the held one, and is recalled before its turn comes: its page is never asked.
        var waiting = await SayAsync(anna, id, Site("/never"));
        foreach (var message in new[] { held, waiting })
        {
            (await anna.PostAsync($"/api/conversations/{id}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);
        }

        _held.GetOrAdd("held", _ => new TaskCompletionSource()).SetResult();
        await CardAsync(atBenToo, await SayAsync(anna, id, Site("/marker")));
        var all = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json;
        Assert.Equal([JsonValueKind.Null, JsonValueKind.Null, JsonValueKind.Object], all.EnumerateArray().Select(m => m.GetProperty("link").ValueKind));
        Assert.DoesNotContain(_asked, asked => asked.Contains("/never", StringComparison.Ordinal));
        Assert.Equal(0, await patient.ReadAsync(db => db.Files.CountAsync()));
    }

    [Fact]
    public async Task As_it_comes_this_machine_is_never_asked()
    {
        // The limits of a server that nobody set: the site's port is not even looked at.
        await using var server = await StartAsync(new LinkLimits(), true);
        var fetch = server.Plane.App.Services.GetRequiredService<PageFetch>();
        // And with the port let through, each form of the address is one of this machine; asked one after the other, so that the last look-up says all are done with.
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var open = await StartAsync(
            new LinkLimits
            {
                AtOnce = 1,
                MayUsePort = port => port == _port,
                Resolve = (host, _) =>
                {
                    if (host == "last.test")
                    {
                        last.SetResult();
                    }

                    return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
                },
            },
            true);
        var (anna, ben, id, listener) = await TalkAsync(open);
        await using var atBen = listener;
        foreach (var host in new[] { "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0", "site.test" })
        {
            var address = new Uri($"http://{host}:{_port}/good");
            Assert.Null(await fetch.GetAsync(address, "text/html", ["text/html"], 1000, default));
            Assert.Null(await fetch.GetAsync(new UriBuilder(address) { Port = 80 }.Uri, "text/html", ["text/html"], 1000, default));
            await SayAsync(anna, id, address.OriginalString);
        }

        await SayAsync(anna, id, $"http://last.test:{_port}/good");
        await last.Task.WaitAsync(Patience.Limit);
        Assert.Empty(_asked);
        Assert.All((await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray(), m => Assert.Equal(JsonValueKind.Null, m.GetProperty("link").ValueKind));
    }

    [Fact]
    public async Task A_name_that_turns_inside_after_it_was_looked_at_leads_nowhere_inside()
    {
        using var inside = new TcpListener(IPAddress.Parse("127.0.0.2"), _port);
        inside.Start();
        var looked = 0;
        var limits = Limits();
        await using var server = await StartAsync(
            limits with
            {
                // Public the first time, inside from then on.
                Resolve = (host, cancellation) => host == "turns.test"
                    ? Task.FromResult<IPAddress[]>([Interlocked.Increment(ref looked) == 1 ? IPAddress.Loopback : IPAddress.Parse("127.0.0.2")])
                    : limits.Resolve(host, cancellation),
            },
            true);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        // One connection is one look: it goes to the address that was found to be public.
        Assert.Equal("Closing", await TitleAsync(anna, ben, atBen, id, $"http://turns.test:{_port}/closing"));
        Assert.Equal(1, looked);
        // A new connection is a new look, be it for a redirect: the name leads inside now, and is not followed.
        Assert.Null(await TitleAsync(anna, ben, atBen, id, $"http://turns.test:{_port}/good"));
        looked = 0;
        Assert.Null(await TitleAsync(anna, ben, atBen, id, $"http://turns.test:{_port}/closing-hop"));
        Assert.Equal(2, looked);
        Assert.False(inside.Pending());
        Assert.Equal(["turns.test/closing ", "turns.test/closing-hop "], _asked.Where(asked => asked.StartsWith("turns.test", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Whoever_sends_one_link_does_not_wait_for_all_that_another_sent_before()
    {
        await using var server = await StartAsync(Limits(), true);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        await SayAsync(anna, id, Site("/held"));
        await Patience.HoldsAsync(() => _asked.Any(asked => asked.Contains("/held", StringComparison.Ordinal)));
        foreach (var name in new[] { "one", "two", "three" })
        {
            await SayAsync(anna, id, Site($"/wiki/{name}"));
        }

        var bens = await SayAsync(ben, id, Site("/wiki/four"));
        _held.GetOrAdd("held", _ => new TaskCompletionSource()).SetResult();
        await CardAsync(atBen, bens);
        await CardAsync(atBen, await SayAsync(anna, id, Site("/marker")));
        var asked = _asked.Select(one => one.Split(' ')[0]).Where(one => one.Contains("/wiki/", StringComparison.Ordinal)).ToList();
        Assert.InRange(asked.IndexOf("site.test/wiki/four"), 0, 1);
        Assert.Equal(4, asked.Count);
    }

    [Fact]
    public async Task Switched_off_nothing_is_asked()
    {
        await using var server = await StartAsync(Limits(), false);
        var (anna, ben, id, listener) = await TalkAsync(server);
        await using var atBen = listener;
        await SayAsync(anna, id, Site("/good"));
        await server.Plane.StopAsync();
        Assert.Empty(_asked);
    }

    private string Site(string path) => string.Create(CultureInfo.InvariantCulture, $"http://site.test:{_port}{path}");

    private LinkLimits Limits() => new()
    {
        AtOnce = 1,
        Burst = 1000,
        Time = Patience.Limit,
        Resolve = (host, _) => host switch
        {
            "site.test" => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
            "inside.test" => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2")]),
            "both.test" => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("127.0.0.2")]),
            _ => throw new SocketException((int)SocketError.HostNotFound),
        },
        MayConnect = address => address.Equals(IPAddress.Loopback),
        MayUsePort = port => port == _port,
    };

    private static async Task<(Someone Anna, Someone Ben, string Conversation, Listener AtBen)> TalkAsync(Server server)
    {
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, ben, await anna.TalkAsync(ben), await Listener.OpenAsync(server, ben, "message", "link"));
    }

    private static async Task<string> SayAsync(Someone one, string conversation, string text) => (await one.SayAsync(conversation, text)).Is(HttpStatusCode.Created).Text("id");

    private static async Task<JsonElement> CardAsync(Listener listener, string message)
    {
        while (true)
        {
            var (name, body) = await listener.NextAsync();
            if (name == "link" && body.GetProperty("id").GetString() == message)
            {
                return body.GetProperty("link");
            }
        }
    }

    /// <summary>What the card of a message with this address is called, once the card of the next message is there.</summary>
    private async Task<string?> TitleAsync(Someone anna, Someone ben, Listener atBen, string conversation, string address)
    {
        var seq = (await anna.SayAsync(conversation, address)).Is(HttpStatusCode.Created)["seq"].GetInt64();
        await CardAsync(atBen, await SayAsync(anna, conversation, Site("/marker")));
        var link = (await ben.GetAsync($"/api/conversations/{conversation}/messages?after={seq - 1}&limit=1")).Json[0].GetProperty("link");
        return link.ValueKind == JsonValueKind.Null ? null : link.GetProperty("title").GetString();
    }
}
