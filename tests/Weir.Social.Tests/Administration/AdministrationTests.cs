using System.Net;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests.Administration;

public sealed class AdministrationOnSqlite(SqliteServer shared) : AdministrationTests(shared);

public sealed class AdministrationOnPostgres(PostgresServer shared) : AdministrationTests(shared);

public abstract class AdministrationTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task What_an_administrator_does_is_written_down_once_newest_first_a_page_at_a_time()
    {
        var anna = await _server.PersonAsync("Anna");
        var suspension = $"/api/admin/accounts/{anna.Handle}/suspension";
        (await shared.Admin.PutAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await shared.Admin.PutAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await shared.Admin.DeleteAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await shared.Admin.DeleteAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        (await shared.Admin.DeleteAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        var seen = new List<string>();
        long? before = null;
        do
        {
            var page = (await shared.Admin.GetAsync($"/api/admin/audit?limit=2{(before is null ? "" : $"&before={before}")}")).Is(HttpStatusCode.OK).Json;
            foreach (var entry in page.GetProperty("entries").EnumerateArray().Where(e => e.GetProperty("subject").GetString() == anna.Handle))
            {
                Assert.Equal(shared.Admin.Handle, entry.GetProperty("actor").GetProperty("handle").GetString());
                seen.Add(entry.GetProperty("action").GetString()!);
            }

            before = page.GetProperty("next").ValueKind == System.Text.Json.JsonValueKind.Null ? null : page.GetProperty("next").GetInt64();
        }
        while (before is not null && seen.Count < 4);
        Assert.Equal(["administratorUnmade", "administratorMade", "suspensionLifted", "accountSuspended"], seen);
        Assert.Contains("accountSuspended", (await shared.Admin.GetAsync("/api/admin/audit?action=accountSuspended")).Is(HttpStatusCode.OK).Body);
    }

    [Fact]
    public async Task The_trail_cannot_be_changed_or_deleted_by_the_database_either()
    {
        var anna = await _server.PersonAsync("Anna");
        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        foreach (var deed in new[] { "UPDATE \"AuditEntries\" SET \"Detail\" = 'x'", "DELETE FROM \"AuditEntries\"" })
        {
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => _server.ReadAsync(db => db.Database.ExecuteSqlRawAsync(deed)));
            Assert.Contains("append-only", refused.Message);
        }
    }

    [Fact]
    public async Task Nothing_of_it_is_for_others_and_an_administrator_is_always_left()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        foreach (var path in new[] { "/api/admin/accounts", "/api/admin/audit", "/api/admin/invitations", "/api/admin/reports" })
        {
            (await anna.GetAsync(path)).Is(HttpStatusCode.Forbidden);
            (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.Unauthorized);
        }

        (await anna.PutAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.Forbidden);
        (await anna.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Is(HttpStatusCode.Forbidden);
        (await shared.Admin.PutAsync("/api/admin/accounts/nobody_at_all/administrator")).Is(HttpStatusCode.NotFound);

        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/admin/audit")).Is(HttpStatusCode.OK);
        (await shared.Admin.DeleteAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/admin/audit")).Is(HttpStatusCode.Forbidden);
        Assert.Equal("last-admin", (await shared.Admin.DeleteAsync($"/api/admin/accounts/{shared.Admin.Handle}/administrator")).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task Administrators_who_take_each_other_away_at_the_same_moment_leave_one()
    {
        await using var server = await Server.StartAsync((shared as PostgresServer)?.Cluster);
        var anna = await server.PersonAsync("Anna", admin: true);
        for (var round = 0; round < 5; round++)
        {
            var ben = await server.PersonAsync("Ben");
            (await anna.PutAsync($"/api/admin/accounts/{ben.Handle}/administrator")).Is(HttpStatusCode.NoContent);
            var deeds = await Task.WhenAll(
                anna.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension"), ben.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension"));
            Assert.Single(deeds, deed => deed.Status == HttpStatusCode.NoContent);
            var left = await server.ReadAsync(db => db.Accounts.CountAsync(a => a.IsAdmin && a.SuspendedAt == null));
            Assert.Equal(1, left);
            anna = deeds[0].Status == HttpStatusCode.NoContent ? anna : ben;
        }
    }

    [Fact]
    public async Task A_link_sets_a_password_once_ends_all_sessions_and_is_no_secret_of_the_trail()
    {
        var anna = await _server.PersonAsync("Anna");
        var old = (await shared.Admin.PostAsync($"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        var code = (await shared.Admin.PostAsync($"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        (await _server.Anybody.PostAsync("/api/password-resets/look", new { code = old })).Is(HttpStatusCode.NotFound);
        Assert.Equal(anna.Handle, (await _server.Anybody.PostAsync("/api/password-resets/look", new { code })).Is(HttpStatusCode.OK).Text("handle"));
        Assert.Equal("password-short", (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password = "short" })).Is(HttpStatusCode.BadRequest).Code);
        (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password = "a wholly new password" })).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password = "a wholly other password" })).Is(HttpStatusCode.NotFound);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = "a wholly new password" })).Is(HttpStatusCode.Created);
        var trail = (await shared.Admin.GetAsync("/api/admin/audit?limit=200")).Body;
        Assert.Contains("passwordResetUsed", trail);
        Assert.DoesNotContain(code, trail);
        Assert.DoesNotContain(old, trail);
    }

    [Fact]
    public async Task Invitations_of_everybody_are_listed_with_who_came_and_open_ones_revoked()
    {
        var anna = await _server.PersonAsync("Anna");
        var (used, open) = ((await anna.PostAsync("/api/invitations")).Text("code"), (await anna.PostAsync("/api/invitations")).Text("code"));
        var handle = "came_" + Guid.NewGuid().ToString("N")[..8];
        (await _server.Anybody.PostAsync("/api/accounts", new { invitation = used, handle, name = "Came", password = Someone.Password })).Is(HttpStatusCode.Created);
        var listed = (await shared.Admin.GetAsync("/api/admin/invitations")).Is(HttpStatusCode.OK).Json.EnumerateArray().Where(i => i.GetProperty("from").GetProperty("handle").GetString() == anna.Handle).ToList();
        Assert.Equal([null, handle], listed.Select(i => i.GetProperty("usedBy") is { ValueKind: System.Text.Json.JsonValueKind.Object } by ? by.GetProperty("handle").GetString() : null));
        Assert.DoesNotContain(used, (await shared.Admin.GetAsync("/api/admin/invitations?open=true")).Body);
        (await shared.Admin.DeleteAsync($"/api/admin/invitations/{used}")).Is(HttpStatusCode.NotFound);
        (await shared.Admin.DeleteAsync($"/api/admin/invitations/{open}")).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.GetAsync($"/api/invitations/{open}")).Is(HttpStatusCode.NotFound);
        Assert.DoesNotContain(open, (await shared.Admin.GetAsync("/api/admin/audit?action=invitationRevoked")).Body);
        Assert.Equal(anna.Handle, (await shared.Admin.GetAsync($"/api/admin/accounts?q={handle}")).Json[0].GetProperty("invitedBy").GetString());
    }
}
