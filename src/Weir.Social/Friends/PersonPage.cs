using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.Sessions;

namespace Weir.Social.Friends;

/// <summary>How one person and I hold each other.</summary>
internal enum FriendState
{
    None,
    TheyHoldMe,
    IHoldThem,
    Mutual,
}

/// <summary>
/// <c>GET /api/people/{handle}</c>, <c>/moments</c>: one person, for those who have something to do with them. Everybody else, and whoever that person blocked, gets the answer for a
/// handle that nobody has.
/// </summary>
internal static class PersonPage
{
    /// <param name="HidesMine">They do not see my moments, because I said so.</param>
    /// <param name="HidesTheirs">I do not see theirs, because I said so.</param>
    /// <param name="Conversation">Ours, of the two of us.</param>
    internal sealed record Answer(
        Guid Id, string Handle, string Name, Guid? Avatar, bool IsMe, FriendState Friend, bool Starred, bool HidesMine, bool HidesTheirs, bool Blocked, Guid? Conversation);

    public static void Map(RouteGroupBuilder api)
    {
        var people = api.MapGroup("/people").WithTags("Friends");
        people.MapGet("/{handle}", GetAsync);
        people.MapGet("/{handle}/moments", MomentsAsync);
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> GetAsync(string handle, Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var me = caller.Id;
        var found = await Known(db, caller, handle).Select(a => new
        {
            Person = new Person(a.Id, a.UserName!, a.Name, a.AvatarId),
            IHold = db.Friendships.Any(f => f.OwnerId == me && f.FriendId == a.Id),
            HoldsMe = db.Friendships.Any(f => f.OwnerId == a.Id && f.FriendId == me),
            Starred = db.Stars.Any(s => s.OwnerId == me && s.TargetId == a.Id),
            HidesMine = db.MomentHidings.Any(h => h.OwnerId == me && h.OtherId == a.Id && !h.Theirs),
            HidesTheirs = db.MomentHidings.Any(h => h.OwnerId == me && h.OtherId == a.Id && h.Theirs),
            Blocked = db.Blocks.Any(b => b.OwnerId == me && b.BlockedId == a.Id),
            Conversation = db.Conversations.Where(c => (c.OneId == me && c.OtherId == a.Id) || (c.OneId == a.Id && c.OtherId == me)).Select(c => (Guid?)c.Id).FirstOrDefault(),
        }).SingleOrDefaultAsync(cancellation);
        return found is null ? Problems.NotFound() : TypedResults.Ok(new Answer(
            found.Person.Id,
            found.Person.Handle,
            found.Person.Name,
            found.Person.Avatar,
            found.Person.Id == me,
            (found.IHold, found.HoldsMe) switch { (true, true) => FriendState.Mutual, (true, false) => FriendState.IHoldThem, (false, true) => FriendState.TheyHoldMe, _ => FriendState.None },
            found.Starred,
            found.HidesMine,
            found.HidesTheirs,
            found.Blocked,
            found.Conversation));
    }

    private static async Task<Results<Ok<List<MomentCard>>, ProblemHttpResult>> MomentsAsync(
        string handle,
        Caller caller,
        WeirDb db,
        MomentCards cards,
        TimeProvider clock,
        CancellationToken cancellation,
        string? before = null,
        DateTimeOffset? at = null,
        int limit = 20)
    {
        var person = await Known(db, caller, handle).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(cancellation);
        if (person is null)
        {
            return Problems.NotFound();
        }

        var (page, fault) = await ReadMoments.PageAsync(person, caller.Id, before, at, limit, db, cards, clock, cancellation);
        return page is null ? fault! : TypedResults.Ok(page);
    }

    /// <summary>
    /// The person with this handle, if it is me or somebody I have to do with: one holds the other as a friend, they asked me to be one, we are in one conversation, or we
    /// run one official account.
    /// </summary>
    private static IQueryable<Account> Known(WeirDb db, Caller caller, string handle)
    {
        var (me, mine, parsed) = (caller.Id, caller.Handle, Handle.Parse(handle));
        return db.Accounts.VisibleTo(db, me).Where(a => a.UserName == parsed
            && (a.Id == me
                || db.Friendships.Any(f => f.OwnerId == me && f.FriendId == a.Id)
                || db.Friendships.Any(f => f.OwnerId == a.Id && f.FriendId == me)
                || db.FriendRequests.Any(r => r.FromId == a.Id && r.ToHandle == mine && !r.Declined)
                || db.ConversationMembers.Any(m => m.AccountId == me
                    && db.ConversationMembers.Any(o => o.ConversationId == m.ConversationId && o.AccountId == a.Id))
                || db.OfficialEditors.Any(e => e.AccountId == me && e.AcceptedAt != null
                    && db.OfficialAccounts.Any(o => o.Id == e.OfficialAccountId && o.ClosedAt == null)
                    && db.OfficialEditors.Any(o =>
                        o.OfficialAccountId == e.OfficialAccountId && o.AccountId == a.Id && o.AcceptedAt != null))));
    }
}
