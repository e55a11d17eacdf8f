using System.Net;
using Weir.Contracts;
using Weir.Live.Broadcasts;

namespace Weir.Live.Tests;

public sealed class AudienceTests
{
    [Fact]
    public async Task Several_sessions_of_one_ticket_are_one_viewer_and_the_host_is_none()
    {
        await using var stage = new Stage();
        stage.Listed();
        var ticket = stage.Ticket();
        stage.Watch(ticket, out var viewer);
        stage.Watch(ticket, out _);
        stage.Watch(stage.Ticket(account: Guid.Empty), out _);
        var host = new Ticket(stage.Broadcast, Guid.NewGuid(), 9, 0, stage.Clock.GetUtcNow().AddHours(1), TicketRights.Host, "H").Sign(stage.Key);
        stage.Watch(host, out _);

        var now = viewer!.Live.Viewers.Now();
        Assert.Equal(2, now.Count);
        Assert.Equal([stage.Mia], now.Accounts);
        Assert.Equal(1, now.Anonymous);
    }

    [Fact]
    public async Task A_viewer_by_HLS_counts_while_asking_for_playlists_and_ten_seconds_more()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Watch(stage.Ticket(account: Guid.NewGuid()), out var viewer);
        var audience = viewer!.Live.Viewers;
        var polling = new Polling(stage.Mia, 0, HasTicket: true, IsHost: false);
        Assert.True(audience.TrySee(polling, 77, IPAddress.Parse("10.0.0.1")));
        Assert.Equal(2, audience.Now().Count);
        stage.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.True(audience.TrySee(polling, 77, IPAddress.Parse("10.0.0.1")));
        stage.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(2, audience.Now().Count);
        stage.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, audience.Now().Count);
        Assert.Equal(2, audience.Peak);
    }

    [Fact]
    public async Task Viewers_by_HLS_are_sessions_of_their_ticket_like_any_other()
    {
        await using var stage = new Stage(sessionsPerTicket: 2);
        stage.Listed();
        var ticket = stage.Ticket();
        Assert.True(Ticket.TryVerify(stage.Key, ticket, out var verified));
        stage.Watch(ticket, out var viewer);
        var audience = viewer!.Live.Viewers;
        Assert.True(audience.TrySee(Polling.Of(verified), verified.Id, IPAddress.Parse("10.0.0.1")));
        Assert.True(audience.TrySee(Polling.Of(verified), verified.Id, IPAddress.Parse("10.0.0.1")));
        Assert.False(audience.TrySee(Polling.Of(verified), verified.Id, IPAddress.Parse("10.0.0.2")));
        Assert.Equal(WatchDenied.TooManySessions, stage.Watch(ticket, out _));

        stage.Clock.Advance(TimeSpan.FromSeconds(11));
        audience.Now();
        Assert.True(audience.TrySee(Polling.Of(verified), verified.Id, IPAddress.Parse("10.0.0.2")));
    }

    [Fact]
    public async Task What_waits_for_a_broadcast_hears_of_every_change_of_its_audience()
    {
        await using var stage = new Stage();
        Assert.True(stage.Broadcasts.AudienceChange(stage.Broadcast).IsCancellationRequested);
        stage.Listed();
        var change = stage.Broadcasts.AudienceChange(stage.Broadcast);
        stage.Say(rules => rules.Title = "another title");
        Assert.False(change.IsCancellationRequested);
        var heard = new TaskCompletionSource();
        change.Register(heard.SetResult);
        stage.Say(rules => rules.Epoch = 1);
        await heard.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.False(stage.Broadcasts.AudienceChange(stage.Broadcast).IsCancellationRequested);
    }
}
