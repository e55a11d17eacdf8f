using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Audiences;

/// <summary><c>POST /api/audience-preview</c>: which of my friends an audience lets in and which it keeps out, by the predicate that decides later.</summary>
internal static class AudiencePreview
{
    private const int MaxPeople = 50;

    internal sealed record Request(AudienceBody? Audience);

    /// <param name="Anyone">People who are not my friends may watch too.</param>
    internal sealed record Answer(int Count, List<Person> People, List<Person> Except, bool Anyone);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/audience-preview", HandleAsync).WithTags("Circles");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> HandleAsync(Request request, Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var (audience, fault) = await Audience.ParseAsync(request.Audience, caller.Id, db, cancellation);
        if (audience is null)
        {
            return fault!;
        }

        var friends = await (
            from friendship in db.Friendships
            where friendship.OwnerId == caller.Id
            join account in db.Accounts on friendship.FriendId equals account.Id
            orderby account.Name, account.UserName
            select new
            {
                Person = new Person(account.Id, account.UserName!, account.Name),
                Gone = account.SuspendedAt != null || account.DeletedAt != null,
                HoldsMe = db.Friendships.Any(back => back.OwnerId == account.Id && back.FriendId == caller.Id),
                Blocked = db.Blocks.Any(b => (b.OwnerId == caller.Id && b.BlockedId == account.Id) || (b.OwnerId == account.Id && b.BlockedId == caller.Id)),
            }).ToListAsync(cancellation);
        var memberships = (await db.CircleMembers.Where(m => db.Circles.Any(c => c.Id == m.CircleId && c.OwnerId == caller.Id)).ToListAsync(cancellation))
            .ToLookup(m => m.AccountId, m => m.CircleId);

        var people = new List<Person>();
        var except = new List<Person>();
        foreach (var friend in friends)
        {
            var facts = new AudienceFacts
            {
                Kind = audience.Kind,
                SignedIn = true,
                ViewerGone = friend.Gone,
                HostHoldsViewer = true,
                ViewerHoldsHost = friend.HoldsMe,
                Blocked = friend.Blocked,
                InCircle = memberships[friend.Person.Id].Intersect(audience.Circles).Any(),
                Excepted = audience.ExceptHandles.ContainsKey(friend.Person.Handle) || memberships[friend.Person.Id].Intersect(audience.ExceptCircles).Any(),
            };
            if (facts.MayWatch())
            {
                people.Add(friend.Person);
            }
            else if ((facts with { Excepted = false }).MayWatch())
            {
                except.Add(friend.Person);
            }
        }

        return TypedResults.Ok(new Answer(people.Count, people.Take(MaxPeople).ToList(), except, audience.Kind is AudienceKind.Link or AudienceKind.Public));
    }
}
