using System.Collections;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Conversations;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;
using Weir.Social.Tests.Search;

namespace Weir.Social.Tests;

public sealed class HiddenPeopleOnSqlite : HiddenPeopleTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(configure: b => b.Services.AddSingleton(counter));
}

public sealed class HiddenPeopleOnPostgres(PostgresServer shared) : HiddenPeopleTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) =>
        Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(counter));
}

/// <summary>
/// Whoever names a handle that is not among their people learns nothing about it: not by the answer, not by what their own lists have
/// afterwards, and the server reads the same for all. Every call that names a person is made here, or named with the reason why not.
/// </summary>
public abstract partial class HiddenPeopleTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Others = new()
    {
        ["POST /api/accounts"] = "It names whoever signs up, who learns that a handle is taken: docs/security.md.",
        ["POST /api/setup"] = "There is nobody yet.",
        ["POST /api/sessions"] = "It names oneself, and says nothing without the password.",
        ["POST /api/official"] = "It names an official account.",
    };

    private static readonly (string Call, Func<Caller, Task<Answer>> Make)[] Calls =
    [
        ("POST /api/friend-requests", c => c.Me.PostAsync("/api/friend-requests", new { handle = c.Handle })),
        ("GET /api/people/{handle}", c => c.Me.GetAsync($"/api/people/{c.Handle}")),
        ("GET /api/people/{handle}/moments", c => c.Me.GetAsync($"/api/people/{c.Handle}/moments")),
        ("PUT /api/friends/{handle}/star", c => c.Me.PutAsync($"/api/friends/{c.Handle}/star")),
        ("DELETE /api/friends/{handle}/star", c => c.Me.DeleteAsync($"/api/friends/{c.Handle}/star")),
        ("PUT /api/moment-hiding/mine-from/{handle}", c => c.Me.PutAsync($"/api/moment-hiding/mine-from/{c.Handle}")),
        ("DELETE /api/moment-hiding/mine-from/{handle}", c => c.Me.DeleteAsync($"/api/moment-hiding/mine-from/{c.Handle}")),
        ("PUT /api/moment-hiding/theirs/{handle}", c => c.Me.PutAsync($"/api/moment-hiding/theirs/{c.Handle}")),
        ("DELETE /api/moment-hiding/theirs/{handle}", c => c.Me.DeleteAsync($"/api/moment-hiding/theirs/{c.Handle}")),
        ("PUT /api/circles/{id}/members/{handle}", c => c.Me.PutAsync($"/api/circles/{c.Circle}/members/{c.Handle}")),
        ("DELETE /api/circles/{id}/members/{handle}", c => c.Me.DeleteAsync($"/api/circles/{c.Circle}/members/{c.Handle}")),
        ("POST /api/circles", c => c.Me.PostAsync("/api/circles", new { name = "More", members = new[] { c.Friend.Handle, c.Handle } })),
        ("POST /api/conversations", c => c.Me.PostAsync("/api/conversations", new { members = new[] { c.Handle } })),
        ("POST /api/conversations", c => c.Me.PostAsync("/api/conversations", new { members = new[] { c.Friend.Handle, c.Handle } })),
        ("PUT /api/conversations/{id}/members/{handle}", c => c.Me.PutAsync($"/api/conversations/{c.Group}/members/{c.Handle}")),
        ("DELETE /api/conversations/{id}/members/{handle}", c => c.Me.DeleteAsync($"/api/conversations/{c.Group}/members/{c.Handle}")),
        ("PUT /api/conversations/{id}/administrators/{handle}",
            c => c.Me.PutAsync($"/api/conversations/{c.Group}/administrators/{c.Handle}")),
        ("DELETE /api/conversations/{id}/administrators/{handle}",
            c => c.Me.DeleteAsync($"/api/conversations/{c.Group}/administrators/{c.Handle}")),
        ("PUT /api/conversations/{id}/owner/{handle}", c => c.Me.PutAsync($"/api/conversations/{c.Group}/owner/{c.Handle}")),
        ("PUT /api/official/{handle}/editors/{person}", c => c.Me.PutAsync($"/api/official/{c.Paper}/editors/{c.Handle}")),
        ("DELETE /api/official/{handle}/editors/{person}", c => c.Me.DeleteAsync($"/api/official/{c.Paper}/editors/{c.Handle}")),
        ("PUT /api/official/{handle}/owner/{person}", c => c.Me.PutAsync($"/api/official/{c.Paper}/owner/{c.Handle}")),
        ("DELETE /api/official/{handle}/followers/{person}", c => c.Me.DeleteAsync($"/api/official/{c.Paper}/followers/{c.Handle}")),
        ("DELETE /api/official/{handle}/removed/{person}", c => c.Me.DeleteAsync($"/api/official/{c.Paper}/removed/{c.Handle}")),
        ("POST /api/audience-preview", c => c.Me.PostAsync("/api/audience-preview", new { audience = c.Except("friends") })),
        ("POST /api/broadcasts", c => c.Me.PostAsync("/api/broadcasts", new { title = "x", audience = c.Except("public") })),
        // Keeping out, and letting in again: whether that lets anybody in must not tell either.
        ("PATCH /api/broadcasts/{id}", c => c.Me.PatchAsync($"/api/broadcasts/{c.Broadcast}", new { audience = c.Except("friends") })),
        ("PATCH /api/broadcasts/{id}", c => c.Me.PatchAsync($"/api/broadcasts/{c.Broadcast}", new { audience = new { kind = "friends" } })),
        ("PATCH /api/broadcasts/{id}",
            c => c.Me.PatchAsync($"/api/broadcasts/{c.OnlyMe}", new { audience = new { kind = "circles", circles = new[] { c.Circle } } })),
        ("PATCH /api/broadcasts/{id}", c => c.Me.PatchAsync($"/api/broadcasts/{c.Open}", new { audience = new { kind = "public" } })),
        ("POST /api/moments", c => c.Me.PostAsync("/api/moments", new { text = "x", audience = c.Except("friends") })),
        ("PATCH /api/moments/{id}", c => c.Me.PatchAsync($"/api/moments/{c.Moment}", new { audience = c.Except("friends") })),
        ("PATCH /api/moments/{id}", c => c.Me.PatchAsync($"/api/moments/{c.Moment}", new { audience = new { kind = "friends" } })),
        ("DELETE /api/friends/{handle}", c => c.Me.DeleteAsync($"/api/friends/{c.Handle}")),
        ("PUT /api/blocks/{handle}", c => c.Me.PutAsync($"/api/blocks/{c.Handle}")),
        ("POST /api/friend-requests", c => c.Me.PostAsync("/api/friend-requests", new { handle = c.Handle })),
        ("DELETE /api/blocks/{handle}", c => c.Me.DeleteAsync($"/api/blocks/{c.Handle}")),
        ("DELETE /api/friend-requests/{id}", c => c.Me.DeleteAsync($"/api/friend-requests/{c.Request}")),
        ("POST /api/friend-requests", c => c.Me.PostAsync("/api/friend-requests", new { handle = c.Handle })),
    ];

    private readonly CommandCounter _counter = new();
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync(IInterceptor counter);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(_counter);
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public void Every_call_that_names_a_person_is_made() =>
        Assert.Equal([], Naming().Except(Calls.Select(call => call.Call)).Except(Others.Keys));

    [Fact]
    public async Task A_handle_of_somebody_hidden_is_like_one_that_nobody_has()
    {
        var unknown = await TellAsync(null, false, (_, _) => Task.CompletedTask);
        (string What, bool AreFriends, Func<Someone, Someone, Task> Hide)[] hidden =
        [
            ("a stranger", false, (_, _) => Task.CompletedTask),
            ("one who declined", false, DeclineAsync),
            ("a stranger who blocked", false, BlockAsync),
            ("a friend who blocked", true, BlockAsync),
            ("a stranger whose account is deleted", false, DeleteAsync),
            ("a friend whose account is deleted", true, DeleteAsync),
            ("a stranger who is suspended", false, async (who, _) =>
                (await _admin.PutAsync($"/api/admin/accounts/{who.Handle}/suspension")).Is(HttpStatusCode.NoContent)),
        ];
        foreach (var (what, areFriends, hide) in hidden)
        {
            var told = await TellAsync(await _server.PersonAsync("Somebody"), areFriends, hide);
            foreach (var (expected, found) in unknown.Zip(told))
            {
                Assert.True(expected == found, $"{what}, at {found.Call}:\n{found.But(expected)}\ninstead of\n{expected.But(found)}");
            }
        }

        static async Task DeclineAsync(Someone who, Someone caller)
        {
            var request = (await who.GetAsync("/api/friend-requests"))["incoming"][0].GetProperty("id").GetString();
            (await who.DeleteAsync($"/api/friend-requests/{request}")).Is(HttpStatusCode.NoContent);
        }

        static async Task BlockAsync(Someone who, Someone caller) =>
            (await who.PutAsync($"/api/blocks/{caller.Handle}")).Is(HttpStatusCode.NoContent);

        static async Task DeleteAsync(Someone who, Someone caller) =>
            (await who.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
    }

    /// <summary>What a caller is answered and finds in their lists, call by call, with this handle.</summary>
    /// <param name="who">Nobody has the handle when null.</param>
    private async Task<List<Step>> TellAsync(Someone? who, bool areFriends, Func<Someone, Someone, Task> hide)
    {
        var publishing = await Publishing.OpenAsync(_server, _admin);
        var (me, friend) = (publishing.Owner, await _server.PersonAsync("Friend"));
        var handle = who?.Handle ?? $"nobody_{Guid.NewGuid():N}"[..20];
        await me.BefriendAsync(friend);
        var circle = await me.CircleAsync();
        var group = await me.PostAsync("/api/conversations", new { members = new[] { friend.Handle }, name = "Us" });
        var broadcast = await me.BroadcastAsync(new { kind = "friends" });
        var onlyMe = await me.BroadcastAsync(new { kind = "onlyMe" });
        var open = await me.BroadcastAsync(new { kind = "public", except = new { circles = new[] { circle } } });
        var moment = await me.PostMomentAsync("x", new { kind = "friends" });
        var caller = new Caller(
            me, friend, handle, circle, group.Is(HttpStatusCode.Created).Text("id"), publishing.Handle, broadcast, onlyMe, open, moment);
        if (areFriends)
        {
            await KnowAsync(caller, who!);
            await hide(who!, me);
        }

        var asked = (await me.PostAsync("/api/friend-requests", new { handle })).Is(HttpStatusCode.Created);
        caller.Request = asked.Text("id");
        if (!areFriends && who is not null)
        {
            await hide(who, me);
        }

        var steps = new List<Step> { new("before", "", await ListsAsync(caller), "") };
        foreach (var (call, make) in Calls)
        {
            _counter.Reset();
            var answer = await make(caller);
            // What is written for somebody who is there may be more: a notice.
            var queries = _counter.TakeAnswering().Where(text => text.StartsWith("SELECT", StringComparison.Ordinal));
            steps.Add(new Step(
                call,
                caller.Plain($"{(int)answer.Status} {answer.Message.Headers.Location} {answer.Body}"),
                await ListsAsync(caller),
                string.Join('\n', queries)));
        }

        return steps;
    }

    /// <summary>All that can bind two people, but what both see together.</summary>
    private async Task KnowAsync(Caller caller, Someone who)
    {
        await caller.Me.BefriendAsync(who);
        foreach (var path in new[]
        {
            $"friends/{who.Handle}/star", $"moment-hiding/mine-from/{who.Handle}", $"moment-hiding/theirs/{who.Handle}",
            $"circles/{caller.Circle}/members/{who.Handle}",
        })
        {
            (await caller.Me.PutAsync($"/api/{path}")).Is(HttpStatusCode.NoContent);
        }

        // Groups ask people when they are large.
        await _server.ReadAsync(async db =>
        {
            db.GroupInvitations.Add(new GroupInvitation
            {
                ConversationId = Guid.Parse(caller.Group),
                AccountId = Guid.Parse(who.Id),
                ById = Guid.Parse(caller.Me.Id),
                At = DateTimeOffset.UtcNow,
            });
            return await db.SaveChangesAsync();
        });
    }

    private async Task<string> ListsAsync(Caller caller)
    {
        await _server.Indexer().CatchUpAsync(default);
        string[] lists =
        [
            "friends", "friend-requests", "circles", "blocks", "moment-hiding", "moments", "conversations", $"conversations/{caller.Group}",
            $"official/{caller.Paper}/editors", $"official/{caller.Paper}/followers", $"official/{caller.Paper}/removed",
            "broadcasts?scope=mine", "invitations", "notifications", "notifications/unread", $"people/{caller.Handle}",
            $"search?q={caller.Handle}",
        ];
        var answers = new List<string>();
        foreach (var list in lists)
        {
            var answer = await caller.Me.GetAsync($"/api/{list}");
            answers.Add(caller.Plain($"{list}: {(int)answer.Status} {answer.Body}"));
        }

        return string.Join('\n', answers);
    }

    /// <summary>Every operation in whose path or body a person stands by their handle. Administrators see everybody.</summary>
    private IEnumerable<string> Naming() =>
        from endpoint in _server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let path = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        where path.StartsWith("/api/", StringComparison.Ordinal) && !path.StartsWith("/api/admin/", StringComparison.Ordinal)
        where endpoint.RoutePattern.Parameters.Any(p => p.Name == "person"
                || (p.Name == "handle" && !path.StartsWith("/api/official/", StringComparison.Ordinal)))
            || (endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } body && HasHandle(body, []))
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        select $"{method} {path}";

    private static bool HasHandle(Type type, HashSet<Type> known)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return HasHandle(inner, known);
        }

        return type.Namespace?.StartsWith("Weir.", StringComparison.Ordinal) == true && !type.IsEnum && known.Add(type)
            && type.GetProperties().Any(p => IsText(p.PropertyType)
                ? p.Name is "Handle" or "Handles" or "Members" or "Accounts"
                : HasHandle(p.PropertyType, known));
    }

    private static bool IsText(Type type) => type == typeof(string)
        || (typeof(IEnumerable).IsAssignableFrom(type) && type.GetGenericArguments() is [var element] && element == typeof(string));

    [GeneratedRegex("[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)")]
    private static partial Regex Time();

    [GeneratedRegex("w[kt]_[A-Za-z0-9_-]{32}")]
    private static partial Regex Key();

    private sealed record Step(string Call, string Answer, string Lists, string Queries)
    {
        /// <summary>The lines that the other has not.</summary>
        public string But(Step other) => string.Join('\n', Lines().Except(other.Lines()));

        private IEnumerable<string> Lines() => $"{Answer}\n{Lists}\n{Queries}".Split('\n');
    }

    /// <summary>Whoever calls, and the handle that they name.</summary>
    private sealed record Caller(
        Someone Me,
        Someone Friend,
        string Handle,
        string Circle,
        string Group,
        string Paper,
        string Broadcast,
        string OnlyMe,
        string Open,
        string Moment)
    {
        public string Request { get; set; } = "";

        public object Except(string kind) => new { kind, except = new { accounts = new[] { Handle } } };

        /// <summary>Without what is another in each telling.</summary>
        public string Plain(string text)
        {
            foreach (var (handle, role) in new[] { (Handle, "THEY"), (Me.Handle, "ME"), (Friend.Handle, "FRIEND"), (Paper, "PAPER") })
            {
                text = Regex.Replace(text, $@"\b{handle}\b", role);
            }

            return Key().Replace(Time().Replace(Id().Replace(text, "ID"), "TIME"), "KEY");
        }
    }
}
