using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Broadcasts;

namespace Weir.Social.Tests;

public sealed class FriendsWatchingOnSqlite : FriendsWatchingTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class FriendsWatchingOnPostgres(PostgresServer shared) : FriendsWatchingTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>Anna is live. Ben and Cleo are friends, Dan is nobody's friend but Anna's.</summary>
public abstract class FriendsWatchingTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private Server _server = null!;
    private Someone _anna = null!;
    private Someone _ben = null!;
    private Someone _cleo = null!;
    private Someone _dan = null!;
    private FakeNode _node = null!;
    private FriendsWatching _watching = null!;
    private string _broadcast = "";
    private long _revision;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    /// <summary>The test looks, not the server's own loop.</summary>
    private void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(FriendsWatching)));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(Configure);
        _watching = ActivatorUtilities.CreateInstance<FriendsWatching>(_server.Plane.App.Services);
        _anna = await _server.PersonAsync("Anna", admin: true);
        _ben = await _server.PersonAsync("Ben");
        _cleo = await _server.PersonAsync("Cleo");
        _dan = await _server.PersonAsync("Dan");
        foreach (var friend in new[] { _ben, _cleo, _dan })
        {
            await _anna.BefriendAsync(friend);
        }

        await _ben.BefriendAsync(_cleo);
        _broadcast = await _anna.BroadcastAsync(new { kind = "friends" });
        _node = await FakeNode.ReadyAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_watches_hears_which_friends_come_and_go_and_the_host_of_everybody()
    {
        await using var anna = await ListenAsync(_anna);
        await using var ben = await ListenAsync(_ben);
        await using var dan = await ListenAsync(_dan);
        await WatchAsync(1, _ben);
        await PassAsync(1);
        var told = await anna.NextAsync();
        Assert.Equal(("Ben", "", 2), (Names(told, "came"), Names(told, "gone"), told.Body.GetProperty("count").GetInt32()));
        Assert.Equal(_broadcast, told.Body.GetProperty("broadcast").GetString());

        // A friend of Ben and a stranger come: Ben hears of Cleo alone, Dan of nobody.
        await WatchAsync(1, _ben, _cleo, _dan);
        await PassAsync(10);
        Assert.Equal("Cleo,Dan", Names(await anna.NextAsync(), "came"));
        told = await ben.NextAsync();
        Assert.Equal(("Cleo", ""), (Names(told, "came"), Names(told, "gone")));
        Assert.Equal(JsonValueKind.Null, told.Body.GetProperty("count").ValueKind);

        await WatchAsync(1, _ben);
        await PassAsync(10);
        Assert.Equal(_cleo.Id, Names(await ben.NextAsync(), "gone"));
        Assert.Equal(new[] { _cleo.Id, _dan.Id }.Order(), Names(await anna.NextAsync(), "gone").Split(',').Order());
        await AssertQuietAsync(anna, ben, dan);
    }

    [Fact]
    public async Task Whoever_comes_hears_of_the_friends_who_are_there_already()
    {
        await WatchAsync(0, _ben, _dan);
        await PassAsync(1);
        await using var cleo = await ListenAsync(_cleo);
        await WatchAsync(0, _ben, _dan, _cleo);
        await PassAsync(10);
        Assert.Equal("Ben", Names(await cleo.NextAsync(), "came"));
    }

    [Fact]
    public async Task It_is_said_at_most_once_in_ten_seconds_and_nothing_is_left_out()
    {
        await using var ben = await ListenAsync(_ben);
        await using var anna = await ListenAsync(_anna);
        await WatchAsync(0, _ben);
        await PassAsync(1);
        Assert.Equal("Ben", Names(await anna.NextAsync(), "came"));
        for (var i = 0; i < 4; i++)
        {
            await WatchAsync(0, _ben, _cleo);
            await PassAsync(1);
            await WatchAsync(0, _ben);
            await PassAsync(1);
        }

        await WatchAsync(0, _ben, _cleo);
        await AssertQuietAsync(anna, ben);
        await PassAsync(2);
        Assert.Equal("Cleo", Names(await ben.NextAsync(), "came"));
        Assert.Equal("Cleo", Names(await anna.NextAsync(), "came"));
    }

    [Fact]
    public async Task Friends_who_do_not_watch_hear_nothing_nor_do_those_whom_one_of_two_blocked_or_let_go()
    {
        await using var ben = await ListenAsync(_ben);
        await using var dan = await ListenAsync(_dan);
        await WatchAsync(0, _cleo);
        await PassAsync(10);
        await AssertQuietAsync(ben, dan);

        await _dan.BefriendAsync(_ben);
        (await _cleo.PutAsync($"/api/blocks/{_ben.Handle}")).Is(HttpStatusCode.NoContent);
        await WatchAsync(0, _cleo, _ben, _dan);
        await PassAsync(10);
        Assert.Equal("Dan", Names(await ben.NextAsync(), "came"));
        Assert.Equal("Ben", Names(await dan.NextAsync(), "came"));
        // The call keeps to the same rule.
        Assert.Equal(["Dan"], await SeenByBenAsync());

        await _dan.DeleteAsync($"/api/friends/{_ben.Handle}");
        await WatchAsync(0, _cleo, _ben);
        await PassAsync(10);
        await AssertQuietAsync(ben, dan);
        Assert.Empty(await SeenByBenAsync());
    }

    [Fact]
    public async Task A_suspended_friend_is_not_named()
    {
        await using var ben = await ListenAsync(_ben);
        await WatchAsync(0, _ben);
        await PassAsync(10);
        (await _anna.PutAsync($"/api/admin/accounts/{_cleo.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        await WatchAsync(0, _ben, _cleo);
        await PassAsync(10);
        await AssertQuietAsync(ben);
        Assert.Empty(await SeenByBenAsync());
    }

    [Fact]
    public async Task A_node_that_was_away_for_a_moment_has_sent_nobody_home()
    {
        await using var anna = await ListenAsync(_anna);
        await WatchAsync(0, _ben, _cleo);
        await PassAsync(1);
        Assert.Equal("Ben,Cleo", Names(await anna.NextAsync(), "came"));
        await _node.DisposeAsync();
        await PassAsync(15);
        _node = await FakeNode.ReadyAsync(_server);
        await PassAsync(5);
        await WatchAsync(0, _ben);
        await PassAsync(10);
        var told = await anna.NextAsync();
        Assert.Equal(("", _cleo.Id), (Names(told, "came"), Names(told, "gone")));

        // What the node does not name after that has nobody who watches.
        await _node.DisposeAsync();
        _node = await FakeNode.ReadyAsync(_server);
        await PassAsync(30);
        Assert.Equal(_ben.Id, Names(await anna.NextAsync(), "gone"));
    }

    private async Task<List<string?>> SeenByBenAsync() =>
        [.. (await _ben.GetAsync($"/api/broadcasts/{_broadcast}/viewers"))["people"].EnumerateArray().Select(one => one.GetProperty("name").GetString())];

    private Task<Listener> ListenAsync(Someone who) => Listener.OpenAsync(_server, who, "watching", "typing");

    /// <summary>The node says who watches, and has been heard.</summary>
    private async Task WatchAsync(int anonymous, params Someone[] watching)
    {
        var presence = new Presence { Broadcast = Guid.Parse(_broadcast).ToWire(), Anonymous = anonymous };
        presence.Accounts.AddRange(watching.Select(person => Guid.Parse(person.Id).ToWire()));
        await _node.SendAsync(new Report { Presence = presence });
        await _node.ReportAsync(_broadcast, ++_revision, BroadcastPhase.Live);
    }

    /// <summary>So many seconds, each with its look.</summary>
    private async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await _watching.LookAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What is said to everybody now comes first: nothing came before it.</summary>
    private async Task AssertQuietAsync(params Listener[] listeners)
    {
        var connections = _server.Plane.App.Services.GetRequiredService<Realtime.Connections>();
        foreach (var (person, id) in new[] { _anna, _ben, _cleo, _dan }.Select(person => (person, Guid.Parse(person.Id))))
        {
            connections.Send(id, "typing", new { person.Handle });
        }

        foreach (var listener in listeners)
        {
            Assert.Empty(await listener.UntilAsync("typing"));
        }
    }

    /// <summary>Names of those who came, ids of those who went.</summary>
    private static string Names((string Name, JsonElement Body) told, string which) => string.Join(
        ',',
        told.Body.GetProperty(which).EnumerateArray()
            .Select(one => one.ValueKind == JsonValueKind.Object ? one.GetProperty("name").GetString() : one.GetString())
            .Order());
}
