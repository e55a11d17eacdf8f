using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Tests.Visibility;

namespace Weir.Social.Tests;

public sealed class ReportWriterOnSqlite : ReportWriterTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);

    protected override Task<IDisposable> HoldAsync(Server server) => server.Plane.App.Services.GetRequiredService<WriteGate>().EnterAsync(default);
}

public sealed class ReportWriterOnPostgres(PostgresServer shared) : ReportWriterTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);

    protected override async Task<IDisposable> HoldAsync(Server server)
    {
        var connection = new NpgsqlConnection(server.Options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE \"Broadcasts\" IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}

/// <summary>
/// What the live node reports is written seldom and together, and acknowledged when it is on disk. The time is the test's.
/// </summary>
public abstract class ReportWriterTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly Writes _writes = new();
    private Server _server = null!;
    private Someone _host = null!;
    private FakeNode _node = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    /// <summary>No broadcast is written until it is let go.</summary>
    protected abstract Task<IDisposable> HoldAsync(Server server);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(b => b.Services.AddSingleton<TimeProvider>(_clock).AddSingleton<IInterceptor>(_writes));
        _host = await _server.PersonAsync("Host", admin: true);
        _node = await FakeNode.ReadyAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_publisher_who_flaps_is_written_once_a_second_with_the_newest_state()
    {
        var (flapping, other) = (await _host.BroadcastAsync(new { kind = "friends" }), await _host.BroadcastAsync(new { kind = "friends" }));
        // The first is written at once.
        await _node.ReportAsync(LivePlaneTests.ReportOf(flapping, 1, BroadcastPhase.Live));
        _writes.Reset();
        for (var revision = 2; revision <= 60; revision++)
        {
            await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(flapping, revision, revision % 2 == 0 ? BroadcastPhase.Interrupted : BroadcastPhase.Live) });
        }

        // What comes after them is written: they have all been read, and none of them is.
        await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(other, 1, BroadcastPhase.Live) });
        await Until.HoldsAsync(async () => await RevisionAsync(other) == 1);
        Assert.Equal((1, 1), (await RevisionAsync(flapping), _writes.Transactions));

        _clock.Advance(TimeSpan.FromSeconds(1));
        await _node.ReportAsync(LivePlaneTests.ReportOf(other, 2, BroadcastPhase.Live));
        Assert.Equal(60, await RevisionAsync(flapping));
        // One for the first state of the other, and one or two for both together.
        Assert.InRange(_writes.Transactions, 2, 3);
    }

    [Fact]
    public async Task The_end_does_not_wait_and_is_not_written_over_and_over()
    {
        var (id, other) = (await _host.BroadcastAsync(new { kind = "friends" }), await _host.BroadcastAsync(new { kind = "friends" }));
        await _node.ReportAsync(LivePlaneTests.ReportOf(id, 1, BroadcastPhase.Live));
        await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(id, 2, BroadcastPhase.Interrupted) });
        await _node.ReportAsync(LivePlaneTests.ReportOf(id, 3, BroadcastPhase.Ended));
        Assert.Equal("ended", (await _host.GetAsync($"/api/broadcasts/{id}")).Text("state"));

        _writes.Reset();
        for (var revision = 4; revision <= 30; revision++)
        {
            await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(id, revision, BroadcastPhase.Ended, report => report.Recorded = true) });
        }

        await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(other, 1, BroadcastPhase.Live) });
        await Until.HoldsAsync(async () => await RevisionAsync(other) == 1);
        Assert.Equal((3, 1), (await RevisionAsync(id), _writes.Transactions));
        await TimeGoesByAsync(id, 30);
        Assert.Equal(2, _writes.Transactions);
    }

    [Fact]
    public async Task Many_broadcasts_that_connect_again_are_a_few_transactions()
    {
        const int many = 450;
        var ids = await MakeBroadcastsAsync(many);
        _writes.Reset();
        using (await HoldAsync(_server))
        {
            foreach (var id in ids)
            {
                await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(id.ToText(), 1, BroadcastPhase.Live) });
            }

            await ReadAsync(ids[0]);
        }

        await Until.HoldsAsync(() => _server.ReadAsync(async db => await db.Broadcasts.CountAsync(b => b.State == BroadcastState.Live) == many));
        // Whatever was there when the writer looked first, then as many as go together.
        Assert.InRange(_writes.Transactions, 1, 4);
    }

    [Fact]
    public async Task What_could_not_be_written_is_tried_again_and_acknowledged_then()
    {
        var id = await _host.BroadcastAsync(new { kind = "friends" });
        _writes.Fail = true;
        await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(id, 1, BroadcastPhase.Live) });
        await Until.HoldsAsync(() => Task.FromResult(_writes.Failed > 0));
        await _node.SendAsync(new Report { Broadcast = LivePlaneTests.ReportOf(id, 2, BroadcastPhase.Live) });
        await ReadAsync(Guid.Parse(id));
        Assert.Equal(0, await RevisionAsync(id));
        _writes.Fail = false;
        await TimeGoesByAsync(id, 2);
        // The greeting, the two reports and what was sent to know that they had been read.
        await _node.NextAsync(command => command.Acknowledge?.Sequence == 4);
    }

    [Fact]
    public async Task An_acknowledgement_names_no_report_that_is_not_written()
    {
        var outbox = new Outbox(TimeProvider.System);
        var progress = new ReportProgress(outbox);
        var (first, second) = (new ReportWriter.Waiting { Report = new() }, new ReportWriter.Waiting { Report = new() });
        progress.Received(1);
        progress.Waits(2, first);
        progress.Waits(3, second);
        progress.Received(4);
        // The second state of the same broadcast, in the place of the first.
        progress.Waits(5, first);
        Assert.Equal(1ul, await NextAsync());
        second.IsWritten = true;
        progress.Acknowledge();
        progress.Received(6);
        first.IsWritten = true;
        progress.Acknowledge();
        Assert.Equal(6ul, await NextAsync());

        async Task<ulong?> NextAsync() => (await outbox.TakeAsync(1, default).WaitAsync(Patience.Limit)).Acknowledge;
    }

    /// <summary>Until a state is written. Second by second, because the writer may not have begun to wait for the next try.</summary>
    private Task TimeGoesByAsync(string id, long revision) => Until.HoldsAsync(() =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return IsAsync(id, revision);
    });

    private async Task<bool> IsAsync(string id, long revision) => await RevisionAsync(id) == revision;

    /// <summary>Everything that the node has sent was read, because what it sends now is.</summary>
    private async Task ReadAsync(Guid broadcast)
    {
        await _node.SendAsync(new Report { Presence = new Presence { Broadcast = broadcast.ToWire(), Anonymous = 7 } });
        var link = _server.Plane.App.Services.GetRequiredService<LiveLink>();
        await Until.HoldsAsync(() => Task.FromResult(link.WhoWatches(broadcast)?.Anonymous == 7));
    }

    private Task<long> RevisionAsync(string id) => _server.ReadAsync(db => db.Broadcasts.Where(b => b.Id == Guid.Parse(id)).Select(b => b.Revision).SingleAsync());

    private async Task<List<Guid>> MakeBroadcastsAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).ToList();
        await _server.ReadAsync(async db =>
        {
            foreach (var (id, number) in ids.Select((id, number) => (id, number)))
            {
                db.Broadcasts.Add(new Broadcast
                {
                    Id = id, OwnerId = Guid.Parse(_host.Id), Title = "One of many", Kind = AudienceKind.Friends, CreatedAt = _clock.GetUtcNow().AddMilliseconds(number),
                });
            }

            await ManyRows.WriteAsync(db);
            return true;
        });
        return ids;
    }

    /// <summary>In how many transactions broadcasts were written.</summary>
    private sealed class Writes : DbCommandInterceptor
    {
        private readonly Lock _lock = new();
        private readonly HashSet<Guid> _transactions = [];
        private int _failed;

        public bool Fail { get; set; }

        public int Failed => Volatile.Read(ref _failed);

        public int Transactions
        {
            get
            {
                lock (_lock)
                {
                    return _transactions.Count;
                }
            }
        }

        public void Reset()
        {
            lock (_lock)
            {
                _transactions.Clear();
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
            if (!command.CommandText.Contains("UPDATE \"Broadcasts\"", StringComparison.Ordinal))
            {
                return;
            }

            if (Fail)
            {
                Interlocked.Increment(ref _failed);
                throw new InvalidOperationException("The disk is full.");
            }

            lock (_lock)
            {
                _transactions.Add(eventData.Context!.Database.CurrentTransaction!.TransactionId);
            }
        }
    }
}
