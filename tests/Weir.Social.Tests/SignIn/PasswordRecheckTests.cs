using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Accounts;
using Weir.Social.Tests.OwnAccount;

namespace Weir.Social.Tests.SignIn;

public sealed class PasswordRechecksOnSqlite() : PasswordRecheckTests(null);

public sealed class PasswordRechecksOnPostgres(PostgresServer shared) : PasswordRecheckTests(shared.Cluster);

/// <summary>Whatever waits for a password's check or hash while the account gets another password does nothing afterwards.</summary>
public abstract class PasswordRecheckTests(PostgresCluster? cluster) : IAsyncLifetime
{
    private const string New = "a password the owner chose";
    private const string Intruders = "a password of an intruder";
    private readonly GatedHashing _hashing = new();
    private Server _server = null!;
    private Someone _admin = null!;
    private Someone _anna = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(cluster, b => b.Services
            .AddSingleton<PasswordHashing>(_hashing)
            .AddSingleton(new PasswordQueueLimits { Threads = 2 }));
        _admin = await _server.PersonAsync("Admin", admin: true);
        _anna = await _server.PersonAsync("Anna");
    }

    public async ValueTask DisposeAsync()
    {
        _hashing.IsOpen = true;
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_new_password_that_waits_does_not_replace_the_one_of_a_reset()
    {
        var answer = await HeldWhileAsync(
            Intruders, () => _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = Intruders }), ResetAsync);
        answer.Is(HttpStatusCode.Unauthorized);
        (await SignInAsync(Intruders)).Is(HttpStatusCode.Unauthorized);
        (await SignInAsync(New)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_new_password_that_waits_is_not_taken_from_a_session_that_was_ended()
    {
        var owner = await Someone.OfAsync(_server, await SignInAsync(Someone.Password));
        var answer = await HeldWhileAsync(
            Intruders,
            () => _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = Intruders }),
            async () => (await owner.DeleteAsync("/api/sessions/others")).Is(HttpStatusCode.NoContent));
        answer.Is(HttpStatusCode.Unauthorized);
        (await SignInAsync(Someone.Password)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Of_two_new_passwords_from_one_session_the_second_is_told_that_the_old_one_is_wrong()
    {
        var answer = await HeldWhileAsync(
            Intruders,
            () => _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = Intruders }),
            async () => (await _anna.PostAsync(
                "/api/me/password", new { current = Someone.Password, @new = New })).Is(HttpStatusCode.NoContent));
        Assert.Equal("wrong-password", answer.Is(HttpStatusCode.BadRequest).Code);
        (await SignInAsync(New)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_sign_in_that_waits_begins_no_session_after_a_reset()
    {
        var answer = await HeldWhileAsync(Someone.Password, () => SignInAsync(Someone.Password), ResetAsync);
        Assert.Equal("wrong-password", answer.Is(HttpStatusCode.Unauthorized).Code);
        var id = Guid.Parse(_anna.Id);
        Assert.Equal(0, await _server.ReadAsync(db => db.Sessions.CountAsync(s => s.AccountId == id)));
        (await SignInAsync(New)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_sign_in_that_waits_begins_no_session_after_a_suspension()
    {
        var answer = await HeldWhileAsync(
            Someone.Password,
            () => SignInAsync(Someone.Password),
            async () => (await _admin.PutAsync($"/api/admin/accounts/{_anna.Handle}/suspension")).Is(HttpStatusCode.NoContent));
        answer.Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_deletion_that_waits_deletes_nothing_after_a_reset()
    {
        var answer = await HeldWhileAsync(
            Someone.Password, () => _anna.DeleteAsync("/api/me", new { password = Someone.Password }), ResetAsync);
        answer.Is(HttpStatusCode.Unauthorized);
        (await SignInAsync(New)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_passkey_asked_for_with_the_old_password_is_not_registered_after_a_new_one()
    {
        using var device = new Authenticator($"http://127.0.0.1:{_server.Plane.HttpPort}", "127.0.0.1");
        var asked = await _anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password });
        var registration = new { id = asked.Text("id"), credential = device.Register(asked["options"]), name = "x" };
        (await _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = New })).Is(HttpStatusCode.NoContent);
        Assert.Equal("passkey-expired", (await _anna.PostAsync("/api/me/passkeys", registration)).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal(0, (await _anna.GetAsync("/api/me/passkeys")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_new_password_takes_the_links_back_that_would_set_another()
    {
        var code = await ResetCodeAsync();
        (await _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = New })).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password = Intruders })).Is(HttpStatusCode.NotFound);
    }

    /// <summary>What is answered to a call whose password is held up until <paramref name="meanwhile"/> is over.</summary>
    private async Task<Answer> HeldWhileAsync(string password, Func<Task<Answer>> call, Func<Task> meanwhile)
    {
        _hashing.Close(password);
        var waiting = call();
        await Patience.HoldsAsync(() => _hashing.Held == 1);
        await meanwhile();
        _hashing.IsOpen = true;
        return await waiting;
    }

    private async Task<string> ResetCodeAsync() =>
        (await _admin.PostAsync($"/api/admin/accounts/{_anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");

    private async Task ResetAsync() => (await _server.Anybody.PostAsync(
        "/api/password-resets/use", new { code = await ResetCodeAsync(), password = New })).Is(HttpStatusCode.NoContent);

    private Task<Answer> SignInAsync(string password) =>
        _server.Anybody.PostAsync("/api/sessions", new { handle = _anna.Handle, password });
}
