using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests;

public sealed class PeopleOnSqlite(SqliteServer shared) : PeopleTests(shared);

public sealed class PeopleOnPostgres(PostgresServer shared) : PeopleTests(shared);

public abstract class PeopleTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Set_up_is_gone_once_there_is_an_account() =>
        (await _server.Anybody.PostAsync("/api/setup", new { code = Server.SetupCode, handle = "second", name = "Second", password = Someone.Password })).Is(HttpStatusCode.NotFound);

    [Fact]
    public async Task An_invitation_makes_one_account_and_no_friendship()
    {
        var anna = await _server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations")).Is(HttpStatusCode.Created).Text("code");
        Assert.Equal("Anna", (await _server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.OK)["from"].GetProperty("name").GetString());

        var handle = "ben_" + Guid.NewGuid().ToString("N")[..8];
        var ben = await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/accounts", new { invitation = code, handle, name = "Ben", password = Someone.Password }));
        Assert.Equal(0, (await ben.GetAsync("/api/friends")).Is(HttpStatusCode.OK).Json.GetArrayLength());

        (await _server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.NotFound);
        var again = await _server.Anybody.PostAsync("/api/accounts", new { invitation = code, handle = handle + "x", name = "Ben", password = Someone.Password });
        Assert.Equal("invitation-invalid", again.Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal(handle, (await anna.GetAsync("/api/invitations")).Json[0].GetProperty("usedBy").GetProperty("handle").GetString());
    }

    [Fact]
    public async Task An_invitation_that_befriends_makes_two_friends()
    {
        var anna = await _server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations", new { befriend = true })).Is(HttpStatusCode.Created).Text("code");
        Assert.True((await _server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.OK)["befriends"].GetBoolean());
        var ben = await ComeAsync(code);
        Assert.Equal(anna.Handle, Assert.Single((await ben.GetAsync("/api/friends")).Is(HttpStatusCode.OK).Json.EnumerateArray()).GetProperty("handle").GetString());
        Assert.Equal(ben.Handle, Assert.Single((await anna.GetAsync("/api/friends")).Is(HttpStatusCode.OK).Json.EnumerateArray()).GetProperty("handle").GetString());

        // One that does not befriend cannot be made into one, whom its maker has blocked is no friend, and one of somebody who was
        // suspended since is none.
        var plain = (await anna.PostAsync("/api/invitations", new { befriend = false })).Is(HttpStatusCode.Created).Text("code");
        Assert.Equal("invitation-invalid", (await AskAsync("~" + plain, Name())).Is(HttpStatusCode.BadRequest).Code);
        Assert.Empty((await (await ComeAsync(plain)).GetAsync("/api/friends")).Json.EnumerateArray());
        var (blocked, second) = (Name(), (await anna.PostAsync("/api/invitations", new { befriend = true })).Text("code"));
        (await anna.PutAsync($"/api/blocks/{blocked}")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await (await ComeAsync(second, blocked)).GetAsync("/api/friends")).Json.EnumerateArray());
        var third = (await anna.PostAsync("/api/invitations", new { befriend = true })).Text("code");
        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        Assert.Equal("invitation-invalid", (await AskAsync(third, Name())).Is(HttpStatusCode.BadRequest).Code);

        static string Name() => "ben_" + Guid.NewGuid().ToString("N")[..8];
        Task<Answer> AskAsync(string invitation, string handle) => _server.Anybody.PostAsync("/api/accounts", new { invitation, handle, name = "Ben", password = Someone.Password });
        async Task<Someone> ComeAsync(string invitation, string? handle = null) => await Someone.OfAsync(_server, await AskAsync(invitation, handle ?? Name()));
    }

    [Fact]
    public async Task An_invitation_used_by_many_at_once_makes_one_account()
    {
        var anna = await _server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        var tag = Guid.NewGuid().ToString("N")[..8];
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            _server.Anybody.PostAsync("/api/accounts", new { invitation = code, handle = $"many_{tag}_{i}", name = "Many", password = Someone.Password })));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer => Assert.Equal("invitation-invalid", answer.Is(HttpStatusCode.BadRequest).Code));
    }

    [Fact]
    public async Task A_handle_belongs_to_one_person_whatever_its_case()
    {
        var anna = await _server.PersonAsync("Anna");
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        var answer = await _server.Anybody.PostAsync("/api/accounts", new { invitation = code, handle = anna.Handle.ToUpperInvariant(), name = "Other", password = Someone.Password });
        Assert.Equal("handle-taken", answer.Is(HttpStatusCode.BadRequest)["codes"].GetProperty("handle")[0].GetString());
        Assert.Contains("\"errors\"", answer.Body);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("password123")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("qwertyuiop")]
    [InlineData("12345678")]
    [InlineData("weirweir1")]
    public async Task A_password_that_attackers_try_first_is_refused(string password)
    {
        var anna = await _server.PersonAsync("Anna");
        var answer = await anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = password });
        Assert.StartsWith("password-", answer.Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task A_long_password_of_any_script_is_taken_whole()
    {
        var anna = await _server.PersonAsync("Anna");
        var password = string.Concat(Enumerable.Repeat("长密码 é ", 25));
        (await anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = password })).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password })).Is(HttpStatusCode.Created);
        (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = password[..^1] })).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_handle_get_the_same_answer()
    {
        var anna = await _server.PersonAsync("Anna");
        var wrong = (await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = "not her password" })).Is(HttpStatusCode.Unauthorized);
        var unknown = (await _server.Anybody.PostAsync("/api/sessions", new { handle = "nobody_at_all", password = "not her password" })).Is(HttpStatusCode.Unauthorized);
        Assert.Equal(wrong.Body, unknown.Body);
    }

    [Fact]
    public async Task A_changed_password_ends_every_other_session_at_once()
    {
        var anna = await _server.PersonAsync("Anna");
        var phone = await Someone.OfAsync(_server, await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
        Assert.Equal(2, (await anna.GetAsync("/api/sessions")).Json.GetArrayLength());
        (await anna.PostAsync("/api/me/password", new { current = "wrong", @new = "another good password" })).Is(HttpStatusCode.BadRequest);
        (await anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = "another good password" })).Is(HttpStatusCode.NoContent);
        (await phone.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_signed_out_session_is_over_and_one_of_somebody_else_cannot_be_ended()
    {
        var anna = await _server.PersonAsync("Anna");
        var ben = await _server.PersonAsync("Ben");
        var session = (await anna.GetAsync("/api/sessions")).Json[0].GetProperty("id").GetString();
        (await ben.DeleteAsync($"/api/sessions/{session}")).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_cookie_signs_in_but_changes_nothing_without_the_header()
    {
        var anna = await _server.PersonAsync("Anna");
        var signIn = await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password });
        var cookie = signIn.Message.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith("weir=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie);
        Assert.Contains("samesite=lax", cookie);
        var pair = cookie.Split(';')[0];
        (await _server.Anybody.SendAsync(HttpMethod.Get, "/api/me", null, r => r.Headers.Add("Cookie", pair))).Is(HttpStatusCode.OK);
        var forged = await _server.Anybody.SendAsync(HttpMethod.Post, "/api/invitations", new { }, r => r.Headers.Add("Cookie", pair));
        Assert.Equal("x-weir-required", forged.Is(HttpStatusCode.Forbidden).Code);
        (await _server.Anybody.SendAsync(HttpMethod.Post, "/api/invitations", new { }, r =>
        {
            r.Headers.Add("Cookie", pair);
            r.Headers.Add("X-Weir", "1");
        })).Is(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("Origin", "http://localhost:9999")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_signs_nobody_in_and_out(string header, string value)
    {
        var anna = await _server.PersonAsync("Anna");
        var right = new { handle = anna.Handle, password = Someone.Password };
        foreach (var (method, path, body) in new (HttpMethod, string, object?)[]
        {
            (HttpMethod.Post, "/api/sessions", right), (HttpMethod.Post, "/api/accounts", new { }), (HttpMethod.Post, "/api/setup", new { }),
            (HttpMethod.Post, "/api/passkey-challenges", new { }), (HttpMethod.Post, "/api/sessions/passkey", new { }),
            (HttpMethod.Post, "/api/password-resets/use", new { }), (HttpMethod.Delete, "/api/sessions/current", null),
        })
        {
            var refused = await _server.Anybody.SendAsync(method, path, body, r => r.Headers.Add(header, value));
            Assert.Equal("x-weir-required", refused.Is(HttpStatusCode.Forbidden).Code);
            Assert.False(refused.Message.Headers.Contains("Set-Cookie"));
        }

        (await _server.Anybody.SendAsync(HttpMethod.Post, "/api/sessions", right, r =>
        {
            r.Headers.Add(header, value);
            r.Headers.Add("X-Weir", "1");
        })).Is(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\u202E\u3164")]
    [InlineData("0123456789012345678901234567890123456789x")]
    public async Task A_name_that_shows_nothing_or_is_too_long_is_refused(string name)
    {
        var anna = await _server.PersonAsync("Anna");
        Assert.Equal("name-shape", (await anna.PatchAsync("/api/me", new { name })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task A_suspended_person_is_signed_out_and_comes_back_when_it_is_lifted()
    {
        var anna = await _server.PersonAsync("Anna");
        (await anna.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.Forbidden);
        (await shared.Admin.PutAsync($"/api/admin/accounts/{shared.Admin.Handle}/suspension")).Is(HttpStatusCode.Conflict);
        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        Assert.Equal("suspended", (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Forbidden).Code);
        (await shared.Admin.DeleteAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_deleted_account_is_gone_and_nobody_can_take_its_handle()
    {
        var anna = await _server.PersonAsync("Anna");
        var ben = await _server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        (await anna.DeleteAsync("/api/me", new { password = "wrong" })).Is(HttpStatusCode.BadRequest);
        (await anna.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await anna.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Unauthorized);
        Assert.Equal(0, (await ben.GetAsync("/api/friends")).Json.GetArrayLength());
        var code = (await ben.PostAsync("/api/invitations")).Text("code");
        Assert.Equal("handle-taken", (await ben.PostAsync("/api/accounts", new { invitation = code, handle = anna.Handle, name = "Anna", password = Someone.Password })).Code);
    }

    [Fact]
    public async Task The_openapi_document_describes_ids_and_calls()
    {
        var document = (await _server.Anybody.GetAsync("/openapi/v1.json")).Is(HttpStatusCode.OK).Json;
        var paths = document.GetProperty("paths");
        Assert.True(paths.TryGetProperty("/api/broadcasts/{id}/tickets", out _));
        Assert.True(paths.TryGetProperty("/api/friend-requests/{id}/accept", out _));
        Assert.Equal(JsonValueKind.Object, document.GetProperty("components").GetProperty("schemas").ValueKind);
        Assert.Contains("^[0-9a-f]{32}$", document.GetRawText());
    }

    [Fact]
    public async Task The_migrations_make_the_model_that_the_code_has() =>
        Assert.False(await _server.ReadAsync(db => Task.FromResult(db.Database.HasPendingModelChanges())));
}
