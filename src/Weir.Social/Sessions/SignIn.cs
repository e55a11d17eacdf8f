using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Throttling;

namespace Weir.Social.Sessions;

/// <summary><c>POST /api/sessions</c>. An unknown handle takes the same work and gets the same answer as a wrong password.</summary>
internal static class SignIn
{
    internal sealed record Request(string? Handle, string? Password);

    private static readonly Account Nobody = new() { Name = "" };

    public static void Map(RouteGroupBuilder api) => api.MapPost("/sessions", HandleAsync).AllowAnonymous().OnFullDisks().WithTags("Sessions");

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> HandleAsync(
        Request request,
        Limits limits,
        PasswordHashing hashing,
        SessionStart sessions,
        LivePolicy live,
        WriteScope write,
        WeirDb db,
        HttpContext context,
        CancellationToken cancellation)
    {
        var handle = Handle.Parse(request.Handle) ?? "";
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.SignInByAddress.TryTake(out var retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (!limits.SignInByHandle.TryTake(out retryAfter, handle))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(a => a.NormalizedUserName == handle && a.DeletedAt == null, cancellation);
        var password = request.Password is { Length: <= PasswordRules.MaxLength * 2 } typed ? typed : "";
        var verdict = hashing.VerifyHashedPassword(account ?? Nobody, account?.PasswordHash ?? hashing.Nobody, password);
        if (verdict == PasswordVerificationResult.Failed || account?.PasswordHash is null)
        {
            SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "refused"));
            return Problems.Of(StatusCodes.Status401Unauthorized, "wrong-password", "The handle or the password is wrong.");
        }

        limits.SignInByAddress.GiveBack(address);
        limits.SignInByHandle.GiveBack(handle);
        if (account.SuspendedAt is not null)
        {
            return Problems.Forbidden("suspended", "This account is suspended.");
        }

        var rehashed = verdict == PasswordVerificationResult.SuccessRehashNeeded ? hashing.HashPassword(account, password) : null;
        var token = await write.RunAsync(async () =>
        {
            if (rehashed is not null)
            {
                await db.Accounts.Where(a => a.Id == account.Id && a.PasswordHash == account.PasswordHash)
                    .ExecuteUpdateAsync(set => set.SetProperty(a => a.PasswordHash, rehashed), cancellation);
            }

            await sessions.ForgetOldAsync(account.Id, cancellation);
            return sessions.Begin(account, context);
        }, cancellation);
        sessions.SetCookie(context, token);
        SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "ok"));
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), token));
    }
}
