using System.Net;

namespace Weir.Social.Tests.Administration;

public sealed class MakersOnSqlite : MakerTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync();
}

public sealed class MakersOnPostgres(PostgresServer shared) : MakerTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync(shared.Cluster);
}

/// <summary>
/// What somebody may hand out to others is good only while they may. On a server of its own, because it has several administrators.
/// </summary>
public abstract class MakerTests : IAsyncLifetime
{
    private const string New = "a wholly new password";
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync();

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_invitation_of_somebody_suspended_makes_no_account_until_that_is_lifted()
    {
        var anna = await _server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        var suspension = $"/api/admin/accounts/{anna.Handle}/suspension";
        Task<Answer> SignUp() => _server.Anybody.PostAsync(
            "/api/accounts",
            new { invitation = code, handle = "new_" + Guid.NewGuid().ToString("N")[..8], name = "Ben", password = Someone.Password });
        (await _admin.PutAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.NotFound);
        Assert.Equal("invitation-invalid", (await SignUp()).Is(HttpStatusCode.BadRequest).Code);
        (await _admin.DeleteAsync(suspension)).Is(HttpStatusCode.NoContent);
        (await SignUp()).Is(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("suspension")]
    [InlineData("administrator")]
    public async Task A_password_link_of_somebody_who_is_no_administrator_any_more_sets_none(string lost)
    {
        var (second, anna) = (await AdministratorAsync(), await _server.PersonAsync("Anna"));
        var code = (await second.PostAsync($"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        (await _server.Anybody.PostAsync("/api/password-resets/look", new { code })).Is(HttpStatusCode.OK);
        var path = $"/api/admin/accounts/{second.Handle}/{lost}";
        (lost == "suspension" ? await _admin.PutAsync(path) : await _admin.DeleteAsync(path)).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.PostAsync("/api/password-resets/look", new { code })).Is(HttpStatusCode.NotFound);
        (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password = New })).Is(HttpStatusCode.NotFound);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Links_and_invitations_into_a_group_end_with_the_standing_of_who_made_them()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await ben.BefriendAsync(cleo);
        var id = (await anna.PostAsync(
            "/api/conversations", new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id");
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        async Task<string> LinkAsync() => (await ben.PostAsync(
            $"/api/conversations/{id}/links", new { days = 7 })).Is(HttpStatusCode.Created).Text("code");
        async Task IsGoodAsync(string code, bool good)
        {
            (await cleo.GetAsync($"/api/group-links/{code}")).Is(good ? HttpStatusCode.OK : HttpStatusCode.NotFound);
            if (!good)
            {
                (await cleo.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.NotFound);
            }
        }

        var link = await LinkAsync();
        await IsGoodAsync(link, true);
        (await _admin.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        await IsGoodAsync(link, false);
        (await _admin.DeleteAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        await IsGoodAsync(link, true);
        (await anna.DeleteAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        await IsGoodAsync(link, false);

        // The same of whom a large group waits for.
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        var (group, person, by) = (Guid.Parse(id), Guid.Parse(cleo.Id), Guid.Parse(ben.Id));
        await _server.ReadAsync(async db =>
        {
            var now = DateTimeOffset.UtcNow;
            db.GroupInvitations.Add(new Conversations.GroupInvitation { ConversationId = group, AccountId = person, ById = by, At = now });
            return await db.SaveChangesAsync();
        });
        Assert.Equal(1, (await cleo.GetAsync("/api/group-invitations")).Json.GetArrayLength());
        (await _admin.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, (await cleo.GetAsync("/api/group-invitations")).Json.GetArrayLength());
        (await cleo.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Other_administrators_hear_of_a_link_that_sets_the_password_of_one()
    {
        var (second, third, anna) = (await AdministratorAsync(), await AdministratorAsync(), await _server.PersonAsync("Anna"));
        await using var atThird = await Listener.OpenAsync(_server, third, "notification");
        (await second.PostAsync($"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created);
        Assert.Empty(await third.NoticesAsync());
        // Blocking them does not hide it.
        (await second.PutAsync($"/api/blocks/{third.Handle}")).Is(HttpStatusCode.NoContent);
        (await second.PostAsync($"/api/admin/accounts/{_admin.Handle}/password-reset")).Is(HttpStatusCode.Created);
        await atThird.NextAsync();
        foreach (var told in new[] { third, _admin })
        {
            var notice = (await told.NoticesAsync()).First(n => n.Kind() == "administratorReset");
            Assert.Equal((second.Handle, "administration", "Admin"), (notice.Who(), notice.Place("kind"), notice.Place("name")));
        }

        Assert.DoesNotContain(await second.NoticesAsync(), n => n.Kind() == "administratorReset");
        (await _admin.DeleteAsync($"/api/admin/accounts/{third.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await third.NoticesAsync());
    }

    private async Task<Someone> AdministratorAsync()
    {
        var person = await _server.PersonAsync("Second");
        (await _admin.PutAsync($"/api/admin/accounts/{person.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        return person;
    }
}
