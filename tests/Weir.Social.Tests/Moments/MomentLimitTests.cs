using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Moments;

namespace Weir.Social.Tests.Moments;

public sealed class MomentLimitsOnSqlite : MomentLimitTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class MomentLimitsOnPostgres(PostgresServer shared) : MomentLimitTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>What a feed costs, and how much one person may put into it.</summary>
public abstract class MomentLimitTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly CommandCounter _counter = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    public async ValueTask InitializeAsync() => _server = await StartAsync(builder =>
    {
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddSingleton<IInterceptor>(_counter);
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Posting_commenting_and_liking_without_end_is_throttled_and_comes_back()
    {
        var limits = new MomentLimits();
        var anna = await _server.PersonAsync("Anna");
        var id = await anna.PostMomentAsync("The first");
        await ThrottledAsync(limits.PostBurst - 1, limits.PostRefill, () => anna.PostAsync("/api/moments", new { text = "x", audience = new { kind = "onlyMe" } }));
        var number = 0;
        await ThrottledAsync(limits.CommentBurst, limits.CommentRefill, () => anna.PostAsync($"/api/moments/{id}/comments", new { text = "x", clientId = $"{number++}" }));
        await ThrottledAsync(limits.LikeBurst, limits.LikeRefill, () => anna.PutAsync($"/api/moments/{id}/like"));
    }

    [Fact]
    public async Task A_page_of_the_feed_asks_the_same_whatever_is_on_it()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        await anna.PostMomentAsync("One");
        await ben.PostMomentAsync("Of my own");
        await anna.FeedAsync();
        _counter.Reset();
        await anna.FeedAsync();
        var few = _counter.TakeAnswering();
        for (var i = 0; i < 12; i++)
        {
            var moment = await ben.PostMomentAsync($"{i}");
            await anna.LikeAsync(moment);
            var asked = await anna.CommentAsync(moment, "Where?");
            await ben.CommentAsync(moment, "There", asked);
        }

        _counter.Reset();
        Assert.Equal(14, (await anna.FeedAsync()).Count);
        Assert.Equal(few.Count, _counter.TakeAnswering().Count);
        Assert.InRange(few.Count, 1, 8);
    }

    private async Task ThrottledAsync(int burst, TimeSpan refill, Func<Task<Answer>> call)
    {
        for (var i = 0; i < burst; i++)
        {
            Assert.True((await call()).Message.IsSuccessStatusCode);
        }

        var refused = (await call()).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal("throttled", refused.Code);
        Assert.NotNull(refused.Message.Headers.RetryAfter);
        _clock.Advance(refill);
        Assert.True((await call()).Message.IsSuccessStatusCode);
    }
}
