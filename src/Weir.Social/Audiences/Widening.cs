using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>
/// Whether a change of a post's audience lets anybody in who was out. Such a change must say so: a client that sends an audience it did not
/// understand, or one that has changed since it was read, shows nothing to anybody.
/// </summary>
internal static class Widening
{
    /// <param name="field">What in the call lets them in.</param>
    public static ProblemHttpResult Fault(string field = "audience") => Problems.Field(
        field, "widens", "This lets in people who could not see it so far, now or later. Say \"widen\": true if it shall.");

    /// <summary>
    /// Decided by what the owner knows: those of their friends, circles, conversations and followers whom they see, and the handles that
    /// they named, not by who blocked them or removed them from their own friends. Otherwise the answer would tell. A handle that is kept
    /// out no longer counts whether or not anybody has it. Whoever may follow, or come into a group by a link, is let in by a change to
    /// these today: the owner is not asked when they come. What only a link leads to counts as seen by nobody: it is in no list. The post's
    /// circles and exceptions must have been read.
    /// </summary>
    public static async Task<bool> LetsInAsync(WeirDb db, Post post, Audience next, CancellationToken cancellation)
    {
        var previous = Audience.Of(post);
        if (next.Kind == AudienceKind.OnlyMe)
        {
            return false;
        }

        if (next.Kind is AudienceKind.Followers or AudienceKind.Conversation)
        {
            return !(previous.Kind == AudienceKind.Public || AreTheSame(previous, next)) || !KeepsOutAll(previous, next);
        }

        if (previous.ExceptHandles.Keys.Except(next.ExceptHandles.Keys).Any()
            || (IsOpen(next) && (!IsOpen(previous) || (next.Kind == AudienceKind.Public && previous.Kind == AudienceKind.Link))))
        {
            return true;
        }

        if (previous.Kind == AudienceKind.Link && !IsOpen(next))
        {
            previous = previous with { Kind = AudienceKind.OnlyMe };
        }

        return await NamesOthersAsync(db, post.OwnerId, previous, next, cancellation);
    }

    private static async Task<bool> NamesOthersAsync(
        WeirDb db, Guid owner, Audience previous, Audience next, CancellationToken cancellation)
    {
        var before = Named(db, owner, previous);
        var people = db.Accounts.VisibleTo(db, owner).Select(a => a.Id);
        return await Named(db, owner, next).AnyAsync(
            account => account != owner && people.Contains(account) && !before.Contains(account), cancellation);
    }

    private static bool AreTheSame(Audience one, Audience other) =>
        one.Kind == other.Kind && one.Conversation == other.Conversation && one.OfficialAccount == other.OfficialAccount;

    /// <summary>Whether everybody whom <paramref name="previous"/> keeps out is kept out by <paramref name="next"/> in the same
    /// way.</summary>
    private static bool KeepsOutAll(Audience previous, Audience next) =>
        !previous.ExceptHandles.Keys.Except(next.ExceptHandles.Keys).Any() && !previous.ExceptCircles.Except(next.ExceptCircles).Any();

    private static bool IsOpen(Audience audience) => audience.Kind is AudienceKind.Link or AudienceKind.Public;

    /// <summary>The accounts that an audience names, without those that it keeps out.</summary>
    private static IQueryable<Guid> Named(WeirDb db, Guid owner, Audience audience)
    {
        var (circles, conversation, official) = (audience.Circles, audience.Conversation, audience.OfficialAccount);
        var friends = db.Friendships.Where(f => f.OwnerId == owner).Select(f => f.FriendId);
        var named = audience.Kind switch
        {
            AudienceKind.Link or AudienceKind.Public => db.Accounts.Select(a => a.Id),
            AudienceKind.Friends => friends,
            AudienceKind.Circles => db.CircleMembers
                .Where(m => circles.Contains(m.CircleId) && friends.Contains(m.AccountId))
                .Select(m => m.AccountId),
            AudienceKind.Conversation => db.ConversationMembers
                .Where(m => m.ConversationId == conversation
                    && db.ConversationMembers.Any(mine => mine.ConversationId == conversation && mine.AccountId == owner)
                    && (friends.Contains(m.AccountId) || db.Conversations.Any(c => c.Id == conversation && c.OneId == null)))
                .Select(m => m.AccountId),
            AudienceKind.Followers => db.Followers
                .Where(f => f.OfficialAccountId == official
                    && db.OfficialAccounts.Any(o => o.Id == official && o.ClosedAt == null)
                    && db.OfficialEditors.Any(e => e.OfficialAccountId == official && e.AccountId == owner && e.AcceptedAt != null))
                .Select(f => f.AccountId),
            _ => db.Accounts.Where(a => false).Select(a => a.Id),
        };
        var (accounts, except) = (audience.ExceptHandles.Values.OfType<Guid>().ToList(), audience.ExceptCircles);
        return named.Where(account => !accounts.Contains(account)
            && !db.CircleMembers.Any(m => except.Contains(m.CircleId) && m.AccountId == account));
    }
}
