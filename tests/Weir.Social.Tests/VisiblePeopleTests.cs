using System.Collections;
using System.Net;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Tests.Moments;
using Weir.Social.Tests.Search;

namespace Weir.Social.Tests;

public sealed class VisiblePeopleOnSqlite(SqliteServer shared) : VisiblePeopleTests(shared);

public sealed class VisiblePeopleOnPostgres(PostgresServer shared) : VisiblePeopleTests(shared);

/// <summary>
/// Anna blocks Ben, who knows her in every way there is. From then on no answer to him names her. Every operation whose answer has a person
/// in it is asked here, or named with the reason why it shows her all the same.
/// </summary>
public abstract class VisiblePeopleTests(SharedServer shared)
{
    private const string Together = "Those in one conversation see each other there.";
    private const string Editors = "Those who run one official account see each other, and who follows it.";
    private const string OnlyMe = "It is one's own account.";

    private static readonly Dictionary<string, string> ShownAllTheSame = new()
    {
        ["GET /api/conversations"] = Together,
        ["GET /api/conversations/{id}"] = Together,
        ["GET /api/conversations/{id}/messages"] = Together,
        ["GET /api/conversations/{id}/links"] = Together,
        ["GET /api/official/{handle}/followers"] = Editors,
        ["GET /api/official/{handle}/removed"] = Editors,
        ["GET /api/official/{handle}/editors"] = Editors,
        ["GET /api/articles/{id}/draft"] = Editors,
        ["GET /api/broadcasts/{id}/viewers"] = "FriendsWatchingTests: one sees friends alone, and whoever blocked the host does not watch.",
        ["GET /api/blocks"] = "The handle is what Ben typed; that there is no name beside it is asked below.",
        ["GET /api/friend-requests"] = "FriendsTests: a request of somebody who blocked the other is not there.",
        ["GET /api/me"] = OnlyMe,
        ["PATCH /api/me"] = OnlyMe,
        ["PUT /api/me/avatar"] = OnlyMe,
        ["POST /api/setup"] = OnlyMe,
        ["POST /api/password-resets/look"] = OnlyMe,
        ["GET /api/server"] = "The people of the demo, whom everybody there may be.",
        ["POST /api/accounts"] = OnlyMe,
        ["POST /api/sessions"] = OnlyMe,
        ["POST /api/sessions/passkey"] = OnlyMe,
        ["PATCH /api/moments/{id}"] = "It is a moment of one's own, read as by GET.",
        ["PATCH /api/broadcasts/{id}"] = "Its host is the caller.",
    };

    private readonly Server _server = shared.Server;

    [Fact]
    public async Task No_answer_names_somebody_to_those_whom_they_blocked()
    {
        var name = $"Anna{Guid.NewGuid():N}"[..20];
        var (anna, ben, host) = (await _server.PersonAsync(name), await _server.PersonAsync("Ben"), await _server.PersonAsync("Host"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(host);
        await ben.BefriendAsync(host);
        var broadcast = await anna.BroadcastAsync(new { kind = "public" });
        var live = Guid.Parse(broadcast);
        await _server.ReadAsync(db => db.Broadcasts.Where(b => b.Id == live)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.State, BroadcastState.Live)));
        var moment = await host.PostMomentAsync("A moment of somebody else");
        var comment = await anna.CommentAsync(moment, "Anna says something");
        await ben.CommentAsync(moment, "And Ben answers her", comment);
        var mine = await ben.PostMomentAsync("A moment of Ben's");
        await anna.LikeAsync(mine);
        await ben.CircleAsync(anna);
        (await ben.PutAsync($"/api/moment-hiding/theirs/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        var invitation = (await ben.PostAsync("/api/invitations")).Is(HttpStatusCode.Created).Text("code");
        var group = (await host.PostAsync("/api/conversations",
            new { members = new[] { anna.Handle }, name = "A group" })).Is(HttpStatusCode.Created).Text("id");
        (await host.PutAsync($"/api/conversations/{group}/administrators/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        await _server.ReadAsync(async db =>
        {
            // As a group from forty members on asks.
            db.GroupInvitations.Add(new GroupInvitation { ConversationId = Guid.Parse(group),
                AccountId = Guid.Parse(ben.Id), ById = Guid.Parse(anna.Id), At = TimeProvider.System.Now() });
            await db.SaveChangesAsync();
            return await db.Invitations.Where(i => i.Code == invitation)
                .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedById, Guid.Parse(anna.Id)));
        });
        await _server.Indexer().CatchUpAsync(default);

        var asked = new Dictionary<string, Func<Task<Answer>>>
        {
            ["GET /api/friends"] = () => ben.GetAsync("/api/friends"),
            ["GET /api/circles"] = () => ben.GetAsync("/api/circles"),
            ["GET /api/invitations"] = () => ben.GetAsync("/api/invitations"),
            ["GET /api/moment-hiding"] = () => ben.GetAsync("/api/moment-hiding"),
            ["GET /api/moments"] = () => ben.GetAsync("/api/moments"),
            ["GET /api/moments/{id}"] = () => ben.GetAsync($"/api/moments/{moment}"),
            ["GET /api/people/{handle}"] = () => ben.GetAsync($"/api/people/{anna.Handle}"),
            ["GET /api/people/{handle}/moments"] = () => ben.GetAsync($"/api/people/{host.Handle}/moments"),
            ["GET /api/notifications"] = () => ben.GetAsync("/api/notifications"),
            ["GET /api/search"] = () => ben.GetAsync($"/api/search?q={name}"),
            ["GET /api/group-invitations"] = () => ben.GetAsync("/api/group-invitations"),
            ["GET /api/broadcasts"] = () => ben.GetAsync("/api/broadcasts"),
            ["GET /api/broadcasts/{id}"] = () => ben.GetAsync($"/api/broadcasts/{broadcast}"),
            ["POST /api/audience-preview"] = () => ben.PostAsync("/api/audience-preview", new { audience = new { kind = "friends" } }),
        };
        // Administrators see everybody.
        Assert.Equal([], WithPeople().Except(asked.Keys)
            .Except(ShownAllTheSame.Keys).Where(operation => !operation.Contains("/api/admin/", StringComparison.Ordinal)));
        foreach (var (operation, ask) in asked)
        {
            Assert.True(Names(await ask(), anna), $"{operation} does not name her before");
        }

        (await anna.PutAsync($"/api/blocks/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        foreach (var (operation, ask) in asked)
        {
            Assert.False(Names(await ask(), anna), $"{operation} names her: {(await ask()).Body}");
        }

        (await ben.PutAsync($"/api/blocks/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.DoesNotContain(name, (await ben.GetAsync("/api/blocks")).Is(HttpStatusCode.OK).Body, StringComparison.Ordinal);
    }

    private static bool Names(Answer answer, Someone one) =>
        answer.Body.Contains(one.Handle, StringComparison.Ordinal) || answer.Body.Contains(one.Id, StringComparison.Ordinal);

    /// <summary>Every operation whose answer has a person somewhere in it.</summary>
    private IEnumerable<string> WithPeople() =>
        from endpoint in _server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Any(answer => answer.Type is { } type && HasPerson(type, []))
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        select $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}";

    /// <summary>Whatever has a handle and a name, unless it is an official account.</summary>
    private static bool HasPerson(Type type, HashSet<Type> known)
    {
        if (!known.Add(type))
        {
            return false;
        }

        if (type.IsArray || (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type))
            || Nullable.GetUnderlyingType(type) is not null)
        {
            return (type.GetElementType() is { } element ? [element] : type.GetGenericArguments()).Any(inner => HasPerson(inner, known));
        }

        if (type.Namespace?.StartsWith("Weir.", StringComparison.Ordinal) != true || type.IsEnum)
        {
            return false;
        }

        var properties = type.GetProperties();
        var isPerson = properties.Any(p => p.Name == "Handle") && properties.Any(p => p.Name == "Name")
            && type.Namespace is not ("Weir.Social.OfficialAccounts" or "Weir.Social.Articles");
        return isPerson || properties.Any(p => HasPerson(p.PropertyType, known));
    }
}
