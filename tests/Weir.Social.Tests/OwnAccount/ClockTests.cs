using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace Weir.Social.Tests.OwnAccount;

/// <summary>A clock that jumps, as one that is set by hand or found wrong by NTP.</summary>
public sealed class ClockTests
{
    [Fact]
    public async Task A_year_ahead_and_back_again_leaves_sessions_invitations_limits_and_messages_as_they_were()
    {
        var clock = new JumpingClock();
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
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

        clock.Jump(TimeSpan.FromDays(365));
        // Too old by this clock: refused, not deleted. And waiting for the limit does not get shorter by it.
        (await server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.NotFound);
        (await server.Anybody.PostAsync("/api/password-resets/look", new { code = reset })).Is(HttpStatusCode.NotFound);
        (await server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = Someone.Password })).Is(HttpStatusCode.TooManyRequests);
        var ahead = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
        await ahead.SayAsync(conversation, "ahead");
        var future = (await ahead.PostAsync($"/api/admin/accounts/{ben.Handle}/password-reset")).Text("code");

        clock.Jump(TimeSpan.FromDays(-365));
        await server.ForgetAsync();
        (await server.Anybody.GetAsync($"/api/invitations/{code}")).Is(HttpStatusCode.OK);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        await ben.SayAsync(conversation, "after");
        Assert.Equal([(1, "before"), (2, "ahead"), (3, "after")], await ben.CatchUpAsync(conversation, 0, 2));
        (await server.Anybody.PostAsync("/api/password-resets/look", new { code = future })).Is(HttpStatusCode.NotFound);

        // The session that was made in the future is seen now, and is over when it was not used for long from now on.
        (await ahead.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        clock.Jump(TimeSpan.FromDays(91));
        await server.ForgetAsync();
        (await ahead.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await ben.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
    }
}
