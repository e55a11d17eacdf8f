using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Notifications;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Accounts;

/// <summary><c>POST /api/accounts</c>: an account, by an invitation.</summary>
internal static class SignUp
{
    internal sealed record Request(string? Invitation, string? Handle, string? Name, string? Password);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/accounts", HandleAsync).AllowAnonymous().WithTags("Accounts");

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> HandleAsync(
        Request request,
        Limits limits,
        AccountCreation creation,
        SessionStart sessions,
        LivePolicy live,
        WriteScope write,
        WeirDb db,
        Notices notices,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.Invitations.TryTake(out var retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        // Before the password is hashed: whoever has no invitation costs us one look-up.
        var code = request.Invitation ?? "";
        var now = clock.Now();
        if (!await db.Invitations.AnyAsync(i => i.Code == code && i.UsedById == null && i.ExpiresAt > now, cancellation))
        {
            return Invalid();
        }

        limits.Invitations.GiveBack(address);
        var (account, fault) = creation.Prepare(request.Handle, request.Name, request.Password);
        if (account is null)
        {
            return fault!;
        }

        var token = await write.RunAsync(async () =>
        {
            var invitation = await db.Invitations.SingleOrDefaultAsync(i => i.Code == code && i.UsedById == null && i.ExpiresAt > now, cancellation);
            fault = invitation is null ? Invalid() : await creation.AddAsync(account, cancellation);
            if (fault is not null)
            {
                return null;
            }

            invitation!.UsedById = account.Id;
            if (invitation.Befriends
                && await db.Accounts.AnyAsync(a => a.Id == invitation.FromId && a.SuspendedAt == null && a.DeletedAt == null, cancellation)
                && !await db.Blocks.AnyAsync(b => b.OwnerId == invitation.FromId && b.Handle == account.UserName, cancellation))
            {
                await Friendships.AddAsync(db, invitation.FromId, account.Id, now, cancellation);
            }

            await notices.AddAsync(new Happened(NoticeKind.InvitationUsed, invitation.FromId, account.Id, account.Id), cancellation);
            return sessions.Begin(account, context);
        }, cancellation);
        if (token is null)
        {
            return fault!;
        }

        sessions.SetCookie(context, token);
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), token));
    }

    private static ProblemHttpResult Invalid() => Problems.Field("invitation", "invitation-invalid", "This invitation is unknown, used or expired.");
}
