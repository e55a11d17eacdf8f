using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Weir.Social.Tests;

public sealed class OutsidersOnSqlite : OutsiderTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(configure: b => b.Services.AddSingleton(counter));
}

public sealed class OutsidersOnPostgres(PostgresServer shared) : OutsiderTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(counter));
}

/// <summary>An outsider cannot tell a hidden broadcast from one that does not exist, and the server does the same work for both.</summary>
public abstract class OutsiderTests : IAsyncLifetime
{
    private readonly CommandCounter _counter = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(IInterceptor counter);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_counter);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("friends")]
    [InlineData("onlyMe")]
    public async Task A_hidden_broadcast_answers_like_none_with_the_same_queries(string kind)
    {
        var host = await _server.PersonAsync("Host");
        var stranger = await _server.PersonAsync("Stranger");
        var blocked = await _server.PersonAsync("Blocked");
        await host.BefriendAsync(blocked);
        var open = await host.BroadcastAsync(new { kind = "public" });
        var hidden = await host.BroadcastAsync(new { kind });
        await host.PutAsync($"/api/blocks/{blocked.Handle}");
        var none = Guid.NewGuid().ToString("N");
        foreach (var who in new[] { stranger, blocked, _server.Anybody })
        {
            foreach (var call in Calls)
            {
                // Once without counting, so that nothing is compiled or cached for one of them only.
                await call(who, none);
                var (missing, missingQueries) = await CountAsync(() => call(who, none));
                if (who == stranger)
                {
                    Assert.NotEmpty(missingQueries);
                }

                foreach (var id in who == blocked ? [hidden, open] : new[] { hidden })
                {
                    var (answer, queries) = await CountAsync(() => call(who, id));
                    Assert.Equal(HttpStatusCode.NotFound, answer.Status);
                    Assert.Equal((missing.Status, missing.Body, Headers(missing)), (answer.Status, answer.Body, Headers(answer)));
                    Assert.Equal(missingQueries, queries);
                }

                var (malformed, malformedQueries) = await CountAsync(() => call(who, "nonsense"));
                Assert.Equal((missing.Status, missing.Body), (malformed.Status, malformed.Body));
                Assert.Equal(missingQueries, malformedQueries);
            }
        }
    }

    private static readonly Func<Someone, string, Task<Answer>>[] Calls =
    [
        (who, id) => who.GetAsync($"/api/broadcasts/{id}"),
        (who, id) => who.TicketAsync(id),
        (who, id) => who.PatchAsync($"/api/broadcasts/{id}", new { title = "x" }),
        (who, id) => who.PostAsync($"/api/broadcasts/{id}/end"),
        (who, id) => who.DeleteAsync($"/api/broadcasts/{id}"),
        (who, id) => who.GetAsync($"/api/broadcasts/{id}/publish"),
        (who, id) => who.GetAsync($"/api/broadcasts/{id}/viewers"),
        (who, id) => who.PutAsync($"/api/broadcasts/{id}/mutes/{id}"),
    ];

    private async Task<(Answer Answer, IReadOnlyList<string> Queries)> CountAsync(Func<Task<Answer>> call)
    {
        _counter.Reset();
        var answer = await call();
        return (answer, _counter.TakeAnswering());
    }

    private static string Headers(Answer answer) => string.Join('\n', answer.Message.Headers.Concat(answer.Message.Content.Headers)
        .Where(h => h.Key is not "Date").OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {string.Join(',', h.Value)}"));
}
