using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

public sealed class ThrottlingTests
{
    [Fact]
    public void Attempts_come_back_one_by_one_and_right_ones_do_not_count()
    {
        var clock = new FakeTimeProvider();
        var limiter = new AttemptLimiter(clock, burst: 3, refill: TimeSpan.FromSeconds(10));
        for (var i = 0; i < 20; i++)
        {
            Assert.True(limiter.TryTake(out _, "right"));
            limiter.GiveBack("right");
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.True(limiter.TryTake(out _, "key"));
        }

        Assert.False(limiter.TryTake(out var wait, "key"));
        Assert.Equal(TimeSpan.FromSeconds(10), wait);
        Assert.True(limiter.TryTake(out _, "other"));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(limiter.TryTake(out _, "key"));
        Assert.False(limiter.TryTake(out _, "key"));
        clock.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(limiter.TryTake(out _, "key"));
        }

        Assert.False(limiter.TryTake(out _, "key"));
    }

    [Fact]
    public void A_flood_of_keys_forgets_the_idle_ones_and_keeps_those_under_attack()
    {
        var limiter = new AttemptLimiter(new FakeTimeProvider(), burst: 1, refill: TimeSpan.FromHours(1), capacity: 10);
        Assert.True(limiter.TryTake(out _, "victim"));
        for (var i = 0; i < 1000; i++)
        {
            limiter.TryTake(out _, $"flood {i}");
            Assert.False(limiter.TryTake(out _, "victim"));
        }
    }

    [Fact]
    public void The_networks_of_one_ipv6_site_have_as_much_together_as_a_few_addresses()
    {
        var clock = new FakeTimeProvider();
        var limiter = new AddressLimiter(clock, burst: 3, refill: TimeSpan.FromSeconds(32));
        var (site, through) = (3 * AddressKey.TimesForSite, 0);
        for (var network = 0; network < 65_536; network++)
        {
            through += limiter.TryTake(out _, KeyOf($"2001:db8:1:{network:x}::1")) ? 1 : 0;
        }

        Assert.Equal(site, through);
        Assert.False(limiter.TryTake(out var wait, KeyOf("2001:db8:1:ffff::1")));
        Assert.Equal(TimeSpan.FromSeconds(2), wait);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(limiter.TryTake(out _, KeyOf("2001:db8:1:ffff::1")));
        Assert.False(limiter.TryTake(out _, KeyOf("2001:db8:1:ffff::1")));

        // Another site, and one of its networks, have their own; IPv4 has no sites.
        for (var i = 0; i < 3; i++)
        {
            Assert.True(limiter.TryTake(out _, KeyOf("2001:db8:2:1::1")));
        }

        Assert.False(limiter.TryTake(out wait, KeyOf("2001:db8:2:1::2")));
        Assert.Equal(TimeSpan.FromSeconds(32), wait);
        for (var host = 0; host < 2 * site; host++)
        {
            Assert.True(limiter.TryTake(out _, KeyOf($"192.0.2.{host}")));
        }

        // What was right, and what was refused, takes nothing of the site.
        for (var i = 0; i < 2 * site; i++)
        {
            Assert.True(limiter.TryTake(out _, KeyOf("2001:db8:3:1::1")));
            limiter.GiveBack(KeyOf("2001:db8:3:1::1"));
            limiter.TryTake(out _, KeyOf("2001:db8:2:1::1"));
        }

        Assert.True(limiter.TryTake(out _, KeyOf("2001:db8:2:2::1")));

        static string KeyOf(string address) => AttemptLimiter.KeyOf(IPAddress.Parse(address));
    }

    [Fact]
    public void A_whole_ipv6_customer_is_one_address()
    {
        Assert.Equal(AttemptLimiter.KeyOf(IPAddress.Parse("2001:db8:1:2::1")), AttemptLimiter.KeyOf(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.NotEqual(AttemptLimiter.KeyOf(IPAddress.Parse("2001:db8:1:2::1")), AttemptLimiter.KeyOf(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.Equal("192.0.2.1", AttemptLimiter.KeyOf(IPAddress.Parse("::ffff:192.0.2.1")));
    }

    [Fact]
    public async Task Guessing_passwords_and_the_set_up_code_is_slowed_and_says_for_how_long()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        Answer answer;
        for (var i = 0; i < 10; i++)
        {
            answer = await server.Anybody.PostAsync("/api/setup", new { code = "a wrong code!", handle = "anna", name = "Anna", password = Someone.Password });
            Assert.Equal("wrong-code", answer.Is(HttpStatusCode.Forbidden).Code);
        }

        answer = await server.Anybody.PostAsync("/api/setup", new { code = Server.SetupCode, handle = "anna", name = "Anna", password = Someone.Password });
        Assert.Equal("throttled", answer.Is(HttpStatusCode.TooManyRequests).Code);
        clock.Advance(answer.Message.Headers.RetryAfter!.Delta!.Value);
        var anna = await server.PersonAsync("Anna", admin: true);
        Assert.Null(server.Plane.SetupCode);

        foreach (var handle in new[] { anna.Handle, "nobody_at_all" })
        {
            for (var i = 0; i < 10; i++)
            {
                (await server.Anybody.PostAsync("/api/sessions", new { handle, password = "wrong password" })).Is(HttpStatusCode.Unauthorized);
            }

            answer = (await server.Anybody.PostAsync("/api/sessions", new { handle, password = Someone.Password })).Is(HttpStatusCode.TooManyRequests);
            Assert.Equal(TimeSpan.FromSeconds(30), answer.Message.Headers.RetryAfter!.Delta);
        }

        clock.Advance(TimeSpan.FromSeconds(30));
        (await server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_invitation_and_a_session_expire()
    {
        var clock = new LaterTime();
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        var anna = await server.PersonAsync("Anna", admin: true);
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        clock.Advance(TimeSpan.FromDays(6));
        (await anna.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromDays(2));
        (await anna.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.NotFound);
        clock.Advance(TimeSpan.FromDays(91));
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_session_that_is_used_every_month_is_over_after_a_year()
    {
        var clock = new LaterTime();
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        var anna = await server.PersonAsync("Anna", admin: true);
        var again = await server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password });
        var cookie = again.Message.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith("weir=", StringComparison.Ordinal));
        // The browser's part of it lasts as long.
        Assert.Contains("max-age=31536000", cookie, StringComparison.Ordinal);
        for (var month = 1; month <= 12; month++)
        {
            clock.Advance(TimeSpan.FromDays(30));
            (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
            await server.NotedAsync();
        }

        clock.Advance(TimeSpan.FromDays(6));
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }

    /// <summary>Real time, some days later. A clock that only tests move would let every timer of the server run through each second of a hundred days.</summary>
    private sealed class LaterTime : TimeProvider
    {
        private TimeSpan _later;

        public void Advance(TimeSpan by) => _later += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _later;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(_later.TotalSeconds * TimestampFrequency);
    }
}
