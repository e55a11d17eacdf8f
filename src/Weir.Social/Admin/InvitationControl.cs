using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Admin;

/// <summary><c>/api/admin/invitations</c>: who invited whom, and which codes are open; they can be revoked.</summary>
internal static class InvitationControl
{
    private const int PageLength = 100;

    internal sealed record Entry(string Code, Person From, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, Person? UsedBy);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/invitations", ListAsync);
        admin.MapDelete("/invitations/{code}", RevokeAsync);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(WeirDb db, TimeProvider clock, CancellationToken cancellation, bool open = false, DateTimeOffset? before = null)
    {
        var now = clock.Now();
        var start = before?.ToUniversalTime();
        return TypedResults.Ok(await (
            from invitation in db.Invitations
            where (!open || (invitation.UsedById == null && invitation.ExpiresAt > now)) && (start == null || invitation.CreatedAt < start)
            join maker in db.Accounts on invitation.FromId equals maker.Id
            join account in db.Accounts on invitation.UsedById equals account.Id into used
            from account in used.DefaultIfEmpty()
            orderby invitation.CreatedAt descending
            select new Entry(
                invitation.Code,
                new Person(maker.Id, maker.UserName!, maker.Name, maker.AvatarId),
                invitation.CreatedAt,
                invitation.ExpiresAt,
                account == null ? null : new Person(account.Id, account.UserName!, account.Name, account.AvatarId))).Take(PageLength).ToListAsync(cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string code, Caller caller, WriteScope write, WeirDb db, AuditTrail trail, CancellationToken cancellation)
    {
        var found = await write.RunAsync(async () =>
        {
            if (await db.Invitations.SingleOrDefaultAsync(i => i.Code == code && i.UsedById == null, cancellation) is not { } invitation)
            {
                return false;
            }

            db.Invitations.Remove(invitation);
            // The code itself is nobody's to read here.
            trail.Add(AuditAction.InvitationRevoked, caller, await db.Accounts.SingleAsync(a => a.Id == invitation.FromId, cancellation));
            return true;
        }, cancellation);
        return found ? TypedResults.NoContent() : Problems.NotFound();
    }
}
