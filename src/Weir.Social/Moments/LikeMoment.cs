using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Notifications;
using Weir.Social.Sessions;

namespace Weir.Social.Moments;

/// <summary><c>PUT</c>, <c>DELETE /api/moments/{id}/like</c>, by whoever sees it.</summary>
internal static class LikeMoment
{
    public static void Map(RouteGroupBuilder moments)
    {
        moments.MapPut("/{id}/like", LikeAsync);
        moments.MapDelete("/{id}/like", UnlikeAsync);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> LikeAsync(
        string id,
        Caller caller,
        MomentThrottle throttle,
        MomentEntrance entrance,
        WriteScope write,
        WeirDb db,
        Notices notices,
        MomentHints hints,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (!throttle.Liking.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        Moment? liked = null;
        var fault = await write.RunAsync(async () =>
        {
            liked = null;
            var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            if (!await db.MomentLikes.AnyAsync(l => l.MomentId == moment.Id && l.AuthorId == caller.Id, cancellation))
            {
                db.MomentLikes.Add(new MomentLike { MomentId = moment.Id, AuthorId = caller.Id, CreatedAt = clock.Now() });
                await notices.AddAsync(new Happened(Notifications.NoticeKind.MomentLike, moment.OwnerId, caller.Id, moment.Id), cancellation);
                liked = moment;
            }

            return null;
        }, cancellation);
        if (liked is not null)
        {
            hints.Tell(await hints.SeenByAsync(liked, Mine(db, liked, caller), cancellation), liked.Id, MomentHappening.Liked);
        }

        return fault is null ? TypedResults.NoContent() : fault;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnlikeAsync(
        string id,
        Caller caller,
        MomentThrottle throttle,
        MomentEntrance entrance,
        WriteScope write,
        WeirDb db,
        MomentHints hints,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (!throttle.Liking.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var fault = await write.RunAsync(async () =>
        {
            var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            var told = await hints.SeenByAsync(moment, Mine(db, moment, caller), cancellation);
            await Mine(db, moment, caller).ExecuteDeleteAsync(cancellation);
            write.AfterCommit(() => hints.Tell(told, moment.Id, MomentHappening.Liked));
            return null;
        }, cancellation);
        return fault is null ? TypedResults.NoContent() : fault;
    }

    private static IQueryable<MomentLike> Mine(WeirDb db, Moment moment, Caller caller) => db.MomentLikes.Where(l => l.MomentId == moment.Id && l.AuthorId == caller.Id);
}
