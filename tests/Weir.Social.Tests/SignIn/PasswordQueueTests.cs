using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Accounts;

namespace Weir.Social.Tests.SignIn;

public sealed class PasswordQueueTests
{
    [Fact]
    public async Task The_known_go_first_too_many_are_refused_and_who_went_away_costs_nothing()
    {
        var hashing = new GatedHashing { IsOpen = false };
        using var gone = new CancellationTokenSource();
        using var queue = new PasswordQueue(hashing, new PasswordQueueLimits { Threads = 1, MaxWaiting = 2 });
        var first = queue.Verify(null, "the first one", PasswordLane.Unknown, default);
        await Patience.HoldsAsync(() => hashing.Begun == 1);
        var second = queue.Verify(null, "who went away", PasswordLane.Unknown, gone.Token);
        var third = queue.Hash("the third one", PasswordLane.Unknown, default);
        Assert.Null(queue.Verify(null, "one too many", PasswordLane.Unknown, default));
        Assert.Null(queue.Hash("one too many", PasswordLane.Unknown, default));
        var known = queue.Hash("of somebody known", PasswordLane.Known, default);
        await gone.CancelAsync();
        hashing.IsOpen = true;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second!);
        Assert.Equal(PasswordVerificationResult.Failed, await first!);
        var hash = await known!;
        Assert.NotEqual(hash, await third!);
        Assert.Equal(["the first one", "of somebody known", "the third one"], hashing.Done);
        Assert.Equal(PasswordVerificationResult.Success, await queue.Verify(hash, "of somebody known", PasswordLane.Known, default)!);
    }

    [Fact]
    public async Task Of_four_one_is_unknown_while_both_wait()
    {
        var hashing = new GatedHashing { IsOpen = false };
        using var queue = new PasswordQueue(hashing, new PasswordQueueLimits { Threads = 1 });
        var first = queue.Hash("first", PasswordLane.Known, default);
        await Patience.HoldsAsync(() => hashing.Begun == 1);
        var all = new List<Task<string>> { first! };
        all.AddRange(Enumerable.Range(1, 8).Select(i => queue.Hash($"known {i}", PasswordLane.Known, default)!));
        all.AddRange(Enumerable.Range(1, 3).Select(i => queue.Hash($"unknown {i}", PasswordLane.Unknown, default)!));
        hashing.IsOpen = true;
        await Task.WhenAll(all);
        Assert.Equal(
            [
                "first", "known 1", "known 2", "known 3", "unknown 1", "known 4", "known 5", "known 6", "unknown 2", "known 7", "known 8",
                "unknown 3",
            ],
            hashing.Done);
    }

    [Fact]
    public async Task What_waits_at_the_end_is_cancelled_and_nothing_is_taken_after_it()
    {
        var hashing = new GatedHashing { IsOpen = false };
        var queue = new PasswordQueue(hashing, new PasswordQueueLimits { Threads = 1 });
        var running = queue.Hash("a good password", PasswordLane.Known, default);
        await Patience.HoldsAsync(() => hashing.Begun == 1);
        var waiting = queue.Hash("a good password", PasswordLane.Unknown, default);
        var ending = Task.Run(queue.Dispose);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting!);
        hashing.IsOpen = true;
        await ending;
        Assert.NotEmpty(await running!);
        Assert.Null(queue.Hash("a good password", PasswordLane.Known, default));
    }

    [Fact]
    public async Task While_passwords_wait_others_are_answered_and_the_next_is_told_to_come_later()
    {
        var hashing = new GatedHashing();
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<PasswordHashing>(hashing)
            .AddSingleton(new PasswordQueueLimits { Threads = 1, MaxWaiting = 2 }));
        var anna = await server.PersonAsync("Anna", admin: true);
        var before = hashing.Begun;
        hashing.IsOpen = false;
        Task<Answer> SignIn(int i) => server.Anybody.PostAsync(
            "/api/sessions", new { handle = $"somebody_{i}", password = "not their password" });
        List<Task<Answer>> waiting = [SignIn(0)];
        await Patience.HoldsAsync(() => hashing.Begun == before + 1);
        // However they arrive, two of these wait and the others do not.
        waiting.AddRange(Enumerable.Range(1, 4).Select(SignIn));
        await Patience.HoldsAsync(() => waiting.Count(answer => answer.IsCompleted) == 2);
        foreach (var refused in waiting.Where(answer => answer.IsCompleted).ToList())
        {
            var busy = (await refused).Is(HttpStatusCode.ServiceUnavailable);
            Assert.Equal(("busy", TimeSpan.FromSeconds(2)), (busy.Code, busy.Message.Headers.RetryAfter!.Delta));
            waiting.Remove(refused);
        }

        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);

        hashing.IsOpen = true;
        Assert.All(await Task.WhenAll(waiting), answer => answer.Is(HttpStatusCode.Unauthorized));
        (await server.Anybody.PostAsync(
            "/api/sessions", new { handle = anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task What_cannot_be_right_is_refused_without_being_hashed()
    {
        var hashing = new GatedHashing();
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<PasswordHashing>(hashing));
        var anna = await server.PersonAsync("Anna", admin: true);
        var before = hashing.Begun;
        foreach (var password in new[] { null, "", "seven 7", new string('x', (2 * PasswordRules.MaxLength) + 1) })
        {
            (await server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password })).Is(HttpStatusCode.Unauthorized);
            (await anna.PostAsync(
                "/api/me/password", new { current = password, @new = "another good password" })).Is(HttpStatusCode.BadRequest);
        }

        (await server.Anybody.PostAsync(
            "/api/sessions", new { handle = "no!", password = Someone.Password })).Is(HttpStatusCode.Unauthorized);
        (await anna.PostAsync("/api/me/password", new { current = Someone.Password, @new = "password" })).Is(HttpStatusCode.BadRequest);
        Assert.Equal(before, hashing.Begun);
    }

    [Fact]
    public async Task A_taken_handle_is_found_before_a_password_is_hashed_and_counts()
    {
        var hashing = new GatedHashing();
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<PasswordHashing>(hashing));
        var anna = await server.PersonAsync("Anna", admin: true);
        var code = (await anna.PostAsync("/api/invitations")).Text("code");
        Task<Answer> SignUp(string handle, string invitation) =>
            server.Anybody.PostAsync("/api/accounts", new { invitation, handle, name = "Ben", password = Someone.Password });
        var before = hashing.Begun;
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("handle-taken", (await SignUp(anna.Handle, code)).Is(HttpStatusCode.BadRequest).Code);
        }

        Assert.Equal("throttled", (await SignUp(anna.Handle, code)).Is(HttpStatusCode.TooManyRequests).Code);
        Assert.Equal("throttled", (await SignUp("somebody_new", code)).Is(HttpStatusCode.TooManyRequests).Code);
        Assert.Equal(before, hashing.Begun);
        // Who was invited otherwise comes in from the same place.
        (await SignUp("somebody_new", (await anna.PostAsync("/api/invitations")).Text("code"))).Is(HttpStatusCode.Created);
    }
}
