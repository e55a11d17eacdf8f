using System.Net;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Maintenance;

namespace Weir.Social.Tests.SignIn;

public sealed class TicketSessionsOnSqlite : TicketSessionTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync();
}

public sealed class TicketSessionsOnPostgres(PostgresServer shared) : TicketSessionTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync(shared.Cluster);
}

/// <summary>A ticket belongs to a session, and the live plane hears when that ends, whatever ends it.</summary>
public abstract class TicketSessionTests : IAsyncLifetime
{
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync();

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_live_plane_hears_which_sessions_are_left_however_one_ends()
    {
        var anna = await _server.PersonAsync("Anna");
        var id = await _admin.BroadcastAsync(new { kind = "public" });
        await using var node = await FakeNode.ReadyAsync(_server);
        var first = Assert.Single(node.Lists, command => command.BodyCase == Command.BodyOneofCase.TicketSessions).TicketSessions;
        var ticket = await TicketAsync(anna, id);
        Assert.Contains(ticket.Session, first.Sessions);
        Assert.Equal(0UL, (await TicketAsync(_server.Anybody, id)).Session);

        foreach (var end in new Func<Someone, Task<Answer>>[]
        {
            phone => phone.DeleteAsync("/api/sessions/current"),
            _ => anna.DeleteAsync("/api/sessions/others"),
            _ => anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = Someone.Password + "!" }),
        })
        {
            var phone = await Someone.OfAsync(
                _server, await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
            var held = await TicketAsync(phone, id);
            (await end(phone)).Is(HttpStatusCode.NoContent);
            var left = await LeftAsync(node, held);
            Assert.Contains(ticket.Session, left.Sessions);
            Assert.True(left.AsOf >= held.Issued.ToUnixTimeMilliseconds());
        }

        (await _admin.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        await LeftAsync(node, ticket);
    }

    [Fact]
    public async Task What_the_command_line_ends_is_heard_of_as_well()
    {
        var anna = await _server.PersonAsync("Anna");
        var id = await _admin.BroadcastAsync(new { kind = "public" });
        var ticket = await TicketAsync(anna, id);
        await using var node = await FakeNode.ReadyAsync(_server);
        await ResetPassword.RunAsync(_server.Options, anna.Handle);
        await LeftAsync(node, ticket);
    }

    [Fact]
    public async Task A_session_that_was_not_used_for_longer_than_a_ticket_lasts_is_not_named()
    {
        var anna = await _server.PersonAsync("Anna");
        var ticket = await TicketAsync(anna, await _admin.BroadcastAsync(new { kind = "public" }));
        var (account, old) = (Guid.Parse(anna.Id), DateTimeOffset.UtcNow - Ticket.Lifetime - TimeSpan.FromHours(1));
        await _server.ReadAsync(db =>
            db.Sessions.Where(s => s.AccountId == account).ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, old)));
        await using var node = await FakeNode.ReadyAsync(_server);
        var named = Assert.Single(node.Lists, command => command.BodyCase == Command.BodyOneofCase.TicketSessions).TicketSessions;
        Assert.DoesNotContain(ticket.Session, named.Sessions);
        Assert.NotEmpty(named.Sessions);
    }

    private static async Task<TicketSessions> LeftAsync(FakeNode node, Ticket without) =>
        (await node.NextAsync(command => command.TicketSessions is { } sessions
            && !sessions.Sessions.Contains(without.Session)
            && sessions.AsOf >= without.Issued.ToUnixTimeMilliseconds())).TicketSessions;

    private async Task<Ticket> TicketAsync(Someone who, string broadcast)
    {
        var text = (await who.TicketAsync(broadcast)).Is(HttpStatusCode.Created).Text("ticket");
        Assert.True(Ticket.TryVerify(_server.Plane.NodeKey, text, out var ticket));
        return ticket;
    }
}
