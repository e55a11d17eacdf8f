using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Passkeys;

namespace Weir.Social.Tests.OwnAccount;

public sealed class PasskeysOnSqlite(SqliteServer shared) : PasskeyTests(shared);

public sealed class PasskeysOnPostgres(PostgresServer shared) : PasskeyTests(shared);

public abstract class PasskeyTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    private string Origin => $"http://127.0.0.1:{_server.Plane.HttpPort}";

    [Fact]
    public async Task Whoever_registered_a_passkey_signs_in_with_it_and_with_no_handle()
    {
        var anna = await _server.PersonAsync("Anna");
        using var device = new Authenticator(Origin, "127.0.0.1");
        var id = await RegisterAsync(anna, device);
        var listed = (await anna.GetAsync("/api/me/passkeys")).Is(HttpStatusCode.OK).Json[0];
        Assert.Equal(("My phone", id), (listed.GetProperty("name").GetString(), listed.GetProperty("id").GetString()));

        var again = await Someone.OfAsync(_server, await SignInAsync(device));
        Assert.Equal(anna.Handle, again.Handle);
        (await again.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, (await anna.GetAsync("/api/me/passkeys")).Json[0].GetProperty("lastUsedAt").ValueKind);

        (await anna.PatchAsync($"/api/me/passkeys/{id}", new { name = "旧手机" })).Is(HttpStatusCode.NoContent);
        Assert.Equal("旧手机", (await anna.GetAsync("/api/me/passkeys")).Json[0].GetProperty("name").GetString());
        var ben = await _server.PersonAsync("Ben");
        (await ben.PatchAsync($"/api/me/passkeys/{id}", new { name = "Mine" })).Is(HttpStatusCode.NotFound);
        (await ben.DeleteAsync($"/api/me/passkeys/{id}")).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync($"/api/me/passkeys/{id}")).Is(HttpStatusCode.NoContent);
        Assert.Equal("passkey-unknown", (await SignInAsync(device)).Is(HttpStatusCode.Unauthorized).Code);
    }

    [Fact]
    public async Task A_passkey_is_made_only_by_who_knows_the_password_and_for_themselves()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        using var device = new Authenticator(Origin, "127.0.0.1");
        Assert.Equal("wrong-password", (await anna.PostAsync("/api/me/passkeys/challenge", new { password = "not hers at all" })).Is(HttpStatusCode.BadRequest).Code);
        var asked = (await anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password })).Is(HttpStatusCode.Created);
        var credential = device.Register(asked["options"]);
        // Another person's answer to her question, then her own: a question is answered once, whoever tried.
        Assert.Equal("passkey-expired", (await ben.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential, name = "x" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("passkey-expired", (await anna.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential, name = "x" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("passkey-expired", (await anna.PostAsync("/api/me/passkeys", new { id = "never asked", credential, name = "x" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("name-shape", (await anna.PostAsync("/api/me/passkeys", new { credential, name = "\u202E" })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal(0, (await anna.GetAsync("/api/me/passkeys")).Json.GetArrayLength());
    }

    [Fact]
    public async Task An_answer_of_another_site_another_challenge_a_cloned_or_an_unlocked_device_is_refused()
    {
        var anna = await _server.PersonAsync("Anna");
        using var foreign = new Authenticator("https://evil.example", "127.0.0.1");
        using var otherSite = new Authenticator(Origin, "evil.example");
        using var unlocked = new Authenticator(Origin, "127.0.0.1") { Verifies = false };
        foreach (var bad in new[] { foreign, otherSite, unlocked })
        {
            var asked = await anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password });
            var answer = await anna.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential = bad.Register(asked["options"]), name = "x" });
            Assert.Equal("passkey-refused", answer.Is(HttpStatusCode.BadRequest).Code);
        }

        using var device = new Authenticator(Origin, "127.0.0.1");
        await RegisterAsync(anna, device);
        var (one, two) = (await ChallengeAsync(), await ChallengeAsync());
        var credential = device.SignIn(one["options"]);
        (await PostAsync(two.Text("id"), credential)).Is(HttpStatusCode.Unauthorized);
        (await PostAsync(one.Text("id"), credential)).Is(HttpStatusCode.Created);
        Assert.Equal("passkey-expired", (await PostAsync(one.Text("id"), credential)).Is(HttpStatusCode.BadRequest).Code);
        device.Count = 0;
        (await SignInAsync(device)).Is(HttpStatusCode.Unauthorized);
        foreach (var garbage in new object?[] { null, "text", new { id = "AA", type = "public-key", response = new { } } })
        {
            (await PostAsync((await ChallengeAsync()).Text("id"), garbage)).Is(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task The_same_device_is_registered_once_and_a_suspended_or_deleted_person_does_not_come_in()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        using var device = new Authenticator(Origin, "127.0.0.1");
        await RegisterAsync(anna, device);
        var asked = await ben.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password });
        var taken = await ben.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential = device.Register(asked["options"]), name = "x" });
        Assert.Equal("passkey-refused", taken.Is(HttpStatusCode.BadRequest).Code);

        using var other = new Authenticator(Origin, "127.0.0.1");
        await RegisterAsync(ben, other);
        (await shared.Admin.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        Assert.Equal("suspended", (await SignInAsync(other)).Is(HttpStatusCode.Forbidden).Code);
        (await shared.Admin.DeleteAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        ben = await Someone.OfAsync(_server, await SignInAsync(other));
        (await ben.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        (await SignInAsync(other)).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_administrators_reset_removes_passkeys_and_renews_the_encoder_key_and_ones_own_does_neither()
    {
        var anna = await _server.PersonAsync("Anna");
        using var device = new Authenticator(Origin, "127.0.0.1");
        await RegisterAsync(anna, device);
        var key = (await anna.GetAsync("/api/encoder-key")).Is(HttpStatusCode.OK)["rtmp"].GetProperty("streamKey").GetString();
        (await anna.PostAsync(
            "/api/me/password", new { current = Someone.Password, @new = "another good password" })).Is(HttpStatusCode.NoContent);
        (await SignInAsync(device)).Is(HttpStatusCode.Created);
        Assert.Equal(key, (await anna.GetAsync("/api/encoder-key"))["rtmp"].GetProperty("streamKey").GetString());

        var code = (await shared.Admin.PostAsync(
            $"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        (await SignInAsync(device)).Is(HttpStatusCode.Created);
        (await _server.Anybody.PostAsync(
            "/api/password-resets/use", new { code, password = "a wholly new password" })).Is(HttpStatusCode.NoContent);
        Assert.Equal("passkey-unknown", (await SignInAsync(device)).Is(HttpStatusCode.Unauthorized).Code);
        anna = await Someone.OfAsync(
            _server, await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = "a wholly new password" }));
        Assert.NotEqual(key, (await anna.GetAsync("/api/encoder-key"))["rtmp"].GetProperty("streamKey").GetString());
        Assert.Equal(0, (await anna.GetAsync("/api/me/passkeys")).Json.GetArrayLength());
    }

    private async Task<string> RegisterAsync(Someone person, Authenticator device)
    {
        var asked = (await person.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password })).Is(HttpStatusCode.Created);
        var options = asked["options"];
        Assert.Equal(("required", "required"), (options.GetProperty("authenticatorSelection").GetProperty("residentKey").GetString(), options.GetProperty("authenticatorSelection").GetProperty("userVerification").GetString()));
        return (await person.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential = device.Register(options), name = "My phone" })).Is(HttpStatusCode.Created).Text("id");
    }

    private async Task<Answer> ChallengeAsync() => (await _server.Anybody.PostAsync("/api/passkey-challenges")).Is(HttpStatusCode.Created);

    private async Task<Answer> SignInAsync(Authenticator device)
    {
        var asked = await ChallengeAsync();
        return await PostAsync(asked.Text("id"), device.SignIn(asked["options"]));
    }

    private Task<Answer> PostAsync(string id, object? credential) => _server.Anybody.PostAsync("/api/sessions/passkey", new { id, credential });
}

public sealed class PasskeyChallengeTests
{
    [Fact]
    public void A_question_waits_for_five_minutes_and_is_answered_once_by_its_owner()
    {
        var clock = new FakeTimeProvider();
        var challenges = new PasskeyChallenges(clock);
        var owner = Guid.NewGuid();
        var id = challenges.Put(owner, "state");
        Assert.Null(challenges.Take(id, Guid.NewGuid()));
        Assert.Null(challenges.Take(id, owner));
        id = challenges.Put(owner, "state", "hash");
        clock.Advance(PasskeyChallenges.Lifetime - TimeSpan.FromTicks(1));
        Assert.Equal(new PasskeyChallenges.Asked("state", "hash"), challenges.Take(id, owner));
        id = challenges.Put(owner, "state");
        clock.Advance(PasskeyChallenges.Lifetime);
        Assert.Null(challenges.Take(id, owner));
    }

    [Fact]
    public void However_many_are_asked_memory_is_bounded_and_the_newest_stay()
    {
        var challenges = new PasskeyChallenges(new FakeTimeProvider(), capacity: 10);
        var ids = Enumerable.Range(0, 100).Select(_ => challenges.Put(Guid.Empty, "state")).ToList();
        Assert.InRange(ids.Take(90).Count(id => challenges.Take(id, Guid.Empty) is not null), 0, 10);
        Assert.All(ids.TakeLast(10), id => Assert.NotNull(challenges.Take(id, Guid.Empty)));
    }

    [Fact]
    public async Task Asking_without_end_from_one_address_is_throttled()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        for (var i = 0; i < 30; i++)
        {
            (await server.Anybody.PostAsync("/api/passkey-challenges")).Is(HttpStatusCode.Created);
        }

        Assert.Equal("throttled", (await server.Anybody.PostAsync("/api/passkey-challenges")).Is(HttpStatusCode.TooManyRequests).Code);
    }
}
