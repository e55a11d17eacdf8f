using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>Links into a group: its owner and administrators make, list and revoke them; whoever was given one looks and comes in.</summary>
internal static class GroupLinkCalls
{
    internal sealed record Request(int? Days);

    internal sealed record Made(string Code, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

    internal sealed record Entry(string Code, Person? By, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, int Joined);

    /// <param name="Conversation">Whoever is in it already need not come in.</param>
    internal sealed record Shown(string? Name, int Members, DateTimeOffset ExpiresAt, Guid? Conversation);

    public static void Map(RouteGroupBuilder api, RouteGroupBuilder conversations)
    {
        conversations.MapPost("/{id}/links", MakeAsync);
        conversations.MapGet("/{id}/links", ListAsync);
        conversations.MapDelete("/{id}/links/{code}", RevokeAsync);
        var links = api.MapGroup("/group-links").WithTags("Conversations");
        links.MapGet("/{code}", ShowAsync);
        links.MapPost("/{code}/join", JoinAsync);
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> MakeAsync(
        string id, Request request, Caller caller, WeirDb db, TimeProvider clock, GroupChange change, CancellationToken cancellation)
    {
        var days = request.Days ?? GroupLink.DefaultDays;
        if (days is < 1 or > GroupLink.MaxDays)
        {
            return Problems.Field("days", "days-range", $"A link holds for 1 to {GroupLink.MaxDays} days.");
        }

        GroupLink? link = null;
        var done = await change.RunAsync(id, MemberRole.Administrator, async (group, _) =>
        {
            var now = clock.Now();
            await db.GroupLinks.Where(l => l.ConversationId == group.Id && l.ExpiresAt <= now).ExecuteDeleteAsync(cancellation);
            if (await db.GroupLinks.CountAsync(l => l.ConversationId == group.Id, cancellation) >= GroupLink.MaxOpen)
            {
                return Problems.Conflict("too-many-links", $"This group has {GroupLink.MaxOpen} links. Revoke one first.");
            }

            link = GroupLink.Make(group.Id, caller.Id, now, days);
            db.GroupLinks.Add(link);
            return null;
        }, cancellation, tell: false);
        return done.Result is ProblemHttpResult fault ? fault : TypedResults.Created($"/api/group-links/{link!.Code}", new Made(link.Code, link.CreatedAt, link.ExpiresAt));
    }

    private static async Task<Results<Ok<List<Entry>>, ProblemHttpResult>> ListAsync(string id, Caller caller, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var conversation);
        var role = await db.ConversationMembers.Where(m => m.ConversationId == conversation && m.AccountId == caller.Id).Select(m => (MemberRole?)m.Role).SingleOrDefaultAsync(cancellation);
        if (role is not (MemberRole.Owner or MemberRole.Administrator))
        {
            return role is null ? Problems.NotFound() : Problems.Forbidden();
        }

        var now = clock.Now();
        return TypedResults.Ok(await (
            from link in db.GroupLinks
            where link.ConversationId == conversation && link.ExpiresAt > now
            join account in db.Accounts on link.CreatedById equals account.Id
            orderby link.CreatedAt descending
            select new Entry(link.Code, new Person(account.Id, account.UserName!, account.Name, account.AvatarId), link.CreatedAt, link.ExpiresAt, link.Joined)).ToListAsync(cancellation));
    }

    private static Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(string id, string code, WeirDb db, GroupChange change, CancellationToken cancellation)
    {
        var link = GroupLink.IdOf(code);
        return change.RunAsync(
            id,
            MemberRole.Administrator,
            async (group, _) =>
                await db.GroupLinks.Where(l => l.Id == link && l.ConversationId == group.Id).ExecuteDeleteAsync(cancellation) > 0
                ? null
                : Problems.NotFound(),
            cancellation,
            tell: false,
            takesAway: true);
    }

    private static async Task<Results<Ok<Shown>, ProblemHttpResult>> ShowAsync(
        string code, Caller caller, Limits limits, WeirDb db, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        if (!limits.GroupLinks.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (await FindAsync(db, code, caller, clock, cancellation) is not { } link)
        {
            return Problems.NotFound();
        }

        limits.GroupLinks.GiveBack(caller.Id.ToText());
        var shown = await db.Conversations.Where(c => c.Id == link.ConversationId)
            .Select(c => new { c.Name, Members = c.Members.Count, IsIn = c.Members.Any(m => m.AccountId == caller.Id) })
            .SingleAsync(cancellation);
        return TypedResults.Ok(new Shown(shown.Name, shown.Members, link.ExpiresAt, shown.IsIn ? link.ConversationId : null));
    }

    private static async Task<Results<Ok<GroupEntrance.Entered>, ProblemHttpResult>> JoinAsync(
        string code, Caller caller, Limits limits, GroupEntrance entrance, WeirDb db, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        if (!limits.GroupLinks.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var entered = await entrance.EnterAsync(async () =>
        {
            if (await FindAsync(db, code, caller, clock, cancellation) is not { } link)
            {
                return null;
            }

            if (!await db.ConversationMembers.AnyAsync(m => m.ConversationId == link.ConversationId && m.AccountId == caller.Id, cancellation))
            {
                link.Joined++;
            }

            return link.ConversationId;
        }, cancellation);
        if (entered.Result is not ProblemHttpResult { StatusCode: StatusCodes.Status404NotFound })
        {
            limits.GroupLinks.GiveBack(caller.Id.ToText());
        }

        return entered;
    }

    /// <summary>
    /// Unknown, expired, revoked, of a group that removed them, made by somebody who may not make links of it any more or is suspended, or
    /// with a block between that person and the caller: the same query, and the same answer.
    /// </summary>
    private static async Task<GroupLink?> FindAsync(WeirDb db, string code, Caller caller, TimeProvider clock, CancellationToken cancellation)
    {
        var id = GroupLink.IdOf(code);
        var found = await db.GroupLinks
            .Where(l => l.Id == id && !db.GroupRemovals.Any(r => r.ConversationId == l.ConversationId && r.AccountId == caller.Id))
            .Where(l => db.ConversationMembers.Any(m =>
                m.ConversationId == l.ConversationId && m.AccountId == l.CreatedById && m.Role != MemberRole.Member
                && db.Accounts.Any(a => a.Id == m.AccountId && a.SuspendedAt == null && a.DeletedAt == null)))
            .Where(l => !db.Blocks.Any(b =>
                (b.OwnerId == l.CreatedById && b.BlockedId == caller.Id) || (b.OwnerId == caller.Id && b.BlockedId == l.CreatedById)))
            .SingleOrDefaultAsync(cancellation);
        return found is not null && found.Is(code) && found.ExpiresAt > clock.Now() ? found : null;
    }
}
