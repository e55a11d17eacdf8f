using System.Net;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests;

public sealed class RestoredSqlite : RestoredDatabaseTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync();
}

public sealed class RestoredPostgres(PostgresServer shared) : RestoredDatabaseTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync(shared.Cluster);
}

/// <summary>The first start after a restore ends what the backup could not know to be ended, in whichever database it is.</summary>
public abstract class RestoredDatabaseTests
{
    protected abstract Task<Server> StartAsync();

    [Fact]
    public async Task Sessions_invitations_and_links_end_at_the_first_start()
    {
        await using var server = await StartAsync();
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        (await anna.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Is(HttpStatusCode.Created);
        var invitation = (await anna.PostAsync("/api/invitations", new { })).Is(HttpStatusCode.Created).Text("code");
        await anna.BefriendAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Garden" })).Is(HttpStatusCode.Created).Text("id");
        var link = (await anna.PostAsync($"/api/conversations/{group}/links", new { })).Is(HttpStatusCode.Created).Text("code");
        // As a restore leaves it.
        var marker = Path.Combine(server.Options.DataDirectory, "restored");
        await File.WriteAllTextAsync(marker, "");
        await using (var again = SocialPlane.Build(server.Options))
        {
            await again.StartAsync();
            Assert.False(File.Exists(marker));
        }

        Assert.Equal((0, 0), await server.ReadAsync(async db => (await db.Sessions.CountAsync(), await db.PasswordResets.CountAsync())));
        (await server.Anybody.GetAsync($"/api/invitations/{invitation}")).Is(HttpStatusCode.NotFound);
        // The process that knew the session hears of it too.
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = Someone.Password })).Is(HttpStatusCode.Created);
        Assert.False(await server.ReadAsync(db => db.GroupLinks.AnyAsync(one => one.Code == link)));
    }
}
