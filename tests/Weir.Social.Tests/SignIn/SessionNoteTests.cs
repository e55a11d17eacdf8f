using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Tests.SignIn;

public sealed class SessionNotesOnSqlite : SessionNoteTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);

    protected override Task<IDisposable> HoldAsync(Server server) => server.Plane.App.Services.GetRequiredService<WriteGate>().EnterAsync(default);
}

public sealed class SessionNotesOnPostgres(PostgresServer shared) : SessionNoteTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);

    protected override async Task<IDisposable> HoldAsync(Server server)
    {
        var connection = new NpgsqlConnection(server.Options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE \"Sessions\" IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}

/// <summary>When a session was last used is noted, and nobody waits for it. The time is the test's.</summary>
public abstract class SessionNoteTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly Notes _notes = new();
    private Server _server = null!;
    private Someone _host = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    /// <summary>No session is written until it is let go.</summary>
    protected abstract Task<IDisposable> HoldAsync(Server server);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(b => b.Services.AddSingleton<TimeProvider>(_clock).AddSingleton<IInterceptor>(_notes));
        _host = await _server.PersonAsync("Host", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_ticket_for_somebody_admitted_and_a_read_wait_for_no_note()
    {
        var (ben, cleo) = (await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        var id = await _host.BroadcastAsync(new { kind = "public" });
        (await ben.TicketAsync(id)).Is(HttpStatusCode.Created);
        _clock.Advance(TimeSpan.FromMinutes(6));
        using (await HoldAsync(_server))
        {
            (await ben.TicketAsync(id).WaitAsync(Patience.Limit)).Is(HttpStatusCode.Created);
            (await cleo.GetAsync("/api/me").WaitAsync(Patience.Limit)).Is(HttpStatusCode.OK);
        }

        foreach (var one in new[] { ben, cleo })
        {
            await NotedAsync(one);
        }
    }

    [Fact]
    public async Task Sessions_that_are_used_together_are_noted_together()
    {
        var anna = await _server.PersonAsync("Anna");
        var tokens = await BeginAsync(anna, 120);
        _clock.Advance(TimeSpan.FromMinutes(6));
        var epoch = await EpochAsync();
        var answers = await Task.WhenAll(tokens.Select(token => new Someone(_server, token, anna.Handle, anna.Id).GetAsync("/api/me")));
        Assert.All(answers, answer => answer.Is(HttpStatusCode.OK));
        await NotedAsync(anna, but: 1);
        Assert.Equal(1, _notes.Count);
        // Being used is no change of an account or a session: the others need not be looked up again.
        Assert.Equal(epoch, await EpochAsync());
    }

    [Fact]
    public async Task What_waits_is_noted_before_the_server_ends()
    {
        var anna = await _server.PersonAsync("Anna");
        _clock.Advance(TimeSpan.FromMinutes(6));
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        await _server.Plane.StopAsync();
        await using var db = Database.Open(_server.Options);
        var (account, since) = (Guid.Parse(anna.Id), Since);
        Assert.False(await db.Sessions.AnyAsync(s => s.AccountId == account && s.LastSeenAt <= since));
    }

    [Fact]
    public async Task Tickets_of_somebody_who_comes_back_after_days_are_good_before_it_is_noted()
    {
        var anna = await _server.PersonAsync("Anna");
        var id = await _host.BroadcastAsync(new { kind = "public" });
        (await anna.TicketAsync(id)).Is(HttpStatusCode.Created);
        var (account, old) = (Guid.Parse(anna.Id), _clock.Now() - Ticket.Lifetime - TimeSpan.FromDays(2));
        await _server.ReadAsync(db =>
            db.Sessions.Where(s => s.AccountId == account).ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, old)));
        _clock.Advance(TimeSpan.FromMinutes(6));
        using (await HoldAsync(_server))
        {
            var answer = await anna.TicketAsync(id).WaitAsync(Patience.Limit);
            Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, answer.Is(HttpStatusCode.Created).Text("ticket"), out var ticket));
            await using var node = await FakeNode.ReadyAsync(_server);
            var sessions = Assert.Single(node.Lists, command => command.BodyCase == Command.BodyOneofCase.TicketSessions).TicketSessions;
            Assert.Contains(ticket.Session, sessions.Sessions);
        }
    }

    // What is noted now is later, to the precision of notes.
    private DateTimeOffset Since => _clock.Now() - TimeSpan.FromMinutes(1);

    private async Task NotedAsync(Someone one, int but = 0)
    {
        var (account, since) = (Guid.Parse(one.Id), Since);
        await Until.HoldsAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return await _server.ReadAsync(db => db.Sessions.CountAsync(s => s.AccountId == account && s.LastSeenAt <= since)) == but;
        });
    }

    private async Task<List<string>> BeginAsync(Someone one, int count)
    {
        var (account, now) = (Guid.Parse(one.Id), _clock.Now());
        var tokens = Enumerable.Range(0, count).Select(_ => SessionAuthentication.NewToken()).ToList();
        await _server.ReadAsync(async db =>
        {
            db.Sessions.AddRange(tokens.Select(token => new Session
            {
                Id = Guid.NewGuid(),
                AccountId = account,
                TokenHash = SessionAuthentication.Hash(token),
                CreatedAt = now,
                LastSeenAt = now,
                Client = "test",
            }));
            return await db.SaveChangesAsync();
        });
        return tokens;
    }

    private Task<long> EpochAsync() => _server.ReadAsync(db => db.SessionsEpoch.Select(e => e.Value).SingleAsync());

    /// <summary>How often sessions were noted.</summary>
    private sealed class Notes : DbCommandInterceptor
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.StartsWith("UPDATE \"Sessions\"", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _count);
            }

            return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
