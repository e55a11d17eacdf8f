using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Weir.Contracts;
using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Tests;

public sealed class TicketStormsOnSqlite : TicketStormTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);

    protected override Task<IDisposable> HoldAsync(Server server) => server.Plane.App.Services.GetRequiredService<WriteGate>().EnterAsync(default);
}

public sealed class TicketStormsOnPostgres(PostgresServer shared) : TicketStormTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);

    protected override async Task<IDisposable> HoldAsync(Server server)
    {
        var connection = new NpgsqlConnection(server.Options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE \"Admissions\" IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}

/// <summary>Many who come to watch at once.</summary>
public abstract class TicketStormTests
{
    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    /// <summary>Nobody is admitted until it is let go.</summary>
    protected abstract Task<IDisposable> HoldAsync(Server server);

    [Fact]
    public async Task Whoever_was_admitted_gets_tickets_while_nothing_can_be_written()
    {
        await using var server = await StartAsync(_ => { });
        var (host, ben) = (await server.PersonAsync("Host", admin: true), await server.PersonAsync("Ben"));
        await host.BefriendAsync(ben);
        var (shown, open) = (await host.BroadcastAsync(new { kind = "friends" }), await host.BroadcastAsync(new { kind = "public" }));
        var first = Read(server, await ben.TicketAsync(shown));
        await server.Anybody.TicketAsync(open);
        using (await HoldAsync(server))
        {
            var second = Read(server, await ben.TicketAsync(shown).WaitAsync(Patience.Limit));
            Assert.Equal((first.Broadcast, first.Account, first.Epoch, first.Rights, first.Name), (second.Broadcast, second.Account, second.Epoch, second.Rights, second.Name));
            Assert.Equal(Guid.Empty, Read(server, await server.Anybody.TicketAsync(open).WaitAsync(Patience.Limit)).Account);
            (await server.Anybody.TicketAsync(shown).WaitAsync(Patience.Limit)).Is(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Those_who_come_together_are_admitted_together_and_people_without_an_account_are_one()
    {
        var inserts = new AdmissionInserts();
        await using var server = await StartAsync(b => b.Services.AddSingleton<IInterceptor>(inserts));
        var host = await server.PersonAsync("Host", admin: true);
        var people = new List<Someone>();
        for (var i = 0; i < 6; i++)
        {
            people.Add(await server.PersonAsync());
        }

        var ids = new[] { await host.BroadcastAsync(new { kind = "public" }), await host.BroadcastAsync(new { kind = "link" }) };
        Task<Answer>[] asking;
        using (await HoldAsync(server))
        {
            asking = [.. ids.SelectMany(id => people.Concat([server.Anybody, server.Anybody, server.Anybody]).Concat(people).Select(who => who.TicketAsync(id)))];
            // One at least is in the writer's hands, with whoever came before it was taken up.
            var writer = server.Plane.App.Services.GetRequiredService<AdmissionWriter>();
            await Until.HoldsAsync(() => Task.FromResult(writer.Waiting + writer.Writing == asking.Length));
        }

        foreach (var answer in await Task.WhenAll(asking))
        {
            Assert.Equal(0u, Read(server, answer).Epoch);
        }

        var admitted = await server.ReadAsync(db => db.Admissions.AsNoTracking().ToListAsync());
        Assert.Equal(
            ids.SelectMany(id => people.Select(p => (id, p.Id)).Append((id, Guid.Empty.ToText()))).Order(),
            admitted.Select(a => (a.BroadcastId.ToText(), a.AccountId.ToText())).Order());
        // The first of them may have been alone in the writer's hands.
        Assert.InRange(inserts.Transactions, 1, 2);
    }

    [Fact]
    public async Task Who_finds_the_queue_full_is_refused_at_once_and_the_others_are_admitted()
    {
        await using var server = await StartAsync(b => b.Services.AddSingleton(new AdmissionLimits { MaxBatch = 1, MaxWaiting = 4 }));
        var host = await server.PersonAsync("Host", admin: true);
        var id = await host.BroadcastAsync(new { kind = "public" });
        List<Answer> answers = [];
        List<Task<Answer>> rest;
        using (await HoldAsync(server))
        {
            // Nobody can be admitted now. One may be in the writer's hands, four wait.
            rest = [.. Enumerable.Range(0, 20).Select(_ => server.Anybody.TicketAsync(id))];
            while (answers.Count < 15)
            {
                var answer = await Task.WhenAny(rest);
                rest.Remove(answer);
                answers.Add(await answer);
            }
        }

        Assert.All(answers, answer => Assert.Equal(("busy", TimeSpan.FromSeconds(1)), (answer.Is(HttpStatusCode.ServiceUnavailable).Code, answer.Message.Headers.RetryAfter!.Delta)));
        // Had the writer nobody in its hands while all of them came, one more is refused.
        var last = await Task.WhenAll(rest);
        Assert.InRange(last.Count(answer => answer.Status == HttpStatusCode.Created), 4, 5);
        Assert.All(last.Where(answer => answer.Status != HttpStatusCode.Created), answer => answer.Is(HttpStatusCode.ServiceUnavailable));
    }

    [Fact]
    public async Task However_many_ask_so_many_are_looked_at_at_a_time_and_one_too_many_is_refused()
    {
        var looks = new Looks();
        await using var server = await StartAsync(b => b.Services
            .AddSingleton<IInterceptor>(looks).AddSingleton(new AdmissionLimits { MaxLooking = 1, MaxWaitingToLook = 2 }));
        var host = await server.PersonAsync("Host", admin: true);
        var id = await host.BroadcastAsync(new { kind = "public" });
        (await server.Anybody.TicketAsync(id)).Is(HttpStatusCode.Created);
        looks.Stop();
        var rest = Enumerable.Range(0, 6).Select(_ => server.Anybody.TicketAsync(id)).ToList();
        for (var refused = 0; refused < 3; refused++)
        {
            var answer = await Task.WhenAny(rest).WaitAsync(Patience.Limit);
            rest.Remove(answer);
            Assert.Equal("busy", (await answer).Is(HttpStatusCode.ServiceUnavailable).Code);
        }

        await Until.HoldsAsync(() => Task.FromResult(looks.Stopped > 0));
        Assert.Equal(1, looks.Stopped);
        looks.GoOn();
        Assert.All(await Task.WhenAll(rest), answer => answer.Is(HttpStatusCode.Created));
    }

    [Fact]
    public async Task Who_falls_out_of_the_audience_while_waiting_to_be_admitted_is_not()
    {
        await using var server = await StartAsync(_ => { });
        var (host, ben) = (await server.PersonAsync("Host", admin: true), await server.PersonAsync("Ben"));
        await host.BefriendAsync(ben);
        var id = await host.BroadcastAsync(new { kind = "friends" });
        var writer = server.Plane.App.Services.GetRequiredService<AdmissionWriter>();
        // As a request does that saw the broadcast a moment ago.
        (await host.DeleteAsync($"/api/friends/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        var applicant = new Applicant(Guid.Parse(id), Guid.Parse(ben.Id));
        Assert.True(writer.TryEnqueue(applicant));
        Assert.Null(await applicant.Admitted.Task.WaitAsync(Patience.Limit));
        Assert.Empty(await server.ReadAsync(db => db.Admissions.ToListAsync()));
    }

    private static Ticket Read(Server server, Answer answer)
    {
        Assert.True(Ticket.TryVerify(server.Plane.NodeKey, answer.Is(HttpStatusCode.Created).Text("ticket"), out var ticket));
        return ticket;
    }

    /// <summary>Stops whoever is looked at for a ticket.</summary>
    private sealed class Looks : DbCommandInterceptor
    {
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _stopped;
        private bool _stops;

        public int Stopped => Volatile.Read(ref _stopped);

        public void Stop() => Volatile.Write(ref _stops, true);

        public void GoOn() => _goOn.SetResult();

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (Volatile.Read(ref _stops) && command.CommandText.StartsWith("SELECT", StringComparison.Ordinal)
                && command.CommandText.Contains("\"Admissions\"", StringComparison.Ordinal) && !_goOn.Task.IsCompleted)
            {
                Interlocked.Increment(ref _stopped);
                await _goOn.Task;
            }

            return result;
        }
    }

    /// <summary>In how many transactions admissions were written.</summary>
    private sealed class AdmissionInserts : DbCommandInterceptor
    {
        private readonly HashSet<Guid> _transactions = [];

        public int Transactions
        {
            get
            {
                lock (_transactions)
                {
                    return _transactions.Count;
                }
            }
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Note(command, eventData);
            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Note(command, eventData);
            return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
        }

        private void Note(DbCommand command, CommandEventData eventData)
        {
            if (command.CommandText.Contains("INSERT INTO \"Admissions\"", StringComparison.Ordinal))
            {
                lock (_transactions)
                {
                    _transactions.Add(eventData.Context!.Database.CurrentTransaction!.TransactionId);
                }
            }
        }
    }
}
