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
        audience.Saw(77, stage.Mia, isHost: false);
        Assert.Equal(2, audience.Now().Count);
        stage.Clock.Advance(TimeSpan.FromSeconds(9));
        audience.Saw(77, stage.Mia, isHost: false);
        stage.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(2, audience.Now().Count);
        stage.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, audience.Now().Count);
        Assert.Equal(2, audience.Peak);
    }
}
