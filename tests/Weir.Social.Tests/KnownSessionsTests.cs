using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Maintenance;
using Weir.Social.Sessions;

namespace Weir.Social.Tests;

/// <summary>Sessions are not looked up at every request, and what ends one holds at once all the same.</summary>
public sealed class KnownSessionsTests(PostgresServer postgres)
{
    private static readonly byte[] Hash = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [Fact]
    public void What_changed_while_it_was_looked_up_is_not_kept()
    {
        var known = new KnownSessions(TimeProvider.System);
        known.Put(Hash, Entry(), epoch: 1);
        Assert.NotNull(known.Find(Hash, epoch: 1));
        Assert.Null(known.Find(Hash, epoch: 2));
        known.Put([.. Hash.Reverse()], Entry(), epoch: 2);
        known.Put(Hash, Entry(), epoch: 1);
        Assert.Null(known.Find(Hash, epoch: 1));
        Assert.Null(known.Find(Hash, epoch: 2));
    }

    [Fact]
    public void One_is_believed_for_a_moment_only()
    {
        var clock = new FakeTimeProvider();
        var known = new KnownSessions(clock);
        known.Put(Hash, Entry(), 1);
        clock.Advance(KnownSessions.Belief - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(known.Find(Hash, 1));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(known.Find(Hash, 1));
    }

    [Fact]
    public void However_many_there_are_memory_is_bounded()
    {
        var known = new KnownSessions(TimeProvider.System, capacity: 10);
        byte[] Nth(int i) => [(byte)(i >> 8), (byte)i, .. new byte[30]];
        for (var i = 0; i < 100; i++)
        {
            known.Put(Nth(i), Entry(), 1);
        }

        Assert.InRange(Enumerable.Range(0, 100).Count(i => known.Find(Nth(i), 1) is not null), 10, 20);
        Assert.NotNull(known.Find(Nth(99), 1));
    }

    [Fact]
    public async Task However_many_uses_wait_to_be_noted_memory_is_bounded()
    {
        // The clock stands still: nothing is noted.
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var notes = server.Plane.App.Services.GetRequiredService<SessionNotes>();
        var first = Guid.NewGuid();
        notes.Put(first, clock.GetUtcNow());
        for (var i = 0; i < SessionNotes.MaxWaiting; i++)
        {
            notes.Put(Guid.NewGuid(), clock.GetUtcNow());
        }

        notes.Put(first, clock.GetUtcNow());
        Assert.Equal(SessionNotes.MaxWaiting, notes.Waiting.Distinct().Count());
        Assert.Contains(first, notes.Waiting);
    }

    [Fact]
    public async Task Requests_in_a_row_look_the_session_up_once_and_what_ends_one_holds_at_once()
    {
        var commands = new CommandCounter();
        // The clock stands still: nothing is looked up again because of time.
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: builder => builder.Services.AddSingleton<IInterceptor>(commands).AddSingleton<TimeProvider>(clock));
        var anna = await server.PersonAsync("Anna", admin: true);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        commands.Reset();
        for (var i = 0; i < 5; i++)
        {
            (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        }

        Assert.DoesNotContain(commands.Take(), command => command.Contains("TokenHash", StringComparison.Ordinal));

        var ben = await server.PersonAsync("Ben");
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        (await anna.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await anna.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_another_process_ended_holds_at_once(bool onPostgres)
    {
        // The clock stands still: nothing is looked up again because of time.
        await using var server = await Server.StartAsync(
            onPostgres ? postgres.Cluster : null,
            builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        for (var round = 0; round < 5; round++)
        {
            (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
            // As the command line does: a context of its own, without anything of the running server.
            var password = await ResetPassword.RunAsync(server.Options, anna.Handle);
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? anna : ben).GetAsync("/api/me")));
            Assert.All(answers.Where((_, i) => i % 2 == 0), answer => answer.Is(HttpStatusCode.Unauthorized));
            Assert.All(answers.Where((_, i) => i % 2 != 0), answer => answer.Is(HttpStatusCode.OK));
            anna = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password }));
        }
    }

    private static KnownSessions.Entry Entry() => new(new Caller(Guid.NewGuid(), "anna", "Anna", null, false, Guid.NewGuid()), new System.Security.Claims.ClaimsPrincipal());
}
