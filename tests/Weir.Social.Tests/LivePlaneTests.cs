using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Broadcasts;

namespace Weir.Social.Tests;

public sealed class LivePlaneOnSqlite : LivePlaneTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder>? configure) => Server.StartAsync(configure: configure);
}

public sealed class LivePlaneOnPostgres(PostgresServer shared) : LivePlaneTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder>? configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>Each test has a server of its own, because a server has one live node.</summary>
public abstract class LivePlaneTests : IAsyncLifetime
{
    private Server _server = null!;
    private Someone _anna = null!;
    private Someone _ben = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder>? configure);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(null);
        _anna = await _server.PersonAsync("Anna", admin: true);
        _ben = await _server.PersonAsync("Ben");
        await _anna.BefriendAsync(_ben);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_connecting_node_is_told_everything_and_then_that_it_was_everything()
    {
        var ready = await _anna.BroadcastAsync(new { kind = "public" }, "公开");
        var ended = await _anna.BroadcastAsync(new { kind = "friends" });
        await _anna.PostAsync($"/api/broadcasts/{ended}/end");
        var deleted = await _anna.BroadcastAsync(new { kind = "friends" });
        await _anna.DeleteAsync($"/api/broadcasts/{deleted}");

        await using var node = await FakeNode.ReadyAsync(_server);
        Assert.True(node.Lists[0].LiveSwitch.Enabled);
        var rules = node.Lists.Where(c => c.Rules is not null).ToDictionary(c => Ids.FromWire(c.Rules.Broadcast).ToText(), c => c.Rules);
        Assert.Equal(new[] { ready, ended }.Order(), rules.Keys.Order());
        Assert.Equal(("公开", true, false, 3), (rules[ready].Title, rules[ready].Public, rules[ready].Ended, rules[ready].PublishKeyHashes.Count));
        Assert.Equal((true, 0), (rules[ended].Ended, rules[ended].PublishKeyHashes.Count));
        Assert.Equal(_anna.Id, Ids.FromWire(rules[ready].Host).ToText());
        Assert.Equal(deleted, Ids.FromWire(Assert.Single(node.Lists, c => c.Forget is not null).Forget.Broadcast).ToText());

        // The stream key that Anna was given is among the hashes.
        var key = (await _anna.GetAsync($"/api/broadcasts/{ready}/publish"))["rtmp"].GetProperty("streamKey").GetString();
        Assert.Contains(rules[ready].PublishKeyHashes, hash => hash.Span.SequenceEqual(PublishKey.Hash(key)));
    }

    [Fact]
    public async Task A_deletion_is_repeated_until_the_node_confirmed_it()
    {
        var deleted = await _anna.BroadcastAsync(new { kind = "friends" });
        await _anna.DeleteAsync($"/api/broadcasts/{deleted}");
        await using (var node = await FakeNode.ReadyAsync(_server))
        {
            Assert.Single(node.Lists, c => c.Forget is not null);
        }

        await using (var node = await FakeNode.ReadyAsync(_server))
        {
            await node.AcknowledgeAsync(Assert.Single(node.Lists, c => c.Forget is not null).Sequence);
            await node.ReportAsync(ReportOf(deleted, 1, BroadcastPhase.Ended));
        }

        await using (var node = await FakeNode.ReadyAsync(_server))
        {
            Assert.DoesNotContain(node.Lists, c => c.Forget is not null);
        }
    }

    [Fact]
    public async Task Nobody_connects_without_the_node_key_and_the_public_port_has_no_such_service()
    {
        await using var node = await FakeNode.ConnectAsync(_server, "guess");
        Assert.Equal(StatusCode.Unauthenticated, await node.EndAsync());

        using var request = new HttpRequestMessage(HttpMethod.Post, "/weir.planes.v1.Planes/Connect") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.Host = _server.Plane.PlanesAddress.Authority;
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Http.SendAsync(request)).StatusCode);

        using var planes = new HttpClient { BaseAddress = _server.Plane.PlanesAddress, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal(HttpStatusCode.NotFound, (await planes.GetAsync("/api/server")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await planes.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Reports_write_the_record_and_old_ones_change_nothing()
    {
        var id = await _anna.BroadcastAsync(new { kind = "friends" });
        await using var node = await FakeNode.ReadyAsync(_server);
        await node.ReportAsync(ReportOf(id, 100, BroadcastPhase.Live, r => (r.Width, r.Height, r.MediaDuration) = (1280, 720, 5_000_000)));
        var card = await _ben.GetAsync($"/api/broadcasts/{id}");
        Assert.Equal(("live", true, 1280, 5000), (card.Text("state"), card["liveAvailable"].GetBoolean(), card["width"].GetInt32(), card["durationMs"].GetInt64()));
        Assert.Equal(1, (await _ben.GetAsync("/api/broadcasts?scope=live")).Json.GetArrayLength());

        await node.ReportAsync(ReportOf(id, 99, BroadcastPhase.Interrupted));
        await node.ReportAsync(ReportOf(id, 100, BroadcastPhase.Interrupted));
        Assert.Equal("live", (await _ben.GetAsync($"/api/broadcasts/{id}")).Text("state"));

        await node.ReportAsync(ReportOf(id, 101, BroadcastPhase.Interrupted));
        Assert.Equal("interrupted", (await _ben.GetAsync($"/api/broadcasts/{id}")).Text("state"));
        await node.SendAsync(new Report { Broadcast = ReportOf(id, 102, BroadcastPhase.Ended, r => (r.Recorded, r.PeakViewers, r.Comments) = (true, 7, 9)) });
        var rules = await node.RulesAsync(id, r => r.Ended);
        Assert.Empty(rules.PublishKeyHashes);
        card = await _ben.GetAsync($"/api/broadcasts/{id}");
        Assert.Equal(("ended", true, 7, 9), (card.Text("state"), card["recorded"].GetBoolean(), card["peakViewers"].GetInt32(), card["comments"].GetInt32()));
        Assert.Equal(1, (await _ben.GetAsync("/api/broadcasts?scope=replays")).Json.GetArrayLength());
        await node.ReportAsync(ReportOf(id, 103, BroadcastPhase.Live));
        Assert.Equal("ended", (await _ben.GetAsync($"/api/broadcasts/{id}")).Text("state"));
    }

    [Fact]
    public async Task A_group_gets_one_card_when_a_broadcast_for_it_goes_live_and_none_for_its_interruptions()
    {
        var group = (await _anna.PostAsync("/api/conversations", new { members = new[] { _ben.Handle }, name = "Garden" })).Is(HttpStatusCode.Created).Text("id");
        var id = await _anna.BroadcastAsync(new { kind = "conversation", conversation = group });
        await using var node = await FakeNode.ReadyAsync(_server);
        await using var atBen = await Listener.OpenAsync(_server, _ben, "message");
        await node.ReportAsync(ReportOf(id, 1, BroadcastPhase.Live));
        await node.ReportAsync(ReportOf(id, 2, BroadcastPhase.Interrupted));
        await node.ReportAsync(ReportOf(id, 3, BroadcastPhase.Live));
        var message = (await atBen.NextAsync()).Body;
        Assert.Equal(("broadcast", id, _anna.Id), (
            message.GetProperty("card").GetProperty("kind").GetString(), message.GetProperty("card").GetProperty("id").GetString(), message.GetProperty("sender").GetProperty("id").GetString()));
        // What is said after the last report would come after a second card.
        (await _anna.SayAsync(group, "Come in")).Is(HttpStatusCode.Created);
        Assert.Equal("Come in", (await atBen.NextAsync()).Body.GetProperty("text").GetString());
        (await _ben.TicketAsync(id)).Is(HttpStatusCode.Created);
        (await _ben.PostAsync($"/api/conversations/{group}/leave")).Is(HttpStatusCode.NoContent);
        (await _ben.TicketAsync(id)).Is(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_group_in_which_somebody_may_not_see_the_broadcast_gets_no_card(bool blocked)
    {
        var dan = await _server.PersonAsync("Dan");
        await _anna.BefriendAsync(dan);
        var group = (await _anna.PostAsync("/api/conversations", new { members = new[] { _ben.Handle, dan.Handle }, name = "Garden" }))
            .Is(HttpStatusCode.Created).Text("id");
        if (blocked)
        {
            (await _anna.PutAsync($"/api/blocks/{dan.Handle}")).Is(HttpStatusCode.NoContent);
        }

        var id = await _anna.BroadcastAsync(blocked
            ? new { kind = "conversation", conversation = group }
            : (object)new { kind = "conversation", conversation = group, except = new { accounts = new[] { dan.Handle } } });
        (await dan.GetAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.NotFound);
        await using var node = await FakeNode.ReadyAsync(_server);
        await using var atDan = await Listener.OpenAsync(_server, dan, "message");
        await node.ReportAsync(ReportOf(id, 1, BroadcastPhase.Live));
        Assert.Equal("live", (await _ben.GetAsync($"/api/broadcasts/{id}")).Text("state"));
        // What is said after the report would come after a card.
        (await _ben.SayAsync(group, "Come in")).Is(HttpStatusCode.Created);
        Assert.Equal("Come in", (await atDan.NextAsync()).Body.GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_live_broadcast_is_expected_back_and_shown_as_interrupted_while_the_node_is_away()
    {
        var id = await _anna.BroadcastAsync(new { kind = "friends" });
        await using (var node = await FakeNode.ReadyAsync(_server))
        {
            await node.ReportAsync(ReportOf(id, 1, BroadcastPhase.Live));
            // A newer connection takes the older one's place.
            await using var newer = await FakeNode.ReadyAsync(_server);
            Assert.True(Assert.Single(newer.Lists, c => c.Rules is not null).Rules.ExpectsResume);
            await node.EndAsync();
            // The newer one was told that its lists are complete, a moment before the server takes note of it.
            await Patience.HoldsAsync(() => _server.Plane.LiveAvailable);
        }

        await Patience.HoldsAsync(() => !_server.Plane.LiveAvailable);
        var card = await _ben.GetAsync($"/api/broadcasts/{id}");
        Assert.Equal(("interrupted", false), (card.Text("state"), card["liveAvailable"].GetBoolean()));
        Assert.False((await _ben.GetAsync("/api/server"))["live"].GetProperty("available").GetBoolean());
    }

    [Fact]
    public async Task A_node_that_breaks_the_numbering_is_disconnected_and_told_why()
    {
        // By a clock that stands still the server has all the time there is to finish what it writes.
        await using var server = await StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        await using var node = await FakeNode.ReadyAsync(server);
        await node.SendAsync(new Report { Hello = new NodeHello() });
        Assert.Equal(StatusCode.FailedPrecondition, await node.EndAsync());

        // Also when the server is in the midst of a command, which takes it a while: this one is a megabyte long.
        var host = await server.PersonAsync("Host");
        var id = Guid.Parse(await host.BroadcastAsync(new { kind = "friends" }));
        await server.ReadAsync(db =>
        {
            db.Cuts.AddRange(Enumerable.Range(0, 40_000).Select(_ => new Cut { BroadcastId = id, AccountId = Guid.NewGuid(), Epoch = 1 }));
            return db.SaveChangesAsync();
        });
        for (var round = 0; round < 5; round++)
        {
            await using var hasty = await FakeNode.ConnectAsync(server);
            await hasty.SendAsync(new Report { Hello = new NodeHello() });
            Assert.Equal(StatusCode.FailedPrecondition, await hasty.EndAsync());
        }
    }

    [Fact]
    public async Task Presence_is_shown_whole_to_the_host_and_as_own_friends_to_others()
    {
        var cleo = await _server.PersonAsync("Cleo");
        await _anna.BefriendAsync(cleo);
        var dan = await _server.PersonAsync("Dan");
        await _anna.BefriendAsync(dan);
        await _ben.BefriendAsync(dan);
        var id = await _anna.BroadcastAsync(new { kind = "friends" });
        await using var node = await FakeNode.ReadyAsync(_server);
        var presence = new Presence { Broadcast = Guid.Parse(id).ToWire(), Anonymous = 2 };
        presence.Accounts.AddRange([Guid.Parse(cleo.Id).ToWire(), Guid.Parse(dan.Id).ToWire()]);
        await node.SendAsync(new Report { Presence = presence });
        await node.ReportAsync(ReportOf(id, 1, BroadcastPhase.Live));
        var all = await _anna.GetAsync($"/api/broadcasts/{id}/viewers");
        Assert.Equal((4, 2), (all["count"].GetInt32(), all["people"].GetArrayLength()));
        var some = await _ben.GetAsync($"/api/broadcasts/{id}/viewers");
        Assert.Equal(4, some["count"].GetInt32());
        Assert.Equal(dan.Handle, Assert.Single(some["people"].EnumerateArray()).GetProperty("handle").GetString());
        (await (await _server.PersonAsync("Stranger")).GetAsync($"/api/broadcasts/{id}/viewers")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_switch_and_the_named_mode_reach_the_node_and_stop_new_broadcasts()
    {
        var id = await _ben.BroadcastAsync(new { kind = "friends" });
        await using var node = await FakeNode.ReadyAsync(_server);
        (await _anna.PutAsync("/api/admin/live", new { enabled = true, mode = "named", handles = new[] { _anna.Handle } })).Is(HttpStatusCode.OK);
        Assert.Empty((await node.RulesAsync(id)).PublishKeyHashes);
        Assert.Equal("live-not-allowed", (await _ben.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "friends" } })).Is(HttpStatusCode.Forbidden).Code);
        Assert.False((await _ben.GetAsync("/api/me"))["mayGoLive"].GetBoolean());
        (await _anna.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.Created);
        (await _anna.PutAsync("/api/admin/live", new { enabled = false, mode = "everyone" })).Is(HttpStatusCode.OK);
        Assert.False((await node.NextAsync(c => c.LiveSwitch is { Enabled: false })).LiveSwitch.Enabled);
        (await _anna.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "friends" } })).Is(HttpStatusCode.Forbidden);
        (await _ben.GetAsync("/api/admin/live")).Is(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_encoder_key_goes_with_the_newest_broadcast_that_has_not_ended()
    {
        var key = PublishKey.Hash((await _anna.GetAsync("/api/encoder-key"))["rtmp"].GetProperty("streamKey").GetString());
        await using var node = await FakeNode.ReadyAsync(_server);
        var older = await _anna.BroadcastAsync(new { kind = "friends" });
        Assert.True(Has(await node.RulesAsync(older), key));
        var newer = await _anna.BroadcastAsync(new { kind = "friends" });
        await RulesOfBoth(r => r == older ? false : true);
        await _anna.PostAsync($"/api/broadcasts/{newer}/end");
        await RulesOfBoth(r => r == older);
        var renewed = PublishKey.Hash((await _anna.PostAsync("/api/encoder-key/renew"))["rtmp"].GetProperty("streamKey").GetString());
        var rules = await node.RulesAsync(older);
        Assert.True(Has(rules, renewed) && !Has(rules, key));

        async Task RulesOfBoth(Func<string, bool> has)
        {
            var waiting = new HashSet<string> { older, newer };
            while (waiting.Count > 0)
            {
                var next = (await node.NextAsync(c => c.Rules is not null)).Rules;
                var id = Ids.FromWire(next.Broadcast).ToText();
                if (Has(next, key) == has(id))
                {
                    waiting.Remove(id);
                }
            }
        }

        static bool Has(BroadcastRules rules, byte[] hash) => rules.PublishKeyHashes.Any(h => h.Span.SequenceEqual(hash));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_voids_the_keys_of_every_broadcast_and_those_read_afterwards_are_good(bool byCommand)
    {
        var (prepared, newest) = (await _ben.BroadcastAsync(new { kind = "friends" }), await _ben.BroadcastAsync(new { kind = "friends" }));
        var others = await _anna.BroadcastAsync(new { kind = "friends" });
        var before = (await KeysAsync(_ben, prepared)).Concat(await KeysAsync(_ben, newest)).ToList();
        var kept = await KeysAsync(_anna, others);
        // One's own new password changes none of them.
        const string Changed = "another horse battery staple";
        (await _ben.PostAsync("/api/me/password", new { current = Someone.Password, @new = Changed })).Is(HttpStatusCode.NoContent);
        Assert.Equal(before, (await KeysAsync(_ben, prepared)).Concat(await KeysAsync(_ben, newest)));
        await using var node = await FakeNode.ReadyAsync(_server);
        foreach (var id in new[] { prepared, newest })
        {
            Assert.Contains(Listed(id).PublishKeyHashes, hash => before.Exists(key => IsOf(hash, key)));
        }

        var password = "a wholly new password";
        if (byCommand)
        {
            password = await Maintenance.ResetPassword.RunAsync(_server.Options, _ben.Handle);
        }
        else
        {
            var code = (await _anna.PostAsync($"/api/admin/accounts/{_ben.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
            (await _server.Anybody.PostAsync("/api/password-resets/use", new { code, password })).Is(HttpStatusCode.NoContent);
        }

        var ben = await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/sessions", new { handle = _ben.Handle, password }));
        var after = new Dictionary<string, List<string>>
        {
            [prepared] = await KeysAsync(ben, prepared),
            [newest] = await KeysAsync(ben, newest),
        };
        Assert.Empty(after.Values.SelectMany(keys => keys).Intersect(before));
        Assert.Equal(kept, await KeysAsync(_anna, others));
        var waiting = after.Keys.ToHashSet();
        while (waiting.Count > 0)
        {
            var rules = (await node.NextAsync(c => c.Rules is not null)).Rules;
            // The encoder key is with the newest alone.
            if (after.TryGetValue(Ids.FromWire(rules.Broadcast).ToText(), out var keys)
                && rules.PublishKeyHashes.Count(hash => keys.Exists(key => IsOf(hash, key))) == rules.PublishKeyHashes.Count)
            {
                waiting.Remove(Ids.FromWire(rules.Broadcast).ToText());
            }
        }

        static bool IsOf(Google.Protobuf.ByteString hash, string key) => hash.Span.SequenceEqual(PublishKey.Hash(key));

        BroadcastRules Listed(string broadcast) =>
            node.Lists.Single(c => c.Rules is { } r && Ids.FromWire(r.Broadcast).ToText() == broadcast).Rules;

        static async Task<List<string>> KeysAsync(Someone host, string broadcast)
        {
            var publish = (await host.GetAsync($"/api/broadcasts/{broadcast}/publish")).Is(HttpStatusCode.OK);
            return
            [
                publish["rtmp"].GetProperty("streamKey").GetString()!, publish["whip"].GetProperty("token").GetString()!,
                (await host.GetAsync("/api/encoder-key"))["rtmp"].GetProperty("streamKey").GetString()!,
            ];
        }
    }

    [Fact]
    public async Task A_muted_viewer_is_in_the_rules_until_unmuted()
    {
        var id = await _anna.BroadcastAsync(new { kind = "friends" });
        (await _anna.PutAsync($"/api/broadcasts/{id}/mutes/{_ben.Id}")).Is(HttpStatusCode.NotFound);
        await _ben.TicketAsync(id);
        await using var node = await FakeNode.ReadyAsync(_server);
        (await _anna.PutAsync($"/api/broadcasts/{id}/mutes/{_ben.Id}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(_ben.Id, Ids.FromWire(Assert.Single((await node.RulesAsync(id)).Muted)).ToText());
        (await _anna.DeleteAsync($"/api/broadcasts/{id}/mutes/{_ben.Id}")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await node.RulesAsync(id)).Muted);
    }

    internal static BroadcastReport ReportOf(string id, long revision, BroadcastPhase phase, Action<BroadcastReport>? more = null)
    {
        var report = new BroadcastReport
        {
            Broadcast = Guid.Parse(id).ToWire(),
            Revision = revision,
            Phase = phase,
            StartedAt = 1_700_000_000_000_000,
            ChangedAt = 1_700_000_000_000_000 + revision,
        };
        more?.Invoke(report);
        return report;
    }
}
