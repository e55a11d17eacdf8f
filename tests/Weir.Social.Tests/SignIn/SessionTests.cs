using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Sessions;

namespace Weir.Social.Tests.SignIn;

public sealed class SessionsOnSqlite(SqliteServer shared) : SessionTests(shared);

public sealed class SessionsOnPostgres(PostgresServer shared) : SessionTests(shared)
{
    /// <summary>What PostgreSQL answers when its disk is full, to one person. SQLite would need a disk of its own.</summary>
    private const string Fill = """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE UPDATE ON "Sessions" FOR EACH ROW WHEN (OLD."Client" = 'full disk') EXECUTE FUNCTION full_disk();
        """;

    private const string Free = """
        DROP TRIGGER full_disk ON "Sessions";
        DROP FUNCTION full_disk();
        """;

    [Fact]
    public async Task Whoever_is_signed_in_reads_while_the_disk_has_no_room_to_note_when_they_did()
    {
        var server = shared.Server;
        var anna = await server.PersonAsync("Anna");
        var (account, old) = (Guid.Parse(anna.Id), DateTimeOffset.UtcNow - TimeSpan.FromHours(1));
        await server.ReadAsync(db => db.Sessions.Where(s => s.AccountId == account)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, old).SetProperty(s => s.Client, "full disk")));
        var refused = 0L;
        using var listener = new MeterListener { InstrumentPublished = (instrument, its) =>
        {
            if (instrument == SocialMetrics.SessionsNotNoted)
            {
                its.EnableMeasurementEvents(instrument);
            }
        } };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref refused, count));
        listener.Start();
        await server.ReadAsync(db => db.Database.ExecuteSqlRawAsync(Fill));
        try
        {
            await server.ForgetAsync();
            (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
            await Until.HoldsAsync(() => Task.FromResult(Interlocked.Read(ref refused) > 0));
            Assert.True(await IsNotedAsOldAsync());
        }
        finally
        {
            await server.ReadAsync(db => db.Database.ExecuteSqlRawAsync(Free));
        }

        // Without another use: what could not be noted waits for room.
        await Until.HoldsAsync(async () => !await IsNotedAsOldAsync());

        Task<bool> IsNotedAsOldAsync() =>
            server.ReadAsync(db => db.Sessions.AnyAsync(s => s.AccountId == account && s.LastSeenAt < old + TimeSpan.FromMinutes(1)));
    }
}

public abstract class SessionTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task An_account_has_so_many_sessions_and_the_one_that_was_not_used_for_longest_makes_room()
    {
        var anna = await _server.PersonAsync("Anna");
        var account = Guid.Parse(anna.Id);
        await _server.ReadAsync(async db =>
        {
            var began = (await db.Sessions.SingleAsync(s => s.AccountId == account)).LastSeenAt;
            db.Sessions.AddRange(Enumerable.Range(1, SessionStart.MaxPerAccount).Select(i => new Session
            {
                Id = Guid.NewGuid(),
                AccountId = account,
                TokenHash = SessionAuthentication.Hash($"{anna.Id} {i}"),
                CreatedAt = began,
                LastSeenAt = began - TimeSpan.FromMinutes(i),
                Client = $"{i}",
            }));
            return await db.SaveChangesAsync();
        });
        var newest = await Someone.OfAsync(
            _server, await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
        var left = (await newest.GetAsync("/api/sessions")).Is(HttpStatusCode.OK).Json.EnumerateArray()
            .Select(s => s.GetProperty("client").GetString()).ToList();
        Assert.Equal(SessionStart.MaxPerAccount, left.Count);
        Assert.Contains($"{SessionStart.MaxPerAccount - 2}", left);
        Assert.DoesNotContain($"{SessionStart.MaxPerAccount - 1}", left);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Whoever_signs_out_leaves_no_pictures_in_the_browser()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        var signedOut = await anna.DeleteAsync("/api/sessions/current");
        var deleted = await ben.DeleteAsync("/api/me", new { password = Someone.Password });
        foreach (var answer in new[] { signedOut, deleted })
        {
            var headers = answer.Is(HttpStatusCode.NoContent).Message.Headers;
            Assert.Equal("\"cache\"", Assert.Single(headers.GetValues("Clear-Site-Data")));
            Assert.StartsWith("weir=;", Assert.Single(headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        }

        // Ending another session leaves this browser as it is.
        var cleo = await _server.PersonAsync("Cleo");
        Assert.False((await cleo.DeleteAsync(
            "/api/sessions/others")).Is(HttpStatusCode.NoContent).Message.Headers.Contains("Clear-Site-Data"));
    }

    [Fact]
    public async Task Signing_in_again_in_the_same_browser_ends_the_session_whose_cookie_it_had()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        // By the cookie: the next one takes its place in the browser, whoever signs in.
        foreach (var next in new[] { anna, ben })
        {
            var before = await Someone.OfAsync(
                _server, await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
            var again = await Someone.OfAsync(_server, await _server.Anybody.SendAsync(
                HttpMethod.Post, "/api/sessions", new { handle = next.Handle, password = Someone.Password }, r =>
                    r.Headers.Add("Cookie", $"weir={before.Token}")));
            (await before.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
            (await again.GetAsync("/api/me")).Is(HttpStatusCode.OK);
            (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        }

        // A program goes on with its token, although its library sends the cookie back as well.
        (await ben.SendAsync(
            HttpMethod.Post, "/api/sessions", new { handle = ben.Handle, password = Someone.Password }, r =>
                r.Headers.Add("Cookie", $"weir={ben.Token}"))).Is(HttpStatusCode.Created);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
    }
}
