using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Friends;

/// <summary><c>/api/friends</c>. Removing somebody takes my direction of the friendship and their places in my circles; they are not told, but they see nothing new of me, nor I of them.</summary>
internal static class Friendships
{
    internal sealed record Friend(Guid Id, string Handle, string Name, Guid? Avatar, DateTimeOffset Since, List<Guid> Circles, bool Starred);

    public static void Map(RouteGroupBuilder api)
    {
        var friends = api.MapGroup("/friends").WithTags("Friends");
        friends.MapGet("", ListAsync);
        friends.MapDelete("/{handle}", RemoveAsync);
    }

    /// <summary>Both directions, whichever is missing.</summary>
    public static async Task AddAsync(WeirDb db, Guid one, Guid other, DateTimeOffset since, CancellationToken cancellation)
    {
        var there = await db.Friendships
            .Where(f => (f.OwnerId == one && f.FriendId == other) || (f.OwnerId == other && f.FriendId == one))
            .Select(f => f.OwnerId)
            .ToListAsync(cancellation);
        foreach (var (owner, friend) in new[] { (one, other), (other, one) })
        {
            if (!there.Contains(owner))
            {
                db.Friendships.Add(new Friendship { OwnerId = owner, FriendId = friend, Since = since });
            }
        }
    }

    private static async Task<Ok<List<Friend>>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var friends = await (
            from friendship in db.Friendships
            where friendship.OwnerId == caller.Id
            join account in db.Accounts.VisibleTo(db, caller.Id) on friendship.FriendId equals account.Id
            orderby account.Name, account.UserName
            select new { account.Id, Handle = account.UserName!, account.Name, account.AvatarId, friendship.Since, Starred = db.Stars.Any(s => s.OwnerId == caller.Id && s.TargetId == account.Id) }).ToListAsync(cancellation);
        var circles = (await db.CircleMembers.AsNoTracking()
            .Where(m => db.Circles.Any(c => c.Id == m.CircleId && c.OwnerId == caller.Id))
            .ToListAsync(cancellation)).ToLookup(m => m.AccountId, m => m.CircleId);
        return TypedResults.Ok(friends.ConvertAll(f => new Friend(f.Id, f.Handle, f.Name, f.AvatarId, f.Since, [.. circles[f.Id]], f.Starred)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string handle, Caller caller, WriteScope write, WeirDb db, FriendshipEnd end, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            var friendship = await db.Friendships.SingleOrDefaultAsync(
                f => f.OwnerId == caller.Id && people.Any(a => a.Id == f.FriendId && a.UserName == parsed),
                cancellation);
            if (friendship is null)
            {
                return Problems.NotFound();
            }

            db.Friendships.Remove(friendship);
            await db.Stars.Where(s => s.OwnerId == caller.Id && s.TargetId == friendship.FriendId).ExecuteDeleteAsync(cancellation);
            await CircleExceptions.KeepOutOfAllAsync(db, caller.Id, friendship.FriendId, cancellation);
            await db.CircleMembers
                .Where(m => m.AccountId == friendship.FriendId && db.Circles.Any(c => c.Id == m.CircleId && c.OwnerId == caller.Id))
                .ExecuteDeleteAsync(cancellation);
            await end.BetweenAsync(caller.Id, friendship.FriendId, cancellation);
            return TypedResults.NoContent();
        }, cancellation);
    }
}
