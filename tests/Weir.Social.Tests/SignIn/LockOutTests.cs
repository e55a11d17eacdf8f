using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Sessions;

namespace Weir.Social.Tests.SignIn;

/// <summary>Wrong passwords slow who tries them, and nobody else.</summary>
public sealed class LockOutTests : IAsyncLifetime
{
    private const string Wrong = "a wrong password";
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private Server _server = null!;
    private Someone _anna = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(
            configure: b => b.Services.AddSingleton<TimeProvider>(_clock),
            options: o => o with { TrustedProxies = ["127.0.0.1/32", "::1/128"] });
        _anna = await _server.PersonAsync("Anna", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Somebody_who_guesses_locks_nobody_out_who_is_elsewhere_or_signed_in()
    {
        for (var i = 0; i < 10; i++)
        {
            (await SignInAsync(Wrong, "192.0.2.1")).Is(HttpStatusCode.Unauthorized);
        }

        (await SignInAsync(Someone.Password, "192.0.2.1")).Is(HttpStatusCode.TooManyRequests);
        (await SignInAsync(Someone.Password, "198.51.100.7")).Is(HttpStatusCode.Created);
        (await _anna.PostAsync(
            "/api/me/password", new { current = Someone.Password, @new = "another good password" })).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_device_that_signed_in_before_is_not_in_the_way_of_those_beside_it()
    {
        var mark = MarkOf(await SignInAsync(Someone.Password, "192.0.2.1"));
        var ben = await _server.PersonAsync("Ben");
        var bens = MarkOf((await SignInAsync(Someone.Password, "192.0.2.2", handle: ben.Handle)).Is(HttpStatusCode.Created));
        for (var i = 0; i < 10; i++)
        {
            (await SignInAsync(Wrong, "192.0.2.1")).Is(HttpStatusCode.Unauthorized);
        }

        (await SignInAsync(Someone.Password, "192.0.2.1")).Is(HttpStatusCode.TooManyRequests);
        // Somebody else's device, no device of this server, and the mark with one letter changed.
        foreach (var other in new[] { bens, new string('A', 43), (mark[0] == 'A' ? 'B' : 'A') + mark[1..], "%%%" })
        {
            (await SignInAsync(Someone.Password, "192.0.2.1", other)).Is(HttpStatusCode.TooManyRequests);
        }

        var again = (await SignInAsync(Someone.Password, "192.0.2.1", mark)).Is(HttpStatusCode.Created);
        // The device knows both people after the second signed in, and says so to sign-in alone.
        var cookie = again.Message.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith("weir-device=", StringComparison.Ordinal));
        Assert.Contains("path=/api/sessions; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        var both = MarkOf((await SignInAsync(Someone.Password, "192.0.2.3", mark, ben.Handle)).Is(HttpStatusCode.Created));
        (await SignInAsync(Someone.Password, "192.0.2.1", both)).Is(HttpStatusCode.Created);

        // It guesses no more than others.
        for (var i = 0; i < 10; i++)
        {
            (await SignInAsync(Wrong, $"203.0.113.{i}", both)).Is(HttpStatusCode.Unauthorized);
        }

        var slowed = (await SignInAsync(Someone.Password, "203.0.113.99", both)).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(30), slowed.Message.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task A_crowd_that_guesses_together_is_stopped_and_the_owners_device_is_not()
    {
        var mark = MarkOf(await SignInAsync(Someone.Password, "192.0.2.1"));
        for (var i = 0; i < 100; i++)
        {
            (await SignInAsync(Wrong, $"198.51.100.{i}")).Is(HttpStatusCode.Unauthorized);
        }

        (await SignInAsync(Wrong, "203.0.113.1")).Is(HttpStatusCode.TooManyRequests);
        (await SignInAsync(Someone.Password, "203.0.113.2", mark)).Is(HttpStatusCode.Created);
        _clock.Advance(TimeSpan.FromMinutes(1));
        (await SignInAsync(Someone.Password, "203.0.113.3")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Ones_own_right_password_in_a_loop_is_slowed_too()
    {
        for (var i = 0; i < 10; i++)
        {
            (await _anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password })).Is(HttpStatusCode.Created);
        }

        (await _anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password })).Is(HttpStatusCode.TooManyRequests);
        for (var i = 0; i < 29; i++)
        {
            (await SignInAsync(Someone.Password, "192.0.2.1")).Is(HttpStatusCode.Created);
        }

        var other = await Someone.OfAsync(_server, await SignInAsync(Someone.Password, "192.0.2.1"));
        var slowed = (await SignInAsync(Someone.Password, "192.0.2.9")).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(20), slowed.Message.Headers.RetryAfter!.Delta);
        // Another session counts by itself.
        (await other.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Many_devices_of_one_account_guess_no_more_than_a_few_do()
    {
        var marks = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            marks.Add(MarkOf(await SignInAsync(Someone.Password, "192.0.2.1")));
        }

        for (var i = 0; i < 60; i++)
        {
            (await SignInAsync(Wrong, $"198.51.100.{i}", marks[i / 10])).Is(HttpStatusCode.Unauthorized);
        }

        var slowed = (await SignInAsync(Wrong, "203.0.113.1", marks[6])).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(10), slowed.Message.Headers.RetryAfter!.Delta);
        // Nor is what was refused taken from the device.
        _clock.Advance(TimeSpan.FromSeconds(100));
        for (var i = 0; i < 10; i++)
        {
            (await SignInAsync(Wrong, "203.0.113.1", marks[6])).Is(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Known_devices_at_one_address_guess_no_more_than_a_houseful_does()
    {
        var people = new List<(string Handle, List<string> Marks)>();
        for (var person = 0; person < 3; person++)
        {
            var someone = await _server.PersonAsync("Ben");
            var marks = new List<string>();
            for (var i = 0; i < 5; i++)
            {
                marks.Add(MarkOf(await SignInAsync(Someone.Password, "192.0.2.1", handle: someone.Handle)));
            }

            people.Add((someone.Handle, marks));
        }

        var guesses = people.SelectMany(person => person.Marks.SelectMany(mark => Enumerable.Repeat((person.Handle, mark), 10))).ToList();
        foreach (var (handle, mark) in guesses.Take(120))
        {
            (await SignInAsync(Wrong, "192.0.2.1", mark, handle)).Is(HttpStatusCode.Unauthorized);
        }

        var (last, lasts) = guesses[^1];
        var slowed = (await SignInAsync(Wrong, "192.0.2.1", lasts, last)).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(5), slowed.Message.Headers.RetryAfter!.Delta);
        (await SignInAsync(Someone.Password, "192.0.2.2", lasts, last)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Passwords_asked_for_again_count_by_the_account_too()
    {
        var sessions = new List<Someone>();
        for (var i = 0; i < 5; i++)
        {
            sessions.Add(await Someone.OfAsync(_server, await SignInAsync(Someone.Password, "192.0.2.1")));
        }

        Task<Answer> CheckAsync(Someone who) => who.PostAsync("/api/me/passkeys/challenge", new { password = Wrong });
        for (var i = 0; i < 40; i++)
        {
            (await CheckAsync(sessions[i / 10])).Is(HttpStatusCode.BadRequest);
        }

        var slowed = (await CheckAsync(sessions[4])).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(10), slowed.Message.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task A_new_password_makes_every_device_unknown()
    {
        var mark = MarkOf(await SignInAsync(Someone.Password, "192.0.2.1"));
        const string another = "another good password";
        (await _anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = another })).Is(HttpStatusCode.NoContent);
        for (var i = 0; i < 10; i++)
        {
            (await SignInAsync(Wrong, "192.0.2.1")).Is(HttpStatusCode.Unauthorized);
        }

        (await SignInAsync(another, "192.0.2.1", mark)).Is(HttpStatusCode.TooManyRequests);
        var fresh = MarkOf(await SignInAsync(another, "192.0.2.2", mark));
        (await SignInAsync(another, "192.0.2.1", fresh)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_sign_up_leaves_the_marks_of_the_others_at_the_device()
    {
        var invitation = (await _anna.PostAsync("/api/invitations")).Is(HttpStatusCode.Created).Text("code");
        var signedUp = (await _server.Anybody.PostAsync(
            "/api/accounts", new { invitation, handle = "somebody_new", name = "Ben", password = Someone.Password })).Is(HttpStatusCode.Created);
        Assert.DoesNotContain(
            signedUp.Message.Headers.GetValues("Set-Cookie"), set => set.StartsWith(DeviceMarks.PlainCookie, StringComparison.Ordinal));
    }

    private Task<Answer> SignInAsync(string password, string from, string? mark = null, string? handle = null) =>
        _server.Anybody.SendAsync(HttpMethod.Post, "/api/sessions", new { handle = handle ?? _anna.Handle, password }, request =>
        {
            request.Headers.Add("X-Forwarded-For", from);
            if (mark is not null)
            {
                request.Headers.Add("Cookie", $"{DeviceMarks.PlainCookie}={mark}");
            }
        });

    private static string MarkOf(Answer answer) => answer.Is(HttpStatusCode.Created).Message.Headers.GetValues("Set-Cookie")
        .Single(set => set.StartsWith(DeviceMarks.PlainCookie, StringComparison.Ordinal)).Split(';')[0][(DeviceMarks.PlainCookie.Length + 1)..];
}
