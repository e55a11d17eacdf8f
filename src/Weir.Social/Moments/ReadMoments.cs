using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Moments;

/// <summary><c>GET /api/moments</c>, <c>/{id}</c>: newest first; fewer than were asked for is the end.</summary>
internal static class ReadMoments
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 50;

    public static void Map(RouteGroupBuilder moments)
    {
        moments.MapGet("", FeedAsync);
        moments.MapGet("/{id}", GetAsync);
    }

    /// <summary>One page of what the viewer may see of some moments.</summary>
    /// <param name="before">The last of the page before; it may have been deleted since.</param>
    public static async Task<(List<MomentCard>? Page, ProblemHttpResult? Fault)> PageAsync(
        IQueryable<Moment> moments, Guid viewer, string? before, int limit, WeirDb db, MomentCards cards, TimeProvider clock, CancellationToken cancellation)
    {
        var seen = moments.AsSeenBy(viewer).WhereVisible(db, clock.Now()).Select(v => v.Item);
        if (before is not null)
        {
            // Only what the viewer may have been shown: any other is as if it were not there.
            Ids.TryParse(before, out var last);
            var at = await db.Moments
                .Where(m => m.Id == last && (m.OwnerId == viewer || db.Friendships.Any(f => f.OwnerId == viewer && f.FriendId == m.OwnerId)))
                .Select(m => (DateTimeOffset?)m.CreatedAt)
                .SingleOrDefaultAsync(cancellation);
            if (at is null)
            {
                return (null, Problems.Field("before", "cursor-shape", "The cursor is the id of a moment of the page before."));
            }

            seen = seen.Where(m => m.CreatedAt < at || (m.CreatedAt == at && m.Id.CompareTo(last) < 0));
        }

        var page = await seen.OrderByDescending(m => m.CreatedAt).ThenByDescending(m => m.Id).Take(Math.Clamp(limit, 1, MaxLimit)).AsNoTracking().ToListAsync(cancellation);
        return (await cards.MakeAsync(page, viewer, cancellation), null);
    }

    private static async Task<Results<Ok<List<MomentCard>>, ProblemHttpResult>> FeedAsync(
        Caller caller, WeirDb db, MomentCards cards, TimeProvider clock, CancellationToken cancellation, string? before = null, int limit = DefaultLimit)
    {
        var (page, fault) = await PageAsync(db.Moments, caller.Id, before, limit, db, cards, clock, cancellation);
        return page is null ? fault! : TypedResults.Ok(page);
    }

    private static async Task<Results<Ok<MomentCard>, ProblemHttpResult>> GetAsync(
        string id, Caller caller, MomentEntrance entrance, MomentCards cards, CancellationToken cancellation)
    {
        var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
        return moment is null ? refusal! : TypedResults.Ok((await cards.MakeAsync([moment], caller.Id, cancellation))[0]);
    }
}
