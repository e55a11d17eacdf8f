using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Friends;
using Weir.Social.Tests.Visibility;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

public sealed class ManyViewersCutOnSqlite : ManyViewersCutTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure, SocialOptions? before) =>
        Server.StartAsync(configure: configure, options: made => before is null ? made : made with { DataDirectory = before.DataDirectory });
}

public sealed class ManyViewersCutOnPostgres(PostgresServer shared) : ManyViewersCutTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure, SocialOptions? before) => Server.StartAsync(
        shared.Cluster,
        configure,
        made => before is null ? made : made with { DataDirectory = before.DataDirectory, ConnectionString = before.ConnectionString });
}

/// <summary>More people fall out of an audience than one turn may cut.</summary>
public abstract class ManyViewersCutTests
{
    private const int Crowd = (3 * Cutting.MostInTurn) + 50;

    /// <param name="before">The server whose data to go on with.</param>
    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure, SocialOptions? before = null);

    [Fact]
    public async Task All_of_them_are_cut_when_the_call_is_answered_and_nobody_who_stays()
    {
        // They ask for as long as it takes, which is no matter of the limit.
        var often = new Rate(int.MaxValue, TimeSpan.FromMilliseconds(1));
        var rates = new CallRates { Calls = often, Tickets = often, OpenTickets = often };
        await using var server = await StartAsync(b => b.Services.AddSingleton(rates));
        var (host, ben, stranger) = (await server.PersonAsync("Host", admin: true), await server.PersonAsync("Ben"), await server.PersonAsync("Stranger"));
        await host.BefriendAsync(ben);
        var id = await host.BroadcastAsync(new { kind = "public" });
        var (bens, strangers, nobodys) = (Read(server, await ben.TicketAsync(id)), Read(server, await stranger.TicketAsync(id)), Read(server, await server.Anybody.TicketAsync(id)));
        var crowd = await AdmitCrowdAsync(server, host, id, friends: 20);

        await using var node = await FakeNode.ReadyAsync(server);
        (await host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } })).Is(HttpStatusCode.OK);

        var cuts = await CutsAsync(server, id);
        Assert.True(IsVoid(strangers, cuts) && IsVoid(nobodys, cuts) && !IsVoid(bens, cuts));
        Assert.Equal(crowd.Skip(20).Append(Guid.Parse(stranger.Id)).Append(Guid.Empty).Order(), cuts.Keys.Order());
        Assert.Equal(
            crowd.Take(20).Append(Guid.Parse(ben.Id)).Order(),
            (await server.ReadAsync(db => db.Admissions.Select(a => a.AccountId).ToListAsync())).Order());
        Assert.Empty(await server.ReadAsync(db => db.AdmissionChecks.ToListAsync()));
        // The live node hears of all of them.
        await node.RulesAsync(id, rules => rules.Cuts.Count == cuts.Count && rules.Cuts.All(c => c.Epoch == cuts[Ids.FromWire(c.Account)]));
    }

    [Fact]
    public async Task While_they_are_looked_for_messages_are_sent_and_no_outsider_is_given_a_ticket()
    {
        var pause = new Pause(command => command.Contains("EXCEPT", StringComparison.Ordinal));
        await using var server = await StartAsync(b => b.Services.AddSingleton<IInterceptor>(pause));
        var (host, ben, stranger) = (await server.PersonAsync("Host", admin: true), await server.PersonAsync("Ben"), await server.PersonAsync("Stranger"));
        await host.BefriendAsync(ben);
        var talk = (await host.PostAsync("/api/conversations", new { members = new[] { ben.Handle } })).Is(HttpStatusCode.Created).Text("id");
        var id = await host.BroadcastAsync(new { kind = "public" });
        var before = Read(server, await stranger.TicketAsync(id));
        await AdmitCrowdAsync(server, host, id, friends: 0);
        pause.Arm();
        var narrowing = host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } });
        await pause.Reached.WaitAsync(Patience.Limit);
        (await ben.SayAsync(talk, "While it goes on").WaitAsync(Patience.Limit)).Is(HttpStatusCode.Created);
        (await stranger.TicketAsync(id).WaitAsync(Patience.Limit)).Is(HttpStatusCode.NotFound);
        Assert.False(narrowing.IsCompleted);
        pause.Release();
        (await narrowing).Is(HttpStatusCode.OK);
        Assert.True(IsVoid(before, await CutsAsync(server, id)));
    }

    [Theory]
    [InlineData("before the first batch", 0)]
    [InlineData("between the batches", 2)]
    public async Task What_a_crash_left_undone_is_done_at_the_next_start(string when, int batches)
    {
        _ = when;
        var crash = new Crash(batches);
        var first = await StartAsync(b => b.Services.AddSingleton<IInterceptor>(crash));
        var (host, stranger) = (await first.PersonAsync("Host", admin: true), await first.PersonAsync("Stranger"));
        var id = await host.BroadcastAsync(new { kind = "public" });
        var strangers = Read(first, await stranger.TicketAsync(id));
        var crowd = await AdmitCrowdAsync(first, host, id, friends: 0);
        crash.Arm();
        // From here on the disk takes no more cuts, as if the process was gone.
        (await host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } })).Is(HttpStatusCode.InternalServerError);
        (await stranger.TicketAsync(id)).Is(HttpStatusCode.NotFound);
        Assert.Equal(batches * Cutting.MostInTurn, await first.ReadAsync(db => db.Cuts.CountAsync(c => c.AccountId != Guid.Empty)));
        await first.Plane.DisposeAsync();

        await using var second = await StartAsync(_ => { }, first.Options);
        await Until.HoldsAsync(() => second.ReadAsync(async db => !await db.AdmissionChecks.AnyAsync()));
        var cuts = await CutsAsync(second, id);
        Assert.True(IsVoid(strangers, cuts));
        Assert.Equal(crowd.Append(Guid.Parse(stranger.Id)).Append(Guid.Empty).Order(), cuts.Keys.Order());
        Assert.Empty(await second.ReadAsync(db => db.Admissions.ToListAsync()));
    }

    [Fact]
    public async Task What_failed_is_tried_again_without_a_new_start()
    {
        var crash = new Crash(batches: 1);
        await using var server = await StartAsync(b => b.Services.AddSingleton<IInterceptor>(crash));
        var host = await server.PersonAsync("Host", admin: true);
        var id = await host.BroadcastAsync(new { kind = "public" });
        await AdmitCrowdAsync(server, host, id, friends: 0);
        crash.Arm();
        (await host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.InternalServerError);
        Assert.NotEmpty(await server.ReadAsync(db => db.Admissions.ToListAsync()));
        crash.Disarm();
        await Until.HoldsAsync(() => server.ReadAsync(async db => !await db.AdmissionChecks.AnyAsync()));
        Assert.Empty(await server.ReadAsync(db => db.Admissions.ToListAsync()));
    }

    [Fact]
    public async Task Whoever_comes_and_goes_while_the_audience_is_narrowed_and_widened_has_no_ticket_that_outlives_the_last_cut()
    {
        // They ask for as long as it takes, which is no matter of the limit.
        var often = new Rate(int.MaxValue, TimeSpan.FromMilliseconds(1));
        var rates = new CallRates { Calls = often, Tickets = often, OpenTickets = often };
        await using var server = await StartAsync(b => b.Services.AddSingleton(rates));
        var (host, ben, stranger) = (await server.PersonAsync("Host", admin: true), await server.PersonAsync("Ben"), await server.PersonAsync("Stranger"));
        await host.BefriendAsync(ben);
        var id = await host.BroadcastAsync(new { kind = "public" });
        for (var round = 0; round < 4; round++)
        {
            await AdmitCrowdAsync(server, host, id, friends: 0);
            using var over = new CancellationTokenSource();
            var asking = Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
            {
                var answers = new List<Answer>();
                while (!over.IsCancellationRequested)
                {
                    answers.Add(await (n == 0 ? ben : n == 1 ? server.Anybody : stranger).TicketAsync(id));
                    await Task.Delay(5);
                }

                return answers;
            })).ToArray();
            // Narrowed, opened again while the first are still being cut, and narrowed for good.
            var narrowing = host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } });
            var widening = host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "public" }, widen = true });
            (await narrowing).Is(HttpStatusCode.OK);
            (await widening).Is(HttpStatusCode.OK);
            (await host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } })).Is(HttpStatusCode.OK);
            var cuts = await CutsAsync(server, id);
            await over.CancelAsync();
            foreach (var answer in (await Task.WhenAll(asking)).SelectMany(answers => answers).Where(answer => answer.Status == HttpStatusCode.Created))
            {
                var ticket = Read(server, answer);
                Assert.True(ticket.Account == Guid.Parse(ben.Id) || IsVoid(ticket, cuts), $"A ticket of epoch {ticket.Epoch} outlived the cut of round {round}.");
            }

            Assert.False(IsVoid(Read(server, await ben.TicketAsync(id)), cuts));
            Assert.DoesNotContain(Guid.Parse(stranger.Id), await server.ReadAsync(db => db.Admissions.Select(a => a.AccountId).ToListAsync()));
            (await host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "public" }, widen = true })).Is(HttpStatusCode.OK);
        }
    }

    /// <summary>People with accounts who hold tickets; the first of them are friends of the host.</summary>
    private static async Task<List<Guid>> AdmitCrowdAsync(Server server, Someone host, string broadcast, int friends)
    {
        var people = Enumerable.Range(0, Crowd).Select(_ => Guid.NewGuid()).ToList();
        await server.ReadAsync(async db =>
        {
            var now = DateTimeOffset.UtcNow;
            var (hostId, id) = (Guid.Parse(host.Id), Guid.Parse(broadcast));
            foreach (var person in people)
            {
                var handle = person.ToString("N")[..30];
                db.Accounts.Add(new Account { Id = person, UserName = handle, NormalizedUserName = handle, Name = "Viewer", CreatedAt = now, EncoderKeyCreatedAt = now });
                db.Admissions.Add(new Admission { BroadcastId = id, AccountId = person });
            }

            foreach (var friend in people.Take(friends))
            {
                db.Friendships.Add(new Friendship { OwnerId = hostId, FriendId = friend, Since = now });
                db.Friendships.Add(new Friendship { OwnerId = friend, FriendId = hostId, Since = now });
            }

            await ManyRows.WriteAsync(db);
            return true;
        });
        return people;
    }

    private static Task<Dictionary<Guid, uint>> CutsAsync(Server server, string id) =>
        server.ReadAsync(db => db.Cuts.AsNoTracking().Where(c => c.BroadcastId == Guid.Parse(id)).ToDictionaryAsync(c => c.AccountId, c => (uint)c.Epoch));

    private static Ticket Read(Server server, Answer answer)
    {
        Assert.True(Ticket.TryVerify(server.Plane.NodeKey, answer.Is(HttpStatusCode.Created).Text("ticket"), out var ticket));
        return ticket;
    }

    private static bool IsVoid(Ticket ticket, Dictionary<Guid, uint> cuts) => cuts.TryGetValue(ticket.Account, out var epoch) && ticket.Epoch < epoch;

    /// <summary>Stops the first command of a kind until it is let go.</summary>
    private sealed class Pause(Func<string, bool> which) : DbCommandInterceptor
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _armed;

        public Task Reached => _reached.Task;

        public void Arm() => Volatile.Write(ref _armed, 1);

        public void Release() => _released.SetResult();

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (which(command.CommandText) && Interlocked.Exchange(ref _armed, 0) == 1)
            {
                _reached.SetResult();
                await _released.Task;
            }

            return result;
        }
    }

    /// <summary>Takes so many batches of cuts, and no more.</summary>
    private sealed class Crash(int batches) : DbCommandInterceptor
    {
        private int _left = int.MaxValue;

        public void Arm() => Volatile.Write(ref _left, batches + 1);

        public void Disarm() => Volatile.Write(ref _left, int.MaxValue);

        // The last command of a batch. The first batch is that of the people without an account, in the transaction that changes the
        // audience.
        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.StartsWith("DELETE FROM \"Admissions\"", StringComparison.Ordinal) && Interlocked.Decrement(ref _left) < 0)
            {
                throw new InvalidOperationException("The disk is gone.");
            }

            return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
