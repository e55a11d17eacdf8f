using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Audiences;

/// <summary>
/// <c>POST /api/audience-preview</c>: which of my friends (of a conversation: its members, of an official account: its followers) an audience lets in and which it keeps out, by
/// the predicate that decides later.
/// </summary>
internal static class AudiencePreview
{
    private const int MaxPeople = 50;

    internal sealed record Request(AudienceBody? Audience);

    /// <param name="Anyone">Others than those listed may see it too.</param>
    internal sealed record Answer(int Count, List<Person> People, List<Person> Except, bool Anyone);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/audience-preview", HandleAsync).OnFullDisks().WithTags("Circles");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> HandleAsync(Request request, Caller caller, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var (audience, fault) = await Audience.ParseAsync(request.Audience, caller.Id, db, cancellation);
        if (audience is null)
        {
            return fault!;
        }

        var known = audience.Kind switch
        {
            AudienceKind.Conversation => db.Accounts.Where(a => db.ConversationMembers.Any(m => m.ConversationId == audience.Conversation && m.AccountId == a.Id)),
            AudienceKind.Followers => db.Accounts.Where(a => db.Followers.Any(f => f.OfficialAccountId == audience.OfficialAccount && f.AccountId == a.Id)),
            _ => db.Accounts.Where(a => db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == a.Id)),
        };
        var candidates = await (
            from account in known
            where account.Id != caller.Id && account.DeletedAt == null
            orderby account.Name, account.UserName
            select new
            {
                Person = new Person(account.Id, account.UserName!, account.Name, account.AvatarId),
                Gone = account.SuspendedAt != null,
                IHold = db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == account.Id),
                HoldsMe = db.Friendships.Any(f => f.OwnerId == account.Id && f.FriendId == caller.Id),
                Blocked = db.Blocks.Any(b => (b.OwnerId == caller.Id && b.BlockedId == account.Id) || (b.OwnerId == account.Id && b.BlockedId == caller.Id)),
            }).ToListAsync(cancellation);
        var isGroup = audience.Conversation is { } conversation && await db.Conversations.AnyAsync(c => c.Id == conversation && c.OneId == null, cancellation);
        var now = clock.Now();
        var memberships = (await db.CircleMembers.Where(m => db.Circles.Any(c => c.Id == m.CircleId && c.OwnerId == caller.Id)).ToListAsync(cancellation))
            .ToLookup(m => m.AccountId, m => m.CircleId);

        var people = new List<Person>();
        var except = new List<Person>();
        foreach (var candidate in candidates)
        {
            var facts = new AudienceFacts
            {
                Kind = audience.Kind,
                SignedIn = true,
                ViewerGone = candidate.Gone,
                OwnerHoldsViewer = candidate.IHold,
                ViewerHoldsOwner = candidate.HoldsMe,
                Blocked = candidate.Blocked,
                InCircle = memberships[candidate.Person.Id].Intersect(audience.Circles).Any(),
                InConversation = audience.Kind == AudienceKind.Conversation,
                InGroup = isGroup,
                Follows = audience.Kind == AudienceKind.Followers,
                OwnerMayReachFollowers = audience.Kind == AudienceKind.Followers,
                Excepted = audience.ExceptHandles.ContainsKey(candidate.Person.Handle) || memberships[candidate.Person.Id].Intersect(audience.ExceptCircles).Any(),
            };
            if (facts.MaySee(now))
            {
                people.Add(candidate.Person);
            }
            else if ((facts with { Excepted = false }).MaySee(now))
            {
                except.Add(candidate.Person);
            }
        }

        return TypedResults.Ok(new Answer(people.Count, people.Take(MaxPeople).ToList(), except, audience.Kind is AudienceKind.Link or AudienceKind.Public));
    }
}
