using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Invitations;

/// <summary><c>/api/invitations</c>: make, list, revoke, and look at the one somebody sent me.</summary>
internal static class InvitationCalls
{
    /// <param name="Befriend">Whoever comes is my friend from the beginning.</param>
    internal sealed record Request(bool? Befriend);

    internal sealed record Made(string Code, DateTimeOffset ExpiresAt);

    internal sealed record Entry(string Code, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, Person? UsedBy);

    internal sealed record Inviter(string Name);

    internal sealed record Shown(Inviter From, DateTimeOffset ExpiresAt, bool Befriends);

    public static void Map(RouteGroupBuilder api)
    {
        var invitations = api.MapGroup("/invitations").WithTags("Invitations");
        invitations.MapPost("", MakeAsync);
        invitations.MapGet("", ListAsync);
        invitations.MapDelete("/{code}", RevokeAsync);
        invitations.MapGet("/{code}", ShowAsync).AllowAnonymous();
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> MakeAsync(
        Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation, Request? request = null)
    {
        var now = clock.Now();
        var made = await write.RunAsync(async () =>
        {
            if (await db.Invitations.CountAsync(i => i.FromId == caller.Id && i.UsedById == null && i.ExpiresAt > now, cancellation) >= Invitation.MaxOpen)
            {
                return null;
            }

            var invitation = new Invitation
            {
                Code = Invitation.NewCode(request?.Befriend == true),
                FromId = caller.Id,
                CreatedAt = now,
                ExpiresAt = now + Invitation.Lifetime,
            };
            db.Invitations.Add(invitation);
            return new Made(invitation.Code, invitation.ExpiresAt);
        }, cancellation);
        return made is null
            ? Problems.Conflict("too-many-invitations", $"You have {Invitation.MaxOpen} unused invitations.")
            : TypedResults.Created($"/api/invitations/{made.Code}", made);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await (
        from invitation in db.Invitations
        where invitation.FromId == caller.Id
        join account in db.Accounts.VisibleTo(db, caller.Id) on invitation.UsedById equals account.Id into used
        from account in used.DefaultIfEmpty()
        // One that was used by somebody who is no longer to be seen is not one that waits.
        where invitation.UsedById == null || account != null
        orderby invitation.CreatedAt descending
        select new Entry(
            invitation.Code,
            invitation.CreatedAt,
            invitation.ExpiresAt,
            account == null ? null : new Person(account.Id, account.UserName!, account.Name, account.AvatarId))).Take(200).ToListAsync(cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string code, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
        await write.RunAsync(
            () => db.Invitations.Where(i => i.Code == code && i.FromId == caller.Id && i.UsedById == null).ExecuteDeleteAsync(cancellation),
            cancellation) > 0 ? TypedResults.NoContent() : Problems.NotFound();

    private static async Task<Results<Ok<Shown>, ProblemHttpResult>> ShowAsync(
        string code, Limits limits, WeirDb db, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.Invitations.TryTake(out var retryAfter, address))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var now = clock.Now();
        var shown = await Invitation.Good(db, now)
            .Where(i => i.Code == code)
            .Select(i => new Shown(new Inviter(db.Accounts.Single(a => a.Id == i.FromId).Name), i.ExpiresAt, Invitation.IsBefriending(code)))
            .SingleOrDefaultAsync(cancellation);
        if (shown is null)
        {
            return Problems.NotFound();
        }

        limits.Invitations.GiveBack(address);
        return TypedResults.Ok(shown);
    }
}
