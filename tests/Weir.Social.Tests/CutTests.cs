using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Contracts;
using Weir.Contracts.Planes;

namespace Weir.Social.Tests;

public sealed class CutsOnSqlite : CutTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder>? configure) => Server.StartAsync(configure: configure);
}

public sealed class CutsOnPostgres(PostgresServer shared) : CutTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder>? configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>Whoever leaves an audience, in whatever way, has void tickets at once; everybody else's stay good.</summary>
public abstract class CutTests : IAsyncLifetime
{
    private Server _server = null!;
    private Someone _admin = null!;
    private Someone _host = null!;
    private Someone _ben = null!;
    private Someone _cleo = null!;
    private FakeNode _node = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder>? configure);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(null);
        _admin = await _server.PersonAsync("Admin", admin: true);
        _host = await _server.PersonAsync("Host");
        _ben = await _server.PersonAsync("Ben");
        _cleo = await _server.PersonAsync("Cleo");
        await _host.BefriendAsync(_ben);
        await _host.BefriendAsync(_cleo);
        _node = await FakeNode.ReadyAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("the host unfriends")]
    [InlineData("the viewer unfriends")]
    [InlineData("the host blocks")]
    [InlineData("the viewer blocks")]
    [InlineData("out of the circle")]
    [InlineData("into an excepted circle")]
    [InlineData("the circle is deleted")]
    [InlineData("the audience is narrowed")]
    [InlineData("the viewer is suspended")]
    [InlineData("the viewer deletes the account")]
    public async Task Leaving_the_audience_voids_the_tickets_of_who_left_and_of_nobody_else(string how)
    {
        var circle = await _host.CircleAsync(_ben, _cleo);
        var excepted = await _host.CircleAsync();
        var id = await _host.BroadcastAsync(new { kind = "circles", circles = new[] { circle }, except = new { circles = new[] { excepted } } });
        var ben = await TicketAsync(_ben, id);
        var cleo = await TicketAsync(_cleo, id);
        var everybody = how == "the circle is deleted";
        (await (how switch
        {
            "the host unfriends" => _host.DeleteAsync($"/api/friends/{_ben.Handle}"),
            "the viewer unfriends" => _ben.DeleteAsync($"/api/friends/{_host.Handle}"),
            "the host blocks" => _host.PutAsync($"/api/blocks/{_ben.Handle}"),
            "the viewer blocks" => _ben.PutAsync($"/api/blocks/{_host.Handle}"),
            "out of the circle" => _host.DeleteAsync($"/api/circles/{circle}/members/{_ben.Handle}"),
            "into an excepted circle" => _host.PutAsync($"/api/circles/{excepted}/members/{_ben.Handle}"),
            "the circle is deleted" => _host.DeleteAsync($"/api/circles/{circle}"),
            "the audience is narrowed" => _host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends", except = new { accounts = new[] { _ben.Handle } } } }),
            "the viewer is suspended" => _admin.PutAsync($"/api/admin/accounts/{_ben.Handle}/suspension"),
            _ => _ben.DeleteAsync("/api/me", new { password = Someone.Password }),
        })).Is(how == "the audience is narrowed" ? HttpStatusCode.OK : HttpStatusCode.NoContent);

        var rules = await _node.RulesAsync(id, r => r.Cuts.Count > 0);
        Assert.True(IsVoid(ben, rules));
        Assert.Equal(everybody, IsVoid(cleo, rules));
        // What they said there stays, without their name.
        Assert.Equal(how == "the viewer deletes the account" ? [ben.Account] : [], rules.DeletedAccounts.Select(Ids.FromWire));
        (await _ben.TicketAsync(id)).Is(HttpStatusCode.NotFound);
        if (!everybody)
        {
            Assert.False(IsVoid(await TicketAsync(_cleo, id), rules));
        }
    }

    [Fact]
    public async Task Somebody_who_comes_back_gets_a_ticket_that_is_good()
    {
        var circle = await _host.CircleAsync(_ben);
        var id = await _host.BroadcastAsync(new { kind = "circles", circles = new[] { circle } });
        var before = await TicketAsync(_ben, id);
        await _host.DeleteAsync($"/api/circles/{circle}/members/{_ben.Handle}");
        await _host.PutAsync($"/api/circles/{circle}/members/{_ben.Handle}");
        var rules = await _node.RulesAsync(id, r => r.Cuts.Count > 0);
        Assert.True(IsVoid(before, rules));
        Assert.False(IsVoid(await TicketAsync(_ben, id), rules));
    }

    [Fact]
    public async Task Closing_a_public_broadcast_cuts_those_without_an_account_and_strangers()
    {
        var id = await _host.BroadcastAsync(new { kind = "public" });
        var stranger = await _server.PersonAsync("Stranger");
        var (nobody, strangers, ben) = (await TicketAsync(_server.Anybody, id), await TicketAsync(stranger, id), await TicketAsync(_ben, id));
        await _host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } });
        var rules = await _node.RulesAsync(id, r => r.Cuts.Count > 0);
        Assert.Equal((true, true, false, false), (IsVoid(nobody, rules), IsVoid(strangers, rules), IsVoid(ben, rules), rules.Public));
    }

    [Fact]
    public async Task Closing_a_public_broadcast_cuts_those_who_never_asked_for_a_ticket()
    {
        var id = await _host.BroadcastAsync(new { kind = "public" });
        await _host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "onlyMe" } });
        var rules = await _node.RulesAsync(id, r => r.Cuts.Count > 0);
        Assert.Equal(Guid.Empty, Ids.FromWire(Assert.Single(rules.Cuts).Account));
    }

    [Fact]
    public async Task Widening_the_audience_cuts_nobody()
    {
        var id = await _host.BroadcastAsync(new { kind = "friends" });
        var ben = await TicketAsync(_ben, id);
        await _host.PatchAsync($"/api/broadcasts/{id}", new { title = "Wider", audience = new { kind = "public" }, widen = true });
        var rules = await _node.RulesAsync(id, r => r.Public);
        Assert.Equal((0u, 0, "Wider"), (rules.Epoch, rules.Cuts.Count, rules.Title));
        Assert.False(IsVoid(ben, rules));
    }

    [Fact]
    public async Task A_suspended_host_has_no_running_broadcast_and_no_viewers()
    {
        var (running, open) = (await _host.BroadcastAsync(new { kind = "friends" }), await _host.BroadcastAsync(new { kind = "public" }));
        var (ben, nobody) = (await TicketAsync(_ben, running), await TicketAsync(_server.Anybody, open));
        await _node.ReportAsync(LivePlaneTests.ReportOf(running, 1, BroadcastPhase.Live));
        await _admin.PutAsync($"/api/admin/accounts/{_host.Handle}/suspension");
        var rules = new Dictionary<string, BroadcastRules>();
        while (rules.Count < 2)
        {
            var next = (await _node.NextAsync(c => c.Rules is { Cuts.Count: > 0 })).Rules;
            rules[Ids.FromWire(next.Broadcast).ToText()] = next;
        }

        Assert.True(rules[running].Ended && IsVoid(ben, rules[running]));
        Assert.True(IsVoid(nobody, rules[open]) && !rules[open].Public && rules[open].PublishKeyHashes.Count == 0);
        await _ben.SeesAsync(running, false);
        await _server.Anybody.SeesAsync(open, false);
        await _admin.DeleteAsync($"/api/admin/accounts/{_host.Handle}/suspension");
        Assert.Equal("ended", (await _ben.GetAsync($"/api/broadcasts/{running}")).Text("state"));
    }

    [Fact]
    public async Task A_deleted_host_leaves_nothing_to_watch()
    {
        var id = await _host.BroadcastAsync(new { kind = "public" });
        (await _host.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        Assert.Equal(id, Ids.FromWire((await _node.NextAsync(c => c.Forget is not null)).Forget.Broadcast).ToText());
        await _server.Anybody.SeesAsync(id, false);
    }

    [Fact]
    public async Task Of_a_ticket_and_a_cut_at_the_same_moment_either_there_is_no_ticket_or_it_is_void()
    {
        var circle = await _host.CircleAsync(_ben);
        var id = await _host.BroadcastAsync(new { kind = "circles", circles = new[] { circle } });
        for (var round = 0; round < 15; round++)
        {
            (await _host.PutAsync($"/api/circles/{circle}/members/{_ben.Handle}")).Is(HttpStatusCode.NoContent);
            var asking = Enumerable.Range(0, 6).Select(_ => Task.Run(() => _ben.TicketAsync(id))).ToArray();
            var cutting = _host.DeleteAsync($"/api/circles/{circle}/members/{_ben.Handle}");
            (await cutting).Is(HttpStatusCode.NoContent);
            var cuts = await _server.ReadAsync(db => Task.FromResult(db.Cuts.Where(c => c.BroadcastId == Guid.Parse(id)).ToDictionary(c => c.AccountId, c => c.Epoch)));
            foreach (var answer in await Task.WhenAll(asking))
            {
                if (answer.Status == HttpStatusCode.Created)
                {
                    Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, answer.Text("ticket"), out var ticket));
                    Assert.True(cuts.TryGetValue(ticket.Account, out var epoch) && ticket.Epoch < epoch, $"A ticket of epoch {ticket.Epoch} outlived the cut of round {round}.");
                }
                else
                {
                    answer.Is(HttpStatusCode.NotFound);
                }
            }
        }
    }

    [Fact]
    public async Task No_timer_is_on_the_way_from_a_cut_to_the_wire()
    {
        // On this server no time passes: what waited for a tick would wait for ever.
        await using var server = await StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        var (host, viewer) = (await server.PersonAsync("Host"), await server.PersonAsync("Viewer"));
        await host.BefriendAsync(viewer);
        await using var node = await FakeNode.ReadyAsync(server);
        var id = await host.BroadcastAsync(new { kind = "friends" });
        (await viewer.TicketAsync(id)).Is(HttpStatusCode.Created);
        await host.DeleteAsync($"/api/friends/{viewer.Handle}");
        await node.RulesAsync(id, r => r.Cuts.Count > 0);
    }

    private async Task<Ticket> TicketAsync(Someone who, string id)
    {
        var answer = (await who.TicketAsync(id)).Is(HttpStatusCode.Created);
        Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, answer.Text("ticket"), out var ticket));
        return ticket;
    }

    /// <summary>As the live node judges it: see planes.proto, AudienceCut.</summary>
    private static bool IsVoid(Ticket ticket, BroadcastRules rules) => rules.Cuts.Any(c => Ids.FromWire(c.Account) == ticket.Account && ticket.Epoch < c.Epoch);
}
