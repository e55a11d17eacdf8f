using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Notifications;

/// <summary><c>PUT/DELETE /api/friends/{handle}/star</c>: whom I want to hear of at once when they are live. Nobody else learns of it.</summary>
internal static class Stars
{
    public static void Map(RouteGroupBuilder api)
    {
        var friends = api.MapGroup("/friends").WithTags("Friends");
        friends.MapPut("/{handle}/star", async Task<Results<NoContent, ProblemHttpResult>> (string handle, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
            await GiveAsync(caller, write, db, Friend(handle, caller, db), cancellation));
        friends.MapDelete("/{handle}/star", async Task<Results<NoContent, ProblemHttpResult>> (string handle, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
            await TakeAsync(caller, write, db, Friend(handle, caller, db), cancellation));
    }

    private static IQueryable<Guid> Friend(string handle, Caller caller, WeirDb db)
    {
        var parsed = Handle.Parse(handle);
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return db.Friendships
            .Where(f => f.OwnerId == caller.Id && people.Any(a => a.Id == f.FriendId && a.UserName == parsed))
            .Select(f => f.FriendId);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> GiveAsync(Caller caller, WriteScope write, WeirDb db, IQueryable<Guid> target, CancellationToken cancellation) =>
        write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            var found = await target.SingleOrDefaultAsync(cancellation);
            if (found == Guid.Empty)
            {
                return Problems.NotFound();
            }

            var mine = await db.Stars.Where(s => s.OwnerId == caller.Id).Select(s => s.TargetId).ToListAsync(cancellation);
            if (mine.Contains(found))
            {
                return TypedResults.NoContent();
            }

            if (mine.Count >= Star.MaxPerPerson)
            {
                return Problems.Conflict("too-many-stars", $"You gave {Star.MaxPerPerson} stars.");
            }

            db.Stars.Add(new Star { OwnerId = caller.Id, TargetId = found });
            return TypedResults.NoContent();
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> TakeAsync(Caller caller, WriteScope write, WeirDb db, IQueryable<Guid> target, CancellationToken cancellation) =>
        write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            var found = await target.SingleOrDefaultAsync(cancellation);
            if (found == Guid.Empty)
            {
                return Problems.NotFound();
            }

            await db.Stars.Where(s => s.OwnerId == caller.Id && s.TargetId == found).ExecuteDeleteAsync(cancellation);
            return TypedResults.NoContent();
        }, cancellation);
}
