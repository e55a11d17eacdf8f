using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Conversations;

namespace Weir.Social.Tests;

public sealed class GroupLinksOnSqlite : GroupLinkTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class GroupLinksOnPostgres(PostgresServer shared) : GroupLinkTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>Links as secrets: they expire, guessing is slowed, and what is there answers like what is not.</summary>
public abstract class GroupLinkTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly CommandCounter _counter = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    public async ValueTask InitializeAsync() => _server = await StartAsync(builder =>
    {
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddSingleton<Microsoft.EntityFrameworkCore.Diagnostics.IInterceptor>(_counter);
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Unknown_expired_and_revoked_links_answer_alike_with_the_same_queries()
    {
        var (anna, id) = await GroupAsync();
        var stranger = await _server.PersonAsync("Stranger");
        var (early, revoked, late) = (await LinkAsync(anna, id, 1), await LinkAsync(anna, id, 30), await LinkAsync(anna, id, 30));
        (await stranger.GetAsync($"/api/group-links/{early}")).Is(HttpStatusCode.OK);
        (await anna.DeleteAsync($"/api/conversations/{id}/links/{revoked}")).Is(HttpStatusCode.NoContent);
        _clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        foreach (var call in new Func<string, Task<Answer>>[] { code => stranger.GetAsync($"/api/group-links/{code}"), code => stranger.PostAsync($"/api/group-links/{code}/join") })
        {
            await call("unknown");
            var (none, queries) = await CountAsync(() => call("unknown"));
            Assert.Equal(HttpStatusCode.NotFound, none.Status);
            foreach (var code in new[] { early, revoked, new string('A', GroupLink.CodeLength), "x".PadRight(2000, 'x') })
            {
                var (answer, asked) = await CountAsync(() => call(code));
                Assert.Equal((none.Status, none.Body), (answer.Status, answer.Body));
                Assert.Equal(queries, asked);
            }
        }

        (await stranger.PostAsync($"/api/group-links/{late}/join")).Is(HttpStatusCode.OK);
        Assert.Single((await anna.GetAsync($"/api/conversations/{id}/links")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Guessing_is_slowed_and_a_good_link_does_not_count()
    {
        var (anna, id) = await GroupAsync();
        var (stranger, other) = (await _server.PersonAsync("Stranger"), await _server.PersonAsync("Other"));
        var code = await LinkAsync(anna, id, 7);
        for (var i = 0; i < 60; i++)
        {
            (await stranger.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.OK);
        }

        for (var i = 0; i < 30; i++)
        {
            (await (i % 2 == 0 ? stranger.GetAsync($"/api/group-links/guess{i}") : stranger.PostAsync($"/api/group-links/guess{i}/join"))).Is(HttpStatusCode.NotFound);
        }

        var slowed = (await stranger.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.TooManyRequests);
        (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.TooManyRequests);
        (await other.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.OK);
        _clock.Advance(slowed.Message.Headers.RetryAfter!.Delta!.Value);
        (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);
    }

    private async Task<(Someone, string)> GroupAsync()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id"));
    }

    private static async Task<string> LinkAsync(Someone who, string id, int days) =>
        (await who.PostAsync($"/api/conversations/{id}/links", new { days })).Is(HttpStatusCode.Created).Text("code");

    private async Task<(Answer Answer, IReadOnlyList<string> Queries)> CountAsync(Func<Task<Answer>> call)
    {
        _counter.Reset();
        var answer = await call();
        return (answer, _counter.TakeAnswering());
    }
}
