using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.OfficialAccounts;

/// <summary>Follow, mute, and what editors see and do about those who follow.</summary>
internal static class FollowCalls
{
    private const int PageLength = 100;

    internal sealed record Entry(Person Person, DateTimeOffset Since);

    internal sealed record Page(List<Entry> Followers, string? Next);

    public static void Map(RouteGroupBuilder official)
    {
        official.MapPut("/{handle}/follow", FollowAsync);
        official.MapDelete("/{handle}/follow", UnfollowAsync);
        official.MapPut("/{handle}/mute", (string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation) =>
            MuteAsync(handle, true, caller, entrance, db, cancellation));
        official.MapDelete("/{handle}/mute", (string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation) =>
            MuteAsync(handle, false, caller, entrance, db, cancellation));
        official.MapGet("/{handle}/followers", ListAsync);
        official.MapDelete("/{handle}/followers/{person}", RemoveAsync);
        official.MapGet("/{handle}/removed", RemovedAsync);
        official.MapDelete("/{handle}/removed/{person}", TakeBackAsync);
    }

    /// <summary>Follows inside the running transaction; nothing when they do already.</summary>
    public static async Task AddAsync(WeirDb db, Guid official, Guid person, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!await db.Followers.AnyAsync(f => f.OfficialAccountId == official && f.AccountId == person, cancellation))
        {
            db.Followers.Add(new Follower { OfficialAccountId = official, AccountId = person, Since = now, SeenAt = now });
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> FollowAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
        NoContent(await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            if (await db.RemovedFollowers.AnyAsync(r => r.OfficialAccountId == account.Id && r.AccountId == caller.Id, cancellation))
            {
                return Problems.Forbidden("may-not-follow", "This account does not let you follow it.");
            }

            if (await db.Followers.CountAsync(f => f.AccountId == caller.Id, cancellation) >= Follower.MaxPerPerson)
            {
                return Problems.Conflict("too-many-followed", $"You follow {Follower.MaxPerPerson} accounts.");
            }

            await AddAsync(db, account.Id, caller.Id, clock.Now(), cancellation);
            return null;
        }, cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> UnfollowAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, Cutting cutting, CancellationToken cancellation) =>
        NoContent(await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            await db.Followers.Where(f => f.OfficialAccountId == account.Id && f.AccountId == caller.Id).ExecuteDeleteAsync(cancellation);
            await cutting.OfViewerAsync(caller.Id, cancellation);
            return null;
        }, cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> MuteAsync(
        string handle, bool muted, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation) =>
        NoContent(await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            if (await db.Followers.SingleOrDefaultAsync(f => f.OfficialAccountId == account.Id && f.AccountId == caller.Id, cancellation) is not { } follower)
            {
                return Problems.Conflict("not-following", "You do not follow this account.");
            }

            follower.Muted = muted;
            return null;
        }, cancellation));

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> ListAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation, string after = "")
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, EditorRole.Editor, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var start = Handle.Parse(after) ?? "";
        var found = await (
            from follower in db.Followers
            where follower.OfficialAccountId == seen.Account.Id
            join person in db.Accounts on follower.AccountId equals person.Id
            where person.DeletedAt == null && string.Compare(person.UserName, start) > 0
            orderby person.UserName
            select new Entry(new Person(person.Id, person.UserName!, person.Name, person.AvatarId), follower.Since)).Take(PageLength + 1).ToListAsync(cancellation);
        var page = found.Take(PageLength).ToList();
        return TypedResults.Ok(new Page(page, found.Count > PageLength ? page[^1].Person.Handle : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string handle, string person, Caller caller, OfficialEntrance entrance, WeirDb db, Cutting cutting, TimeProvider clock, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(person);
        return NoContent(await entrance.ChangeAsync(handle, caller, EditorRole.Editor, async account =>
        {
            // Only those who follow can be removed, so that a name that does not follow tells nothing.
            var follower = await db.Followers.SingleOrDefaultAsync(
                f => f.OfficialAccountId == account.Id && db.Accounts.Any(a => a.Id == f.AccountId && a.UserName == parsed), cancellation);
            if (follower is null)
            {
                return Problems.NotFound();
            }

            if (await db.OfficialEditors.AnyAsync(e => e.OfficialAccountId == account.Id && e.AccountId == follower.AccountId, cancellation))
            {
                return Problems.Conflict("is-editor", "Editors cannot be removed from the followers.");
            }

            db.Followers.Remove(follower);
            db.RemovedFollowers.Add(new RemovedFollower { OfficialAccountId = account.Id, AccountId = follower.AccountId, At = clock.Now() });
            await cutting.OfViewerAsync(follower.AccountId, cancellation);
            return null;
        }, cancellation));
    }

    private static async Task<Results<Ok<List<Person>>, ProblemHttpResult>> RemovedAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, EditorRole.Editor, cancellation);
        return seen is null ? refusal! : TypedResults.Ok(await (
            from removed in db.RemovedFollowers
            where removed.OfficialAccountId == seen.Account.Id
            join person in db.Accounts on removed.AccountId equals person.Id
            where person.DeletedAt == null
            orderby removed.At descending
            select new Person(person.Id, person.UserName!, person.Name, person.AvatarId)).Take(PageLength).ToListAsync(cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TakeBackAsync(
        string handle, string person, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(person);
        return NoContent(await entrance.ChangeAsync(handle, caller, EditorRole.Editor, async account =>
        {
            await db.RemovedFollowers
                .Where(r => r.OfficialAccountId == account.Id && db.Accounts.Any(a => a.Id == r.AccountId && a.UserName == parsed))
                .ExecuteDeleteAsync(cancellation);
            return null;
        }, cancellation));
    }

    private static Results<NoContent, ProblemHttpResult> NoContent(ProblemHttpResult? fault) => fault is null ? TypedResults.NoContent() : fault;
}
