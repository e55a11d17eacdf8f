using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Passkeys;

/// <summary><c>POST /api/passkey-challenges</c> and <c>POST /api/sessions/passkey</c>: sign in without handle and password. Whatever is wrong with an answer, it is refused alike.</summary>
internal static class PasskeySignIn
{
    internal sealed record Request(string? Id, JsonElement? Credential);

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/passkey-challenges", BeginAsync).AllowAnonymous().OnFullDisks().WithTags("Passkeys");
        api.MapPost("/sessions/passkey", SignInAsync).AllowAnonymous().OnFullDisks().WithTags("Passkeys");
    }

    private static async Task<Results<Created<PasskeyQuestion>, ProblemHttpResult>> BeginAsync(
        IPasskeyHandler<Account> handler, PasskeyChallenges challenges, Limits limits, HttpContext context)
    {
        if (!limits.PasskeyChallenges.TryTake(out var retryAfter, AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress)))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var made = await handler.MakeRequestOptionsAsync(null, context);
        return TypedResults.Created((string?)null, new PasskeyQuestion(challenges.Put(Guid.Empty, made.AssertionState!), PasskeyCalls.Parse(made.RequestOptionsJson)));
    }

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> SignInAsync(
        Request request,
        IPasskeyHandler<Account> handler,
        PasskeyChallenges challenges,
        Limits limits,
        SessionStart sessions,
        LivePolicy live,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        ILogger<Passkey> log,
        SecurityLog security,
        CancellationToken cancellation)
    {
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.PasskeysByAddress.TryTake(out var retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (challenges.Take(request.Id, Guid.Empty) is not { State: var state })
        {
            return PasskeyCalls.Expired();
        }

        var verdict = await handler.PerformAssertionAsync(new PasskeyAssertionContext
        {
            HttpContext = context,
            CredentialJson = request.Credential?.GetRawText() ?? "null",
            AssertionState = state,
        });
        if (!verdict.Succeeded)
        {
            log.LogInformation("A passkey was refused: {Reason}", verdict.Failure.Message);
            security.SignInFailed(context, null, "passkey");
            return Refused();
        }

        limits.PasskeysByAddress.GiveBack(address);
        var (id, count, backedUp) = (verdict.Passkey.CredentialId, (long)verdict.Passkey.SignCount, verdict.Passkey.IsBackedUp);
        ProblemHttpResult? fault = null;
        Account? account = null;
        var session = await write.RunAsync(async () =>
        {
            (fault, account) = (null, null);
            // Removed, deleted or suspended meanwhile, or the counter was used by somebody else: what holds is what this transaction sees.
            var passkey = await db.Passkeys.SingleOrDefaultAsync(p => p.CredentialId == id && (count == 0 || p.SignCount < count), cancellation);
            account = passkey is null ? null : await db.Accounts.SingleOrDefaultAsync(a => a.Id == passkey.AccountId && a.DeletedAt == null, cancellation);
            if (passkey is null || account is null)
            {
                fault = Refused();
                return null;
            }

            if (account.SuspendedAt is not null)
            {
                fault = Problems.Forbidden("suspended", "This account is suspended.");
                return null;
            }

            (passkey.SignCount, passkey.IsBackedUp, passkey.LastUsedAt) = (count, backedUp, clock.Now());
            return await sessions.BeginAsync(account, context, cancellation);
        }, cancellation);
        if (session is null)
        {
            security.SignInFailed(context, account?.Id, account?.SuspendedAt is null ? "passkey" : "suspended");
            return fault!;
        }

        limits.SignIn.CountRight(account!.Handle);
        sessions.SetCookies(context, account, session);
        security.SignedIn(context, account.Id, session.Id, "passkey");
        SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "ok"));
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), session.Token));
    }

    private static ProblemHttpResult Refused()
    {
        SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "refused"));
        return Problems.Of(StatusCodes.Status401Unauthorized, "passkey-unknown", "This passkey is not known here.");
    }
}
