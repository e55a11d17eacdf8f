using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using PageQuery = Weir.Social.Data.CompiledQuery<System.Func<
    Weir.Social.Data.WeirDb,
    System.Guid,
    System.Guid,
    System.DateTimeOffset,
    System.Guid,
    int,
    System.DateTimeOffset,
    System.DateTimeOffset,
    System.DateTimeOffset,
    System.Collections.Generic.IAsyncEnumerable<Weir.Social.Moments.FoundMoment>>>;

namespace Weir.Social.Moments;

/// <summary><c>GET /api/moments</c>, <c>/{id}</c>: newest first; fewer than were asked for is the end.</summary>
internal static class ReadMoments
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 50;

    private static readonly PageQuery All = Compile((db, owner) => db.Moments);

    private static readonly PageQuery Theirs = Compile((db, owner) => db.Moments.Where(m => m.OwnerId == owner));

    public static void Map(RouteGroupBuilder moments)
    {
        moments.MapGet("", FeedAsync);
        moments.MapGet("/{id}", GetAsync);
    }

    /// <summary>One page of what the viewer may see of everybody's moments, or of one person's.</summary>
    /// <param name="before">The last of the page before.</param>
    /// <param name="at">
    /// When that one was made. With it nothing is looked up: it may have been deleted or hidden since, which nobody can tell apart.
    /// </param>
    public static async Task<(List<MomentCard>? Page, ProblemHttpResult? Fault)> PageAsync(
        Guid? owner,
        Guid viewer,
        string? before,
        DateTimeOffset? at,
        int limit,
        WeirDb db,
        MomentCards cards,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var (start, last) = (DateTimeOffset.MaxValue, Guid.Empty);
        if (before is not null)
        {
            var known = !Ids.TryParse(before, out last) ? null
                : at?.ToUniversalTime()
                    ?? await db.Moments.Where(m => m.Id == last).AsSeenBy(viewer).WhereVisible(db, clock.Now())
                        .Select(v => (DateTimeOffset?)v.Item.CreatedAt).SingleOrDefaultAsync(cancellation);
            if (known is null)
            {
                return (null, Problems.Field("before", "cursor-shape", "The cursor is the id of a moment of the page before."));
            }

            start = known.Value;
        }

        var most = Math.Clamp(limit, 1, MaxLimit);
        var (threeDays, month, sixMonths) = MomentWindowStarts.At(clock.Now());
        var query = (owner is null ? All : Theirs).On(db);
        var page = await query(db, owner.GetValueOrDefault(), viewer, start, last, most, threeDays, month, sixMonths).ToListAsync(cancellation);
        return (await cards.MakeAsync(page, viewer, cancellation), null);
    }

    private static PageQuery Compile(Expression<Func<WeirDb, Guid, IQueryable<Moment>>> moments) => new(() =>
    {
        Expression<Func<IQueryable<Moment>, Guid, DateTimeOffset, Guid, IQueryable<Viewing<Moment>>>> before = (all, viewer, at, last) => all
            .AsNoTracking()
            .Where(m => m.CreatedAt <= at && (m.CreatedAt < at || m.Id.CompareTo(last) < 0))
            .Select(m => new Viewing<Moment> { Item = m, Post = m, Viewer = viewer });
        Expression<Func<IQueryable<Viewing<Moment>>, int, IQueryable<FoundMoment>>> newest = (seen, most) => seen
            .OrderByDescending(v => v.Item.CreatedAt).ThenByDescending(v => v.Item.Id)
            .Select(v => new FoundMoment
            {
                Moment = v.Item,
                Author = new Person(v.Post.Owner!.Id, v.Post.Owner.UserName!, v.Post.Owner.Name, v.Post.Owner.AvatarId),
            })
            .Take(most);
        var db = Expression.Parameter(typeof(WeirDb), "db");
        var owner = Expression.Parameter(typeof(Guid), "owner");
        var viewer = Expression.Parameter(typeof(Guid), "viewer");
        var at = Expression.Parameter(typeof(DateTimeOffset), "at");
        var last = Expression.Parameter(typeof(Guid), "last");
        var most = Expression.Parameter(typeof(int), "most");
        var starts = MomentWindowStarts.Parameters();
        var seen = Visibility.Visible<Moment>().With([db, before.With(moments.With(db, owner), viewer, at, last), .. starts]);
        return EF.CompileAsyncQuery(Expression.Lambda<Func<
            WeirDb, Guid, Guid, DateTimeOffset, Guid, int, DateTimeOffset, DateTimeOffset, DateTimeOffset, IQueryable<FoundMoment>>>(
                newest.With(seen, most), [db, owner, viewer, at, last, most, .. starts]));
    });

    private static async Task<Results<Ok<List<MomentCard>>, ProblemHttpResult>> FeedAsync(
        Caller caller,
        WeirDb db,
        MomentCards cards,
        TimeProvider clock,
        CancellationToken cancellation,
        string? before = null,
        DateTimeOffset? at = null,
        int limit = DefaultLimit)
    {
        var (page, fault) = await PageAsync(null, caller.Id, before, at, limit, db, cards, clock, cancellation);
        return page is null ? fault! : TypedResults.Ok(page);
    }

    private static async Task<Results<Ok<MomentCard>, ProblemHttpResult>> GetAsync(
        string id, Caller caller, MomentEntrance entrance, MomentCards cards, CancellationToken cancellation)
    {
        var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
        return moment is null ? refusal! : TypedResults.Ok((await cards.MakeAsync([moment], caller.Id, cancellation))[0]);
    }
}
