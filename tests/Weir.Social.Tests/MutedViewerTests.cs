using System.Net;
using Weir.Social.Tests.Visibility;

namespace Weir.Social.Tests;

public sealed class MutedViewerOnSqlite : MutedViewerTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync();
}

public sealed class MutedViewerOnPostgres(PostgresServer shared) : MutedViewerTests
{
    protected override Task<Server> StartAsync() => Server.StartAsync(shared.Cluster);
}

/// <summary>A live node tells a viewer at once what it would do with their comments.</summary>
public abstract class MutedViewerTests
{
    protected abstract Task<Server> StartAsync();

    [Fact]
    public async Task Whoever_is_muted_is_told_that_they_may_not_comment_when_they_come_and_may_when_they_are_unmuted()
    {
        await using var server = await StartAsync();
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        await using var live = await LiveSide.StartAsync(server);
        var id = await anna.BroadcastAsync(new { kind = "friends" });
        await using var host = await ComeAsync(anna);
        await using var viewer = await ComeAsync(ben);
        Assert.Equal((true, true), (await host.MayComment, await viewer.MayComment));

        (await anna.PutAsync($"/api/broadcasts/{id}/mutes/{ben.Id}")).Is(HttpStatusCode.NoContent);
        await Patience.HoldsAsync(() => viewer.Muted);
        await SaysAsync(viewer, taken: false);
        await using var again = await ComeAsync(ben);
        Assert.False(await again.MayComment);
        await SaysAsync(again, taken: false);

        (await anna.DeleteAsync($"/api/broadcasts/{id}/mutes/{ben.Id}")).Is(HttpStatusCode.NoContent);
        await Patience.HoldsAsync(() => !viewer.Muted && !again.Muted);
        await using var last = await ComeAsync(ben);
        Assert.True(await last.MayComment);
        await SaysAsync(last, taken: true);

        async Task<Seat> ComeAsync(Someone who) =>
            Assert.IsType<Seat>(await live.SitAsync(Guid.Parse(id), (await who.TicketAsync(id)).Is(HttpStatusCode.Created).Text("ticket")));

        async Task SaysAsync(Seat seat, bool taken)
        {
            var comment = Guid.NewGuid().ToString("N");
            await seat.SayAsync(comment);
            await (taken ? host.HearsAsync(comment) : seat.RefusedAsync(comment));
        }
    }
}
