using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts.Planes;
using Weir.Social.Notifications;
using Weir.Social.Notifications.Push;

namespace Weir.Social.Tests;

public sealed class PushOnSqlite : PushTests
{
    protected override Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class PushOnPostgres(PostgresServer shared) : PushTests
{
    protected override Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

public abstract class PushTests : IAsyncLifetime
{
    /// <summary>How long messages wait to be read. Nobody sits through it: time goes by when all has been said.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(5);

    private readonly ShiftedClock _clock = new();
    private readonly PushBrowser _browser = new();
    private Server _server = null!;
    private PushService _service = null!;
    private Someone _anna = null!;
    private Someone _ben = null!;

    protected abstract Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure);

    public async ValueTask InitializeAsync()
    {
        _service = await PushService.StartAsync();
        _server = await StartAsync(builder => builder.Services
            .AddSingleton<TimeProvider>(_clock)
            .AddSingleton(new PushLimits { AllowLocal = true, Patience = Patience.Limit, MessageDelay = Delay, Interval = TimeSpan.FromMilliseconds(100), FirstRetry = TimeSpan.FromMilliseconds(200) }));
        _anna = await _server.PersonAsync("Anna", admin: true);
        _ben = await _server.PersonAsync("Ben");
        (await _ben.PutAsync("/api/push/subscription", _service.Subscription("ben", _browser))).Is(HttpStatusCode.NoContent);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _service.DisposeAsync();
        _browser.Dispose();
    }

    [Fact]
    public async Task A_message_reaches_the_browser_encrypted_signed_and_without_its_text()
    {
        await NoRequestsAsync();
        await _anna.BefriendAsync(_ben);
        var id = await _anna.TalkAsync(_ben);
        await _anna.SayAsync(id, "Nobody else may read this");
        _clock.Pass(Delay);
        var (to, headers, body) = await _service.NextAsync();
        Assert.Equal("ben", to);
        Assert.Equal("aes128gcm", headers.ContentEncoding.ToString());
        Assert.Equal("high", headers["Urgency"].ToString());
        Assert.InRange(int.Parse(headers["TTL"].ToString()), 3600, 3 * 86400);
        Assert.Matches("^[A-Za-z0-9_-]{32}$", headers["Topic"].ToString());
        var key = (await _ben.GetAsync("/api/push/key")).Is(HttpStatusCode.OK).Text("key");
        Assert.Equal(_service.Endpoint("ben").Split("/push")[0], PushEncryptionTests.Vapid(headers.Authorization.ToString(), key).GetProperty("aud").GetString());
        var text = _browser.Decrypt(body);
        Assert.DoesNotContain("Nobody else", Encoding.UTF8.GetString(text));
        var said = System.Text.Json.JsonDocument.Parse(text).RootElement;
        Assert.Equal(("directMessage", "Anna", $"/c/{id}?at=1"), (said.Kind(), said.GetProperty("who").GetString(), said.GetProperty("url").GetString()));

        // Several at once go as one, under the same topic.
        (await _ben.PutAsync("/api/notifications/settings", new { previews = true, summaryAt = 1080 })).Is(HttpStatusCode.OK);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => _anna.SayAsync(id, $"Text {i}")));
        _clock.Pass(Delay);
        var (_, more, second) = await _service.NextAsync();
        Assert.Equal(headers["Topic"].ToString(), more["Topic"].ToString());
        said = System.Text.Json.JsonDocument.Parse(_browser.Decrypt(second)).RootElement;
        Assert.Equal(5, said.GetProperty("count").GetInt32());
        Assert.StartsWith("Text ", said.GetProperty("text").GetString());
    }

    [Fact]
    public async Task What_was_read_muted_or_said_to_all_of_a_group_is_not_pushed_and_a_mention_is()
    {
        var cleo = await _server.PersonAsync("Cleo");
        await NoRequestsAsync();
        await _anna.BefriendAsync(_ben);
        await _anna.BefriendAsync(cleo);
        await cleo.BefriendAsync(_ben);
        var (read, muted) = (await _anna.TalkAsync(_ben), await cleo.TalkAsync(_ben));
        var group = (await _anna.PostAsync("/api/conversations", new { members = new[] { _ben.Handle, cleo.Handle }, name = "Garden" })).Text("id");
        await _ben.PutAsync($"/api/conversations/{muted}/mute");
        await _anna.SayAsync(read, "Read at once");
        await _ben.PutAsync($"/api/conversations/{read}/read", new { seq = 1 });
        await cleo.SayAsync(muted, "Silence");
        await _anna.SayAsync(group, "To all");
        await cleo.PostAsync($"/api/conversations/{muted}/messages", new { clientId = "m", text = "Still silent", mentions = new[] { _ben.Id } });
        // A conversation of its own: what came before it is decided when it comes.
        var other = (await _anna.PostAsync("/api/conversations", new { members = new[] { _ben.Handle, cleo.Handle }, name = "Other" })).Text("id");
        await _anna.PostAsync($"/api/conversations/{other}/messages", new { clientId = "x", text = "@Ben", mentions = new[] { _ben.Id } });
        await _anna.SayAsync(other, "And more");
        // A mention is known a moment after its message was acknowledged.
        var next = _service.NextAsync(_browser);
        while (!next.IsCompleted)
        {
            _clock.Pass(Delay);
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1)));
        }

        var said = await next;
        Assert.Equal(("mention", $"/c/{other}?at=1"), (said.Kind(), said.GetProperty("url").GetString()));
        Assert.True(_service.IsEmpty);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_holds_no_push_up()
    {
        await NoRequestsAsync();
        await _anna.BefriendAsync(_ben);
        var id = await _anna.TalkAsync(_ben);
        _service.Answers.Enqueue((429, "1"));
        // While it waits to be decided, and while it waits to be sent again.
        await _anna.SayAsync(id, "Hello");
        _clock.Shift = TimeSpan.FromDays(-1);
        _clock.Pass(Delay);
        await _service.NextAsync();
        var desk = _server.Plane.App.Services.GetRequiredService<PushDesk>();
        await Eventually(() => desk.IsIdle);
        _clock.Shift = TimeSpan.FromDays(-2);
        Assert.Equal("directMessage", (await _service.NextAsync(_browser)).Kind());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_read_meanwhile_or_whose_session_ended_is_not_sent_again(bool read)
    {
        await NoRequestsAsync();
        await _anna.BefriendAsync(_ben);
        var id = await _anna.TalkAsync(_ben);
        _service.Answers.Enqueue((503, "1"));
        await _anna.SayAsync(id, "Not for long");
        _clock.Pass(Delay);
        await _service.NextAsync();
        (read
            ? await _ben.PutAsync($"/api/conversations/{id}/read", new { seq = 1 })
            : await _ben.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);
        var sender = _server.Plane.App.Services.GetRequiredService<PushSender>();
        await Patience.HoldsAsync(() => sender.IsIdle);
        Assert.True(_service.IsEmpty);
    }

    [Fact]
    public async Task A_group_of_two_is_a_group_and_no_direct_conversation()
    {
        await NoRequestsAsync();
        await _anna.BefriendAsync(_ben);
        var group = (await _anna.PostAsync("/api/conversations", new { members = new[] { _ben.Handle }, name = "Two" })).Is(HttpStatusCode.Created).Text("id");
        var direct = await _anna.TalkAsync(_ben);
        // What is said to all of a group is not pushed by default, however few they are.
        await _anna.SayAsync(group, "To the two of us");
        await _anna.SayAsync(direct, "To you");
        _clock.Pass(Delay);
        var said = await _service.NextAsync(_browser);
        Assert.Equal(("directMessage", $"/c/{direct}?at=1"), (said.Kind(), said.GetProperty("url").GetString()));
        Assert.True(_service.IsEmpty);

        (await _ben.PutAsync("/api/notifications/settings", new { kinds = new { groupMessage = new { inApp = false, push = "now" } }, summaryAt = 1080 })).Is(HttpStatusCode.OK);
        await _anna.SayAsync(group, "And again");
        _clock.Pass(Delay);
        var (_, headers, body) = await _service.NextAsync();
        said = System.Text.Json.JsonDocument.Parse(_browser.Decrypt(body)).RootElement;
        Assert.Equal(("groupMessage", "normal"), (said.Kind(), headers["Urgency"].ToString()));
    }

    [Fact]
    public async Task A_friend_with_a_star_who_goes_live_is_pushed_once()
    {
        await NoRequestsAsync();
        var cleo = await _server.PersonAsync("Cleo");
        foreach (var friend in new[] { _anna, cleo })
        {
            await friend.BefriendAsync(_ben);
        }

        (await _ben.PutAsync($"/api/friends/{_anna.Handle}/star")).Is(HttpStatusCode.NoContent);
        // Cleo has no star, and nothing of hers comes before Anna's.
        var (cleos, annas) = (await cleo.BroadcastAsync(new { kind = "friends" }, "Without a star"), await _anna.BroadcastAsync(new { kind = "friends" }, "Sunrise"));
        await using var node = await FakeNode.ReadyAsync(_server);
        await node.ReportAsync(cleos, 1, BroadcastPhase.Live);
        var revision = 0;
        foreach (var phase in new[] { BroadcastPhase.Live, BroadcastPhase.Interrupted, BroadcastPhase.Live })
        {
            await node.ReportAsync(annas, ++revision, phase);
        }

        var (_, headers, body) = await _service.NextAsync();
        var said = System.Text.Json.JsonDocument.Parse(_browser.Decrypt(body)).RootElement;
        Assert.Equal(("live", "Anna", $"/b/{annas}"), (said.Kind(), said.GetProperty("who").GetString(), said.GetProperty("url").GetString()));
        Assert.Equal("normal", headers["Urgency"].ToString());
        Assert.InRange(int.Parse(headers["TTL"].ToString()), 3000, 3600);
        Assert.DoesNotContain("Sunrise", said.GetRawText(), StringComparison.Ordinal);
        var desk = _server.Plane.App.Services.GetRequiredService<PushDesk>();
        await Eventually(() => desk.IsIdle);
        Assert.True(_service.IsEmpty);
    }

    [Fact]
    public async Task Nothing_is_pushed_in_quiet_hours()
    {
        var minute = (int)_clock.GetUtcNow().TimeOfDay.TotalMinutes;
        await QuietAsync(new { from = (minute + 1440 - 60) % 1440, to = (minute + 60) % 1440 });
        await _anna.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
        var cleo = await _server.PersonAsync("Cleo");
        var desk = _server.Plane.App.Services.GetRequiredService<PushDesk>();
        await Eventually(() => desk.IsIdle);
        await QuietAsync(null);
        await cleo.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
        Assert.Equal("Cleo", (await _service.NextAsync(_browser)).GetProperty("who").GetString());
        Assert.Equal(2, await _ben.UnreadAsync());

        async Task QuietAsync(object? quietHours) => (await _ben.PutAsync("/api/notifications/settings", new { quietHours, summaryAt = 1080 })).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_busy_service_is_asked_again_and_a_subscription_that_is_gone_is_forgotten()
    {
        _service.Answers.Enqueue((429, "1"));
        _service.Answers.Enqueue((503, null));
        await _anna.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
        var first = await _service.NextAsync();
        Assert.Equal(first.Headers["Topic"].ToString(), (await _service.NextAsync()).Headers["Topic"].ToString());
        Assert.Equal(first.Headers["Topic"].ToString(), (await _service.NextAsync()).Headers["Topic"].ToString());

        _service.Answers.Enqueue((410, null));
        var cleo = await _server.PersonAsync("Cleo");
        await cleo.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
        await _service.NextAsync();
        await Until.HoldsAsync(async () => await _server.ReadAsync(db => db.PushSubscriptions.CountAsync()) == 0);
    }

    [Fact]
    public async Task A_push_is_signed_for_the_address_at_which_browsers_subscribe_and_a_refused_signature_deletes_nothing()
    {
        var key = (await _ben.GetAsync("/api/push/key")).Is(HttpStatusCode.OK).Text("key");
        Assert.Equal("https://localhost", await SignedForAsync(403));
        foreach (var (host, origin, expected) in new[]
        {
            ("weir.example", "https://weir.example", "https://weir.example"),
            ("localhost:8080", "http://localhost:8080", "https://weir.example"),
            ("weir.example", "https://evil.example", "https://weir.example"),
            ("xn--bcher-kva.example:8443", "https://xn--bcher-kva.example:8443", "https://xn--bcher-kva.example:8443"),
        })
        {
            (await _ben.SendAsync(HttpMethod.Put, "/api/push/subscription", _service.Subscription("ben", _browser), request =>
            {
                request.Headers.Host = host;
                request.Headers.Add("Origin", origin);
            })).Is(HttpStatusCode.NoContent);
            Assert.Equal(expected, await SignedForAsync(401));
        }

        Assert.Equal(1, await _server.ReadAsync(db => db.PushSubscriptions.CountAsync()));

        // The next start knows it too.
        var again = new PushContact(_server.Options, Microsoft.Extensions.Logging.Abstractions.NullLogger<PushContact>.Instance);
        Assert.Equal("https://xn--bcher-kva.example:8443/", again.Current.AbsoluteUri);
        var known = new PushContact(_server.Options with { PublicUrl = new Uri("https://weir.example") }, Microsoft.Extensions.Logging.Abstractions.NullLogger<PushContact>.Instance);
        Assert.Equal("https://weir.example/", known.Current.AbsoluteUri);

        async Task<string?> SignedForAsync(int status)
        {
            _service.Answers.Enqueue((status, null));
            var somebody = await _server.PersonAsync("Somebody");
            await somebody.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
            var (_, headers, _) = await _service.NextAsync();
            return PushEncryptionTests.Vapid(headers.Authorization.ToString(), key).GetProperty("sub").GetString();
        }
    }

    [Fact]
    public async Task A_subscription_ends_with_its_session_and_follows_the_browser()
    {
        // The same browser, now Cleo's: nothing of Ben's comes up there.
        var cleo = await _server.PersonAsync("Cleo");
        (await cleo.PutAsync("/api/push/subscription", _service.Subscription("ben", _browser))).Is(HttpStatusCode.NoContent);
        Assert.Equal(1, await _server.ReadAsync(db => db.PushSubscriptions.CountAsync()));
        (await cleo.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, await _server.ReadAsync(db => db.PushSubscriptions.CountAsync()));

        (await _ben.PutAsync("/api/push/subscription", _service.Subscription("a", _browser))).Is(HttpStatusCode.NoContent);
        (await _ben.PutAsync("/api/push/subscription", _service.Subscription("b", _browser, "zh"))).Is(HttpStatusCode.NoContent);
        await _anna.PostAsync("/api/friend-requests", new { handle = _ben.Handle });
        var (to, _, body) = await _service.NextAsync();
        Assert.Equal(("b", "zh"), (to, System.Text.Json.JsonDocument.Parse(_browser.Decrypt(body)).RootElement.GetProperty("language").GetString()));
        (await _ben.DeleteAsync("/api/push/subscription")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, await _server.ReadAsync(db => db.PushSubscriptions.CountAsync()));
    }

    [Fact]
    public async Task What_comes_quietly_is_summed_up_once_at_the_time_chosen()
    {
        var minute = ((int)_clock.GetUtcNow().TimeOfDay.TotalMinutes + 5) % 1440;
        (await _anna.PutAsync("/api/push/subscription", _service.Subscription("anna", _browser))).Is(HttpStatusCode.NoContent);
        (await _anna.PutAsync("/api/notifications/settings", new { summaryAt = minute })).Is(HttpStatusCode.OK);
        var (cleo, dora) = (await _server.PersonAsync("Cleo"), await _server.PersonAsync("Dora"));
        await _anna.BefriendAsync(cleo);
        await _anna.BefriendAsync(dora);
        Assert.Equal(0, await _anna.UnreadAsync());
        var summary = _server.Plane.App.Services.GetRequiredService<DailySummary>();
        Assert.Equal(0, await summary.RunAsync(default));
        _clock.Shift = TimeSpan.FromMinutes(7);
        Assert.Equal(1, await summary.RunAsync(default));
        Assert.Equal(0, await summary.RunAsync(default));

        var item = Assert.Single(await _anna.NoticesAsync(), i => i.Kind() == "summary");
        Assert.Equal(2, item.GetProperty("counts").GetProperty("friendAccepted").GetInt32());
        Assert.Equal(1, await _anna.UnreadAsync());
        var said = await _service.NextAsync(_browser);
        Assert.Equal(("summary", 2), (said.Kind(), said.GetProperty("counts").GetProperty("friendAccepted").GetInt32()));

        // What is taken back afterwards is not counted any more, and nothing to tell is told by nobody.
        (await cleo.DeleteAsync($"/api/friends/{_anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Equal(1, Assert.Single(await _anna.NoticesAsync(), i => i.Kind() == "summary").GetProperty("counts").GetProperty("friendAccepted").GetInt32());
        (await dora.DeleteAsync($"/api/friends/{_anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await _anna.NoticesAsync());
        _clock.Shift = TimeSpan.FromDays(1.2);
        Assert.Equal(0, await summary.RunAsync(default));
    }

    [Fact]
    public async Task A_list_ends_after_ninety_days_and_five_hundred_entries()
    {
        var anna = Guid.Parse(_anna.Id);
        await _server.ReadAsync(async db =>
        {
            db.Notifications.AddRange(Enumerable.Range(0, Notification.MaxListed + 20).Select(i => new Notification
            {
                Id = Guid.NewGuid(),
                AccountId = anna,
                Kind = NoticeKind.FriendRequest,
                ActorId = Guid.NewGuid(),
                SubjectId = Guid.NewGuid(),
                At = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - i),
            }));
            return await db.SaveChangesAsync();
        });
        var summary = _server.Plane.App.Services.GetRequiredService<DailySummary>();
        await summary.SweepAsync(default);
        Assert.Equal(Notification.MaxListed, await _server.ReadAsync(db => db.Notifications.CountAsync(n => n.AccountId == anna)));
        _clock.Shift = Notification.Lifetime + TimeSpan.FromDays(1);
        await summary.SweepAsync(default);
        Assert.Equal(Notification.AlwaysKept, await _server.ReadAsync(db => db.Notifications.CountAsync(n => n.AccountId == anna)));
        // Those are for a clock that was wrong: nobody is shown them.
        _anna = await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/sessions", new { handle = _anna.Handle, password = Someone.Password }));
        Assert.Empty(await _anna.NoticesAsync());
    }

    [Fact]
    public async Task Bad_subscriptions_are_refused()
    {
        await using var server = await StartAsync(_ => { });
        var anna = await server.PersonAsync("Anna", admin: true);
        var good = new { p256dh = System.Buffers.Text.Base64Url.EncodeToString(_browser.Key), auth = System.Buffers.Text.Base64Url.EncodeToString(_browser.Auth) };
        foreach (var endpoint in new[] { null, "", "http://push.example.net/x", "ftp://push.example.net", "https://user:word@push.example.net/", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.1/", "https://push.example.net/" + new string('x', 1000), "no address" })
        {
            Assert.Equal("push-endpoint", (await anna.PutAsync("/api/push/subscription", new { endpoint, keys = good })).Is(HttpStatusCode.BadRequest).Code);
        }

        foreach (var keys in new object?[] { null, new { }, new { good.p256dh, auth = "AAAA" }, new { p256dh = "!!", good.auth }, new { p256dh = System.Buffers.Text.Base64Url.EncodeToString(new byte[65]), good.auth } })
        {
            Assert.Equal("push-keys", (await anna.PutAsync("/api/push/subscription", new { endpoint = "https://push.example.net/x", keys })).Is(HttpStatusCode.BadRequest).Code);
        }

        (await anna.PutAsync("/api/push/subscription", new { endpoint = "https://push.example.net/x", keys = good })).Is(HttpStatusCode.NoContent);
        (await server.Anybody.GetAsync("/api/push/key")).Is(HttpStatusCode.Unauthorized);
    }

    private async Task NoRequestsAsync() => (await _ben.PutAsync(
        "/api/notifications/settings", new { kinds = new { friendRequest = new { inApp = true, push = "never" } }, summaryAt = 1080 })).Is(HttpStatusCode.OK);

    private static Task Eventually(Func<bool> holds) => Until.HoldsAsync(() => Task.FromResult(holds()));
}
