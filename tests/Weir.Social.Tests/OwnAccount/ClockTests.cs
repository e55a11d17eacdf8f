using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Notifications;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.OwnAccount;

public sealed class ClockOnSqlite : ClockTests
{
    protected override Task<Server> StartAsync(TimeProvider clock) => Server.StartAsync(configure: b => b.Services.AddSingleton(clock));
}

public sealed class ClockOnPostgres(PostgresServer shared) : ClockTests
{
    protected override Task<Server> StartAsync(TimeProvider clock) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(clock));
}

/// <summary>A clock that jumps, as one that is set by hand or found wrong by NTP.</summary>
public abstract class ClockTests : IAsyncLifetime
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private readonly JumpingClock _clock = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(TimeProvider clock);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_year_ahead_and_back_again_leaves_sessions_invitations_limits_and_messages_as_they_were()
    {
        var (clock, server) = (_clock, _server);
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        await anna.SayAsync(conversation, "before");
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        var reset = (await anna.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Text("code");
        for (var i = 0; i < 10; i++)
        {
            (await server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = "wrong password" })).Is(HttpStatusCode.Unauthorized);
        }

        clock.Jump(Year);
        // Too old by this clock: refused, not deleted. And waiting for the limit does not get shorter by it.
        (await server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.NotFound);
        (await server.Anybody.PostAsync("/api/password-resets/look", new { code = reset })).Is(HttpStatusCode.NotFound);
        (await server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = Someone.Password })).Is(HttpStatusCode.TooManyRequests);
        var ahead = await AgainAsync(anna);
        await ahead.SayAsync(conversation, "ahead");
        var future = (await ahead.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Text("code");

        clock.Jump(-Year);
        await server.ForgetAsync();
        (await server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.OK);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        await ben.SayAsync(conversation, "after");
        Assert.Equal([(1, "before"), (2, "ahead"), (3, "after")], await ben.CatchUpAsync(conversation, 0, 2));
        (await server.Anybody.PostAsync("/api/password-resets/look", new { code = future })).Is(HttpStatusCode.NotFound);

        // The session that was made in the future is seen now, and is over when it was not used for long from now on.
        (await ahead.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        await server.NotedAsync();
        clock.Jump(TimeSpan.FromDays(91));
        await server.ForgetAsync();
        (await ahead.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_message_sent_while_the_clock_was_ahead_can_be_recalled_for_two_minutes_of_it_and_not_till_then()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna", admin: true), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var before = (await anna.SayAsync(conversation, "before")).Text("id");
        _clock.Jump(Year);
        anna = await AgainAsync(anna);
        var (early, late) = ((await anna.SayAsync(conversation, "early")).Text("id"), (await anna.SayAsync(conversation, "late")).Text("id"));
        (await RecallAsync(anna, early)).Is(HttpStatusCode.NoContent);
        Assert.Equal("too-late", (await RecallAsync(anna, before)).Is(HttpStatusCode.Conflict).Code);

        _clock.Jump(-Year);
        await _server.ForgetAsync();
        Assert.Equal("too-late", (await RecallAsync(anna, late)).Is(HttpStatusCode.Conflict).Code);
        // Put right by a second or two, as NTP does all day, it takes nothing from anybody.
        var said = (await anna.SayAsync(conversation, "now")).Text("id");
        _clock.Jump(TimeSpan.FromSeconds(-2));
        (await RecallAsync(anna, said)).Is(HttpStatusCode.NoContent);

        Task<Answer> RecallAsync(Someone who, string message) => who.PostAsync($"/api/conversations/{conversation}/messages/{message}/recall");
    }

    [Theory]
    [InlineData("subscription", 1)]
    [InlineData("service", 4)]
    public async Task Articles_sent_while_the_clock_was_ahead_use_up_nothing_of_today_and_cover_up_nothing(string kind, int most)
    {
        var paper = await Publishing.OpenAsync(_server, await _server.PersonAsync("Admin", admin: true), kind: kind);
        var reader = await paper.FollowerAsync();
        var (future, today) = ((await paper.PublishAsync("Of the future")).Id, (await paper.PublishAsync("Of today")).Id);
        _clock.Jump(Year);
        paper = paper with { Owner = await AgainAsync(paper.Owner) };
        (await SendAsync(paper.Owner, future)).Is(HttpStatusCode.Created);
        _clock.Jump(-Year);
        await _server.ForgetAsync();
        Assert.Equal(future, await LastAsync());
        Assert.Equal(most, (await paper.Owner.GetAsync($"/api/official/{paper.Handle}/sending"))["left"].GetInt32());
        (await SendAsync(paper.Owner, today)).Is(HttpStatusCode.Created);
        Assert.Equal(most - 1, (await paper.Owner.GetAsync($"/api/official/{paper.Handle}/sending"))["left"].GetInt32());
        Assert.Equal(today, await LastAsync());

        Task<Answer> SendAsync(Someone editor, string article) => editor.PostAsync($"/api/official/{paper.Handle}/sends", new { articles = new[] { article } });

        async Task<string> LastAsync() => (await reader.GetAsync("/api/articles/inbox")).Is(HttpStatusCode.OK)["accounts"][0].GetProperty("last").GetProperty("articles")[0].Id();
    }

    [Fact]
    public async Task A_moment_posted_while_the_clock_was_ahead_is_seen_in_its_place_by_whom_it_is_for()
    {
        var (anna, ben, stranger) = (await _server.PersonAsync("Anna", admin: true), await _server.PersonAsync("Ben"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        var before = await anna.PostMomentAsync("Before");
        (await anna.PatchAsync("/api/me/moments", new { window = "threeDays" })).Is(HttpStatusCode.OK);
        _clock.Jump(Year);
        (anna, ben) = (await AgainAsync(anna), await AgainAsync(ben));
        var ahead = await anna.PostMomentAsync("Ahead");
        // The window is as wide as ever: what was posted "a year ago" is outside for as long as the clock says so.
        Assert.Equal([ahead], (await ben.FeedAsync()).Select(m => m.Id()));

        _clock.Jump(-Year);
        await _server.ForgetAsync();
        var after = await anna.PostMomentAsync("After");
        var first = await ben.CommentAsync(ahead, "First");
        await anna.CommentAsync(ahead, "Second", first);
        Assert.Equal(["First", "Second"], await ben.CommentsAsync(ahead));
        var pages = new List<string>();
        for (var page = await ben.FeedAsync("?limit=1"); page.Count > 0; page = await ben.FeedAsync($"?limit=1&before={pages[^1]}"))
        {
            pages.Add(page[0].Id());
        }

        // By the date each bears, nothing twice and nothing left out.
        Assert.Equal([ahead, after, before], pages);
        Assert.Empty(await stranger.FeedAsync());
        (await stranger.GetAsync($"/api/moments/{ahead}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_sweep_while_the_clock_is_ahead_costs_nobody_their_newest_notices()
    {
        var anna = await _server.PersonAsync("Anna", admin: true);
        var me = Guid.Parse(anna.Id);
        foreach (var other in await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _server.PersonAsync("Other"))))
        {
            (await other.PostAsync("/api/friend-requests", new { handle = anna.Handle })).Is(HttpStatusCode.Created);
        }

        await _server.ReadAsync(async db =>
        {
            db.Notifications.AddRange(Enumerable.Range(1, Notification.AlwaysKept).Select(i => new Notification
            {
                Id = Guid.NewGuid(),
                AccountId = me,
                Kind = NoticeKind.FriendRequest,
                ActorId = Guid.NewGuid(),
                SubjectId = Guid.NewGuid(),
                At = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (i * 3600)),
            }));
            return await db.SaveChangesAsync();
        });
        var notices = await anna.NoticesAsync();
        Assert.Equal(3, notices.Count);
        _clock.Jump(Year);
        await _server.Plane.App.Services.GetRequiredService<DailySummary>().SweepAsync(default);
        _clock.Jump(-Year);
        await _server.ForgetAsync();
        Assert.Equal(notices.Select(n => n.Id()), (await anna.NoticesAsync()).Select(n => n.Id()));
        // And no more than that outlasts it.
        Assert.Equal(Notification.AlwaysKept, await _server.ReadAsync(db => db.Notifications.CountAsync(n => n.AccountId == me)));
    }

    /// <summary>Signed in again: by a clock that is a year ahead every session is over, and who signs in then gives up the old ones.</summary>
    private async Task<Someone> AgainAsync(Someone who) =>
        await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/sessions", new { handle = who.Handle, password = Someone.Password }));
}
