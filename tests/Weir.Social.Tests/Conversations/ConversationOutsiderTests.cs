using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Weir.Social.Tests;

public sealed class ConversationOutsidersOnSqlite : ConversationOutsiderTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(configure: b => b.Services.AddSingleton(counter));
}

public sealed class ConversationOutsidersOnPostgres(PostgresServer shared) : ConversationOutsiderTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(counter));
}

/// <summary>Whoever is not in a conversation cannot tell it from none, and the server does the same work for both.</summary>
public abstract class ConversationOutsiderTests : IAsyncLifetime
{
    private readonly CommandCounter _counter = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(IInterceptor counter);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_counter);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_conversation_of_others_answers_like_none_with_the_same_queries()
    {
        var (anna, ben, former, stranger) = (
            await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Former"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(former);
        await stranger.BefriendAsync(anna);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, former.Handle } })).Is(HttpStatusCode.Created).Text("id");
        (await former.SayAsync(group, "I was here")).Is(HttpStatusCode.Created);
        var message = (await anna.SayAsync(group, "Hello")).Text("id");
        (await former.PostAsync($"/api/conversations/{group}/leave")).Is(HttpStatusCode.NoContent);
        var two = await anna.TalkAsync(ben);
        (await anna.SayAsync(two, "Hello")).Is(HttpStatusCode.Created);
        var none = Guid.NewGuid().ToString("N");
        foreach (var who in new[] { stranger, former })
        {
            foreach (var call in Calls(message, ben.Handle))
            {
                // Once without counting, so that nothing is compiled or cached for one of them only.
                await call(who, none);
                var (missing, missingQueries) = await CountAsync(() => call(who, none));
                Assert.Equal(HttpStatusCode.NotFound, missing.Status);
                foreach (var id in new[] { group, two, "nonsense" })
                {
                    var (answer, queries) = await CountAsync(() => call(who, id));
                    Assert.Equal((missing.Status, missing.Body), (answer.Status, answer.Body));
                    Assert.Equal(missingQueries, queries);
                }
            }
        }

        Assert.Equal(2, (await anna.CatchUpAsync(group, 0, 10)).Count);
    }

    private static Func<Someone, string, Task<Answer>>[] Calls(string message, string handle) =>
    [
        (who, id) => who.GetAsync($"/api/conversations/{id}"),
        (who, id) => who.GetAsync($"/api/conversations/{id}/messages?after=0&limit=10"),
        (who, id) => who.SayAsync(id, "Hello"),
        (who, id) => who.PostAsync($"/api/conversations/{id}/messages/{message}/recall"),
        (who, id) => who.PutAsync($"/api/conversations/{id}/read", new { seq = 1 }),
        (who, id) => who.PutAsync($"/api/conversations/{id}/mute"),
        (who, id) => who.PutAsync($"/api/conversations/{id}/pin"),
        (who, id) => who.PatchAsync($"/api/conversations/{id}", new { name = "x" }),
        (who, id) => who.PutAsync($"/api/conversations/{id}/members/{handle}"),
        (who, id) => who.DeleteAsync($"/api/conversations/{id}/members/{handle}"),
        (who, id) => who.PutAsync($"/api/conversations/{id}/administrators/{handle}"),
        (who, id) => who.PutAsync($"/api/conversations/{id}/owner/{handle}"),
        (who, id) => who.PostAsync($"/api/conversations/{id}/links"),
        (who, id) => who.GetAsync($"/api/conversations/{id}/links"),
        (who, id) => who.DeleteAsync($"/api/conversations/{id}/links/AAAAAAAAAAAAAAAAAAAAAA"),
        (who, id) => who.PostAsync($"/api/group-invitations/{id}/accept"),
        (who, id) => who.DeleteAsync($"/api/group-invitations/{id}"),
        (who, id) => who.PostAsync($"/api/conversations/{id}/leave"),
    ];

    private async Task<(Answer Answer, IReadOnlyList<string> Queries)> CountAsync(Func<Task<Answer>> call)
    {
        _counter.Reset();
        var answer = await call();
        return (answer, _counter.TakeAnswering());
    }
}
