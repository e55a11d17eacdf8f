using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;

namespace Weir.Social.Tests;

public sealed class HostingTests
{
    [Fact]
    public void Bad_options_are_all_named_at_once()
    {
        var options = new SocialOptions
        {
            DataDirectory = " ",
            HttpPort = 70000,
            Database = DatabaseProvider.Postgres,
            LivePublicUrl = new Uri("ftp://example.org"),
            SetupCode = "short",
            TrustedProxies = ["everywhere"],
        };
        var faults = Assert.Throws<InvalidOptionsException>(options.Validate).Faults;
        foreach (var option in new[] { "--data", "--http", "--database", "--live-public-url", "--setup-code", "--trusted-proxy" })
        {
            Assert.Contains(faults, fault => fault.StartsWith(option + " ", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("GET /live/1/index.m3u8?ticket=AbC-_1&x=2", "GET /live/1/index.m3u8?ticket=[hidden]&x=2")]
    [InlineData("Authorization: Bearer abc.def", "Authorization: Bearer [hidden]")]
    [InlineData("publish wk_AAAA-bbb_9 refused", "publish wk_[hidden] refused")]
    [InlineData("nothing to hide", "nothing to hide")]
    public void Tickets_keys_and_tokens_do_not_reach_logs(string text, string expected) => Assert.Equal(expected, Redaction.Text(text));

    [Fact]
    public void A_log_entry_is_one_line_that_moves_no_cursor() =>
        Assert.Equal("one two\tthree \uFFFD[2J\uFFFD", Redaction.Line("one\r\ntwo\tthree\n\u001b[2J\u009b"));

    [Fact]
    public void A_secret_is_logged_as_something_that_tells_nothing_of_it() =>
        Assert.Matches("^#[0-9a-f]{6}$", Redaction.Secret("wk_secret"));

    [Fact]
    public void Log_lines_of_one_kind_are_bounded_and_the_next_one_says_how_many_were_left_out()
    {
        var clock = new FakeTimeProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.AddWeirOperations("test");
        using var services = builder.Services.BuildServiceProvider();
        var console = services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name == "weir");
        Assert.Equal(LogLines.Burst, Write(10_000, LogLevel.Warning, "Weir.Media.Rtmp.RtmpSession").Length);
        Assert.Single(Write(1, LogLevel.Warning, "Weir.Media.Hls.HlsOrigin"));
        Assert.Equal(1000, Write(1000, LogLevel.Debug, "Weir.Media.Rtmp.RtmpSession").Length);
        Assert.Equal(1000, Write(1000, LogLevel.Information, "Weir.Security").Length);
        var drained = new EventId(46, "RequestBodyDrainBodyReaderInvalidState");
        Assert.Empty(Write(1, LogLevel.Error, "Microsoft.AspNetCore.Server.Kestrel", drained));

        clock.Advance(TimeSpan.FromSeconds(3));
        var later = Write(10, LogLevel.Warning, "Weir.Media.Rtmp.RtmpSession");
        Assert.Equal(3, later.Length);
        Assert.EndsWith(
            $"A client did this ({10_000 - LogLines.Burst} more of this kind were left out before)", later[0], StringComparison.Ordinal);
        Assert.EndsWith("A client did this", later[1], StringComparison.Ordinal);

        string[] Write(int times, LogLevel level, string category, EventId id = default)
        {
            using var text = new StringWriter();
            for (var i = 0; i < times; i++)
            {
                console.Write(new LogEntry<string>(level, category, id, "A client did this", null, (state, _) => state), null, text);
            }

            return text.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        }
    }

    [Fact]
    public async Task A_client_that_is_gone_within_its_body_is_no_fault_of_ours()
    {
        var log = new Faults();
        await using var server = await Server.StartAsync(configure: b => b.Logging.AddProvider(log));
        var anna = await server.PersonAsync("Anna", admin: true);
        for (var i = 0; i < 10; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", server.Plane.HttpPort);
            var head = "POST /api/files?name=a&as=file HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n"
                + $"Authorization: Bearer {anna.Token}\r\n\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(head + new string('x', 100_000)));
            await Patience.HoldsAsync(() => Directory.Exists(Path.Combine(server.Options.FilesDirectory, "incoming"))
                && Directory.GetFiles(Path.Combine(server.Options.FilesDirectory, "incoming")).Length == 1);
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            await Patience.HoldsAsync(() => Directory.GetFiles(Path.Combine(server.Options.FilesDirectory, "incoming")).Length == 0);
        }

        // Its request has ended when it no longer takes a place.
        await Patience.HoldsAsync(async () => (await anna.UploadAsync([1], "x", "file")).Status == HttpStatusCode.Created);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task The_web_app_is_served_with_strict_headers_and_the_api_is_never_a_page()
    {
        var root = Directory.CreateTempSubdirectory("weir-web-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "assets"));
        await File.WriteAllTextAsync(Path.Combine(root, "index.html"), "<!doctype html><title>Weir</title>");
        await File.WriteAllTextAsync(Path.Combine(root, "assets", "app-abc123.js"), "export {}");
        await using var server = await Server.StartAsync(options: o => o with { WebRoot = root, MetricsToken = "metrics-token", LivePublicUrl = new Uri("https://live.example.org") });
        var page = (await server.Anybody.GetAsync("/watch/123")).Is(HttpStatusCode.OK);
        Assert.Contains("<title>Weir</title>", page.Body);
        Assert.Equal("no-cache", page.Message.Headers.CacheControl!.ToString());
        var policy = page.Message.Headers.GetValues("Content-Security-Policy").Single();
        foreach (var part in new[] { "connect-src 'self' https://live.example.org wss://live.example.org", "media-src 'self' blob: https://live.example.org", "worker-src 'self' blob:", "frame-ancestors 'none'", "object-src 'none'" })
        {
            Assert.Contains(part, policy);
        }

        Assert.DoesNotContain("unsafe-eval", policy);
        Assert.Equal("no-referrer", page.Message.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("nosniff", page.Message.Headers.GetValues("X-Content-Type-Options").Single());

        var script = (await server.Anybody.GetAsync("/assets/app-abc123.js")).Is(HttpStatusCode.OK);
        Assert.Contains("immutable", script.Message.Headers.CacheControl!.ToString());
        Assert.Contains("javascript", script.Message.Content.Headers.ContentType!.MediaType);
        (await server.Anybody.GetAsync("/assets/gone.js")).Is(HttpStatusCode.NotFound);
        Assert.Equal("not-found", (await server.Anybody.GetAsync("/api/nothing/here")).Is(HttpStatusCode.NotFound).Code);
        Assert.Equal("not-found", (await server.Anybody.PostAsync("/api/nothing")).Is(HttpStatusCode.NotFound).Code);
        (await server.Anybody.GetAsync("/health/ready")).Is(HttpStatusCode.OK);

        Assert.Contains("http_server", (await server.Anybody.GetAsync("/metrics")).Is(HttpStatusCode.OK).Body);
        (await server.Anybody.SendAsync(HttpMethod.Get, "/metrics", null, r => r.Headers.Add("X-Forwarded-For", "192.0.2.1"))).Is(HttpStatusCode.NotFound);
        (await server.Anybody.SendAsync(HttpMethod.Get, "/metrics", null, r =>
        {
            r.Headers.Add("X-Forwarded-For", "192.0.2.1");
            r.Headers.Authorization = new("Bearer", "metrics-token");
        })).Is(HttpStatusCode.OK);
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task The_demo_has_five_people_who_sign_in_by_a_click_and_no_set_up()
    {
        await using var server = await Server.StartAsync(options: o => o with { Demo = true });
        var world = await server.Plane.SeedDemoAsync();
        Assert.Equal(world, world with { Circle = (await server.Plane.SeedDemoAsync()).Circle });
        var info = await server.Anybody.GetAsync("/api/server");
        Assert.False(info["setupNeeded"].GetBoolean());
        Assert.Equal(5, info["demo"].GetProperty("people").GetArrayLength());
        var host = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/demo/sessions", new { handle = world.Host }));
        var friend = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/demo/sessions", new { handle = world.Friends[0] }));
        var stranger = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/demo/sessions", new { handle = world.Stranger }));
        var id = await host.BroadcastAsync(new { kind = "circles", circles = new[] { world.Circle.ToString("N") } });
        await friend.SeesAsync(id, true);
        await stranger.SeesAsync(id, false);
    }

    [Fact]
    public async Task Without_demo_nobody_signs_in_by_a_click()
    {
        await using var server = await Server.StartAsync();
        (await server.Anybody.PostAsync("/api/demo/sessions", new { handle = "lin" })).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_server_stops_in_time_with_a_live_node_connected()
    {
        await using var server = await Server.StartAsync();
        await using var node = await FakeNode.ReadyAsync(server);
        using var limit = new CancellationTokenSource(Operations.ShutdownLimit);
        await server.Plane.StopAsync(limit.Token);
        Assert.False(limit.IsCancellationRequested);
    }

    /// <summary>Errors, but for what Kestrel says of a body that ended.</summary>
    private sealed class Faults : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && eventId.Name != "RequestBodyDrainBodyReaderInvalidState")
            {
                Lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
