using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Invitations;
using Weir.Social.Notifications;
using Weir.Social.Security;
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
        PasswordQueue passwords,
        SessionStart sessions,
        LivePolicy live,
        WriteScope write,
        WeirDb db,
        Notices notices,
        TimeProvider clock,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.Invitations.TryTake(out var retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        // What is cheap comes first: whoever has no invitation costs one look-up, whoever wants a taken handle two. Only then is a password
        // hashed.
        var code = request.Invitation ?? "";
        var now = clock.Now();
        if (!await Invitation.Good(db, now).AnyAsync(i => i.Code == code, cancellation))
        {
            security.SignUpFailed(context, "invitation");
            return Invalid();
        }

        limits.Invitations.GiveBack(address);
        var (account, fault) = creation.Prepare(request.Handle, request.Name, request.Password);
        if (account is null)
        {
            return fault!;
        }

        if (ReservedHandles.Contains(account.Handle))
        {
            return Problems.Field("handle", "handle-reserved", "This handle belongs to the server.");
        }

        // Every answer from here on that is no success counts: it may have told that somebody has the handle.
        if (!limits.SignUpsByAddress.TryTake(out retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (!limits.SignUpsByInvitation.TryTake(out retryAfter, code))
        {
            limits.SignUpsByAddress.GiveBack(address);
            return Problems.Throttled(context, retryAfter);
        }

        if (await creation.TakenAsync(account, cancellation) is { } taken)
        {
            security.SignUpFailed(context, "handle taken");
            return taken;
        }

        if (passwords.Hash(request.Password!, PasswordLane.Unknown, cancellation) is not { } hashing)
        {
            GiveBack();
            return PasswordQueue.Busy(context);
        }

        account.PasswordHash = await hashing;
        var inviter = Guid.Empty;
        var session = await write.RunAsync(async () =>
        {
            var invitation = await Invitation.Good(db, now).SingleOrDefaultAsync(i => i.Code == code, cancellation);
            fault = invitation is null ? Invalid() : await creation.AddAsync(account, cancellation);
            if (fault is not null)
            {
                return null;
            }

            invitation!.UsedById = account.Id;
            if (invitation.Befriends
                && !await db.Blocks.AnyAsync(b => b.OwnerId == invitation.FromId && b.Handle == account.UserName, cancellation))
            {
                await Friendships.AddAsync(db, invitation.FromId, account.Id, now, cancellation);
            }

            inviter = invitation.FromId;
            await notices.AddAsync(new Happened(NoticeKind.InvitationUsed, invitation.FromId, account.Id, account.Id), cancellation);
            return await sessions.BeginAsync(account, context, cancellation);
        }, cancellation);
        if (session is null)
        {
            return fault!;
        }

        GiveBack();
        security.SignedUp(context, account.Id, inviter);
        sessions.SetCookies(context, account, session);
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), session.Token));

        void GiveBack()
        {
            limits.SignUpsByAddress.GiveBack(address);
            limits.SignUpsByInvitation.GiveBack(code);
        }
    }

    private static ProblemHttpResult Invalid() => Problems.Field("invitation", "invitation-invalid", "This invitation is unknown, used or expired.");
}
