using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Security;
using Weir.Social.Throttling;

namespace Weir.Social.Sessions;

/// <summary><c>POST /api/sessions</c>. An unknown handle takes the same work and gets the same answer as a wrong password.</summary>
internal static class SignIn
{
    internal sealed record Request(string? Handle, string? Password);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/sessions", HandleAsync).AllowAnonymous().OnFullDisks().WithTags("Sessions");

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> HandleAsync(
        Request request,
        Limits limits,
        PasswordQueue passwords,
        DeviceMarks devices,
        SessionStart sessions,
        LivePolicy live,
        WriteScope write,
        WeirDb db,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        var handle = Handle.Parse(request.Handle) ?? "";
        // Looked up before the limits are asked: whether a device is known depends on the password that the account has now.
        var account = handle.Length == 0
            ? null
            : await db.Accounts.AsNoTracking()
                .SingleOrDefaultAsync(a => a.NormalizedUserName == handle && a.DeletedAt == null, cancellation);
        var device = devices.Find(context, handle, account?.PasswordHash);
        var attempt = new SignInAttempt(handle, AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress), device);
        if (!limits.SignIn.TryTake(attempt, out var retryAfter))
        {
            return Problems.Throttled(context, retryAfter);
        }

        // What cannot be right by its form alone is not hashed: that tells nothing of who has an account.
        if (handle.Length == 0 || PasswordRules.IsImpossible(request.Password))
        {
            security.SignInFailed(context, null, "form");
            return Wrong();
        }

        var password = request.Password;
        var lane = attempt.Device is null ? PasswordLane.Unknown : PasswordLane.Known;
        if (passwords.Verify(account?.PasswordHash, password, lane, cancellation) is not { } verifying)
        {
            limits.SignIn.GiveBack(attempt);
            return PasswordQueue.Busy(context);
        }

        var verdict = await verifying;
        if (verdict == PasswordVerificationResult.Failed || account is null)
        {
            security.SignInFailed(context, account?.Id, "password");
            return Wrong();
        }

        limits.SignIn.GiveBack(attempt);
        limits.SignIn.CountRight(handle);
        if (account.SuspendedAt is not null)
        {
            security.SignInFailed(context, account.Id, "suspended");
            return Problems.Forbidden("suspended", "This account is suspended.");
        }

        // When too many wait, it is hashed anew at another sign-in.
        var isOld = verdict == PasswordVerificationResult.SuccessRehashNeeded;
        var rehashed = isOld && passwords.Hash(password, lane, cancellation) is { } hashing ? await hashing : null;
        var session = await write.RunAsync(async () =>
        {
            if (!await PasswordRecheck.HoldsAsync(db, account.Id, account.PasswordHash, cancellation))
            {
                return null;
            }

            if (rehashed is not null)
            {
                await db.Accounts.Where(a => a.Id == account.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(a => a.PasswordHash, rehashed), cancellation);
            }

            return await sessions.BeginAsync(account, context, cancellation);
        }, cancellation);
        if (session is null)
        {
            security.SignInFailed(context, account.Id, "password");
            return Wrong();
        }

        account.PasswordHash = rehashed ?? account.PasswordHash;
        sessions.SetCookies(context, account, session);
        security.SignedIn(context, account.Id, session.Id, "password");
        SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "ok"));
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), session.Token));
    }

    private static ProblemHttpResult Wrong()
    {
        SocialMetrics.SignIns.Add(1, new KeyValuePair<string, object?>("result", "refused"));
        return Problems.Of(StatusCodes.Status401Unauthorized, "wrong-password", "The handle or the password is wrong.");
    }
}
