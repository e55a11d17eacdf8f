using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Sessions;

namespace Weir.Social.Broadcasts;

/// <summary><c>GET /api/broadcasts</c>, <c>/{id}</c>, <c>/{id}/publish</c>, <c>/{id}/viewers</c>.</summary>
internal static class ReadBroadcasts
{
    private const int MaxListed = 100;

    internal sealed record Viewers(int Count, List<Person> People, DateTimeOffset AsOf);

    public static void Map(RouteGroupBuilder broadcasts)
    {
        broadcasts.MapGet("", ListAsync);
        broadcasts.MapGet("/{id}", GetAsync).AllowAnonymous();
        broadcasts.MapGet("/{id}/publish", PublishAsync).AllowAnonymous();
        broadcasts.MapGet("/{id}/viewers", ViewersAsync).AllowAnonymous();
    }

    /// <summary>Those that lists and searches show. A link broadcast is found by its link only, and one open to everybody is shown to friends, not to all of the server.</summary>
    internal static IQueryable<Broadcast> Listed(WeirDb db, Guid me, DateTimeOffset now) => db.Broadcasts.AsSeenBy(me).WhereVisible(db, now).Select(v => v.Item).Where(b => b.OwnerId == me
        || b.Kind == AudienceKind.Conversation
        || b.Kind == AudienceKind.Followers
        || (b.Kind != AudienceKind.Link
            && db.Friendships.Any(f => f.OwnerId == b.OwnerId && f.FriendId == me)
            && db.Friendships.Any(f => f.OwnerId == me && f.FriendId == b.OwnerId)));

    private static async Task<Results<Ok<List<BroadcastCard>>, ProblemHttpResult>> ListAsync(
        Caller caller, WeirDb db, BroadcastCards cards, TimeProvider clock, CancellationToken cancellation, string scope = "live")
    {
        var me = caller.Id;
        var mayWatch = Listed(db, me, clock.Now());
        var wanted = scope switch
        {
            "live" => mayWatch.Where(b => b.State == BroadcastState.Live || b.State == BroadcastState.Interrupted),
            "replays" => mayWatch.Where(b => b.State == BroadcastState.Ended && b.Recorded),
            "mine" => mayWatch.Where(b => b.OwnerId == me),
            _ => null,
        };
        if (wanted is null)
        {
            return Problems.Field("scope", "scope-unknown", "The scope is live, mine or replays.");
        }

        var found = await wanted.OrderByDescending(b => b.CreatedAt).Take(MaxListed).AsNoTracking().ToListAsync(cancellation);
        return TypedResults.Ok(await cards.MakeAsync(found, me, cancellation));
    }

    private static async Task<Results<Ok<BroadcastCard>, ProblemHttpResult>> GetAsync(
        string id, Caller? caller, Entrance entrance, BroadcastCards cards, CancellationToken cancellation)
    {
        var (broadcast, refusal) = await entrance.EnterAsync(id, caller, cancellation);
        return broadcast is null ? refusal! : TypedResults.Ok(await cards.MakeAsync(broadcast, caller.IdOrNone(), cancellation));
    }

    private static async Task<Results<Ok<PublishAddresses>, ProblemHttpResult>> PublishAsync(
        string id, Caller? caller, Entrance entrance, Addresses addresses, WeirDb db, HttpContext context, CancellationToken cancellation)
    {
        var (broadcast, refusal) = await entrance.EnterAsHostAsync(id, caller, cancellation);
        if (broadcast is null)
        {
            return refusal!;
        }

        var host = db.Accounts.Where(a => a.Id == broadcast.OwnerId);
        var generation = await host.Select(a => a.StreamKeyGeneration).SingleAsync(cancellation);
        return TypedResults.Ok(addresses.Publish(broadcast.Id, generation, context.Request));
    }

    private static async Task<Results<Ok<Viewers>, ProblemHttpResult>> ViewersAsync(
        string id, Caller? caller, Entrance entrance, LiveLink live, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var (broadcast, refusal) = await entrance.EnterAsync(id, caller, cancellation);
        if (broadcast is null)
        {
            return refusal!;
        }

        if (live.WhoWatches(broadcast.Id) is not { } watching)
        {
            return TypedResults.Ok(new Viewers(0, [], clock.Now()));
        }

        var me = caller.IdOrNone();
        var present = watching.Accounts.Take(FriendsWatching.MaxNamed).ToList();
        // Everybody else than the host learns a number, and their own friends.
        var people = (broadcast.OwnerId == me ? db.Accounts : CreateConversation.Friends(db, me)).VisibleTo(db, me)
            .Where(a => present.Contains(a.Id) && a.SuspendedAt == null);
        return TypedResults.Ok(new Viewers(
            watching.Accounts.Count + watching.Anonymous,
            await people.OrderBy(a => a.Name).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToListAsync(cancellation),
            watching.AsOf));
    }
}
