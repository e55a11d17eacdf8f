using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Security;

namespace Weir.Social.Tests.SignIn;

public sealed class SecurityLogTests : IAsyncLifetime
{
    private const string Secret = "what somebody types";
    private readonly Recorder _recorder = new();
    private Server _server = null!;
    private Someone _anna = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(configure: b => b.Logging.AddProvider(_recorder));
        _anna = await _server.PersonAsync("Anna", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task It_says_who_signed_in_failed_or_was_refused_and_what_administrators_did_and_has_no_secret()
    {
        var ben = await _server.PersonAsync("Ben");
        (await _server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = Secret })).Is(HttpStatusCode.Unauthorized);
        // A password in the wrong field.
        (await _server.Anybody.PostAsync("/api/sessions", new { handle = Secret, password = Secret })).Is(HttpStatusCode.Unauthorized);
        (await ben.PostAsync("/api/me/password", new { current = Secret, @new = "another good password" })).Is(HttpStatusCode.BadRequest);
        (await ben.PostAsync(
            "/api/me/password", new { current = Someone.Password, @new = "another good password" })).Is(HttpStatusCode.NoContent);
        (await _anna.PutAsync($"/api/admin/accounts/{ben.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        (await _anna.DeleteAsync($"/api/admin/accounts/{ben.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        var code = (await _anna.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        (await _server.Anybody.PostAsync(
            "/api/password-resets/use", new { code, password = "a wholly new password" })).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.PostAsync(
            "/api/password-resets/use", new { code, password = "a wholly new password" })).Is(HttpStatusCode.NotFound);
        var broadcast = await _anna.BroadcastAsync(new { kind = "public" });
        (await _server.Anybody.TicketAsync(broadcast)).Is(HttpStatusCode.Created);
        (await _anna.PatchAsync($"/api/broadcasts/{broadcast}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);

        Assert.Equal(
            (1, "127.0.0.1"), (_recorder.Count("SignedIn", "Account", ben.Id), _recorder.Of("SignedIn", "Account", ben.Id)["Address"]));
        Assert.Equal("password", _recorder.Of("SignInFailed", "Account", ben.Id)["Reason"]);
        Assert.Equal("form", _recorder.Of("SignInFailed", "Account", "none")["Reason"]);
        Assert.Equal(1, _recorder.Count("SetUpDone", "Account", _anna.Id));
        foreach (var name in new[] { "PasswordCheckFailed", "PasswordChanged", "PasswordReset" })
        {
            Assert.Equal(1, _recorder.Count(name, "Account", ben.Id));
        }

        Assert.Equal(1, _recorder.Count("PasswordResetFailed", "Address", "127.0.0.1"));
        foreach (var action in new[] { "AdministratorMade", "AdministratorUnmade", "PasswordResetMade" })
        {
            var deed = _recorder.Of("Administration", "Action", action);
            Assert.Equal((_anna.Id, ben.Id), (deed["Actor"], deed["Subject"]));
        }

        Assert.Equal("1", _recorder.Of("ViewersCut", "Broadcast", broadcast)["Count"]);
        foreach (var secret in new[] { Secret, code, Someone.Password, "another good password", ben.Token!, ben.Handle })
        {
            Assert.DoesNotContain(_recorder.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_a_limit_refused_is_noted_by_its_call_and_not_by_its_path_and_once_a_minute()
    {
        // However long the calls take, the minute is the same.
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var recorder = new Recorder();
        await using var server = await Server.StartAsync(configure: b =>
        {
            b.Services.AddSingleton<TimeProvider>(clock);
            b.Logging.AddProvider(recorder);
        });
        await server.PersonAsync("Anna", admin: true);
        foreach (var noted in new[] { 1, 2 })
        {
            await GuessAsync();
            Assert.Equal(noted, recorder.Count("Limited", "Call", "GET /api/invitations/{code}"));
            Assert.Equal(noted, recorder.Count("Limited", "Call", "POST /api/password-resets/look"));
            clock.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.DoesNotContain(recorder.Lines, line => line.Contains("guess", StringComparison.Ordinal));

        async Task GuessAsync()
        {
            for (var i = 0; i < 200; i++)
            {
                await server.Anybody.GetAsync($"/api/invitations/guess-{i}");
                await server.Anybody.PostAsync("/api/password-resets/look", new { code = $"guess-{i}" });
            }
        }
    }

    [Fact]
    public async Task Refused_access_is_noted_by_account_and_call_and_not_by_its_path_and_once_a_minute()
    {
        var (ben, cleo) = (await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        var broadcast = await _anna.BroadcastAsync(new { kind = "onlyMe" });
        for (var i = 0; i < 5; i++)
        {
            // Hidden, of somebody else's kind, without a right session, and without any.
            (await ben.GetAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NotFound);
            (await cleo.GetAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NotFound);
            (await ben.GetAsync("/api/admin/accounts")).Is(HttpStatusCode.Forbidden);
            (await new Someone(_server, "guess", "", "").GetAsync("/api/friends")).Is(HttpStatusCode.Unauthorized);
            (await _server.Anybody.GetAsync("/api/circles")).Is(HttpStatusCode.Unauthorized);
            (await _server.Anybody.GetAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NotFound);
        }

        Assert.Equal(2, _recorder.Count("Refused", "Account", ben.Id));
        Assert.Equal("404", _recorder.Of("Refused", "Account", cleo.Id)["Status"]);
        Assert.Equal(2, _recorder.Count("Refused", "Status", "404"));
        Assert.Equal(
            (ben.Id, "GET /api/admin/accounts"),
            (_recorder.Of("Refused", "Status", "403")["Account"], _recorder.Of("Refused", "Status", "403")["Call"]));
        Assert.Equal(1, _recorder.Count("Refused", "Status", "401"));
        Assert.DoesNotContain(_recorder.Lines, line => line.Contains(broadcast, StringComparison.Ordinal));
        Assert.DoesNotContain(_recorder.Lines, line => line.Contains("guess", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connections_that_are_refused_are_one_line_a_minute_for_an_address()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var recorder = new Recorder();
        await using var server = await Server.StartAsync(configure: b =>
        {
            b.Services.AddSingleton<TimeProvider>(clock)
                // This machine is not counted by address where a server runs; here it stands for somebody else.
                .AddSingleton(services => new ConnectionLimits(
                    1, 100, [], countThisMachine: true, services.GetRequiredService<RefusedRequests>().NoteConnection));
            b.Logging.AddProvider(recorder);
        });
        using var first = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        // An answer proves that the connection is counted.
        await first.GetStream().WriteAsync("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await first.GetStream().ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(Patience.Limit);
        foreach (var noted in new[] { 1, 2 })
        {
            for (var i = 0; i < 5; i++)
            {
                using var next = new TcpClient();
                // It may be closed before it knows that it is open.
                _ = await Record.ExceptionAsync(() => next.ConnectAsync(IPAddress.Loopback, server.Plane.HttpPort));
            }

            await Patience.HoldsAsync(() => recorder.Count("ConnectionRefused", "Address", "127.0.0.1") == noted);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        // And so it is wired where nobody changes it.
        var plain = new Recorder();
        await using var usual = await Server.StartAsync(configure: b => b.Logging.AddProvider(plain));
        var limits = usual.Plane.App.Services.GetRequiredService<ConnectionLimits>();
        limits.Refuse(IPAddress.Parse("192.0.2.1"));
        Assert.Equal(1, plain.Count("ConnectionRefused", "Address", "192.0.2.1"));
    }

    [Fact]
    public void Refusals_from_everywhere_are_bounded_and_counted_and_take_no_line_of_what_matters()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var recorder = new Recorder();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(recorder));
        var log = new SecurityLog(loggers, clock);
        var most = new SecurityLines(clock).Refusals.Rate.Burst;
        for (var i = 0; i < 10_000; i++)
        {
            var from = From(i);
            log.SignInFailed(from, null, "form");
            log.SignUpFailed(from, "form");
            log.PasswordResetFailed(from);
            log.SetUpFailed(from);
            log.Refused(from, "GET /api/x", 404);
            log.Limited(from, "GET /api/x");
        }

        Assert.Equal(most, recorder.Lines.Count());
        for (var i = 0; i < 1000; i++)
        {
            log.SignedIn(From(i), Guid.NewGuid(), Guid.NewGuid(), "password");
            log.PasswordReset(From(i), Guid.NewGuid());
            log.Administration("AdministratorMade", Guid.NewGuid(), null);
            log.ViewersCut(Guid.NewGuid(), [Guid.NewGuid()]);
        }

        log.SignedUp(From(1), Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(most + 4001, recorder.Lines.Count());
        clock.Advance(TimeSpan.FromSeconds(1));
        log.SetUpFailed(From(1));
        log.SetUpFailed(From(1));
        Assert.Equal(
            [
                $"{60_000 - most} refusals were left out of this log before, because there were too many at once",
                "Wrong set-up code from 10.0.0.1",
                "Wrong set-up code from 10.0.0.1",
            ],
            recorder.Lines.Skip(most + 4001));

        static Microsoft.AspNetCore.Http.DefaultHttpContext From(int number) => new()
        {
            Connection = { RemoteIpAddress = new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]) },
        };
    }

    [Fact]
    public void What_people_do_with_their_accounts_over_and_over_is_bounded_by_itself()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var recorder = new Recorder();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(recorder));
        var log = new SecurityLog(loggers, clock);
        for (var i = 0; i < 10_000; i++)
        {
            log.SignedUp(new Microsoft.AspNetCore.Http.DefaultHttpContext(), Guid.NewGuid(), Guid.NewGuid());
        }

        Assert.Equal(new SecurityLines(clock).Changes.Rate.Burst, recorder.Lines.Count());
    }

    /// <summary>Keeps the entries of the security log as they were logged: their name and named values.</summary>
    private sealed class Recorder : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(string Name, Dictionary<string, string> Values, string Line)> _entries = new();

        public IEnumerable<string> Lines => _entries.Select(entry => entry.Line);

        public int Count(string name, string key, string value) =>
            _entries.Count(entry => entry.Name == name && entry.Values[key] == value);

        public Dictionary<string, string> Of(string name, string key, string value) => _entries.First(
            entry => entry.Name == name && entry.Values[key] == value).Values;

        public ILogger CreateLogger(string categoryName) =>
            categoryName == SecurityLog.Category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).ToDictionary(value => value.Key, value => $"{value.Value}");
            _entries.Enqueue((eventId.Name!, values, formatter(state, exception)));
        }

        public void Dispose()
        {
        }
    }
}
