using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>Groups: the owner and administrators add, remove and rename; the owner names administrators and an heir; anybody leaves, and nobody is told.</summary>
internal static class GroupCalls
{
    internal sealed record Patch(string? Name);

    /// <summary>They decide themselves.</summary>
    internal sealed record Waiting(bool Asked);

    public static void Map(RouteGroupBuilder conversations)
    {
        conversations.MapPatch("/{id}", RenameAsync);
        conversations.MapPut("/{id}/members/{handle}", AddAsync);
        conversations.MapDelete("/{id}/members/{handle}", RemoveAsync);
        conversations.MapPut("/{id}/administrators/{handle}", (string id, string handle, GroupChange change, CancellationToken cancellation) =>
            NameAsync(id, handle, MemberRole.Administrator, change, cancellation));
        conversations.MapDelete("/{id}/administrators/{handle}", (string id, string handle, GroupChange change, CancellationToken cancellation) =>
            NameAsync(id, handle, MemberRole.Member, change, cancellation));
        conversations.MapPut("/{id}/owner/{handle}", HandOverAsync);
        conversations.MapPost("/{id}/leave", LeaveAsync).OnFullDisks();
    }

    public static ProblemHttpResult NameFault() => Problems.Field("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks.");

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(string id, Patch patch, GroupChange change, CancellationToken cancellation) =>
        PlainText.Parse(patch.Name, PlainText.NameLength) is not { } name
            ? NameFault()
            : await change.RunAsync(id, MemberRole.Administrator, (group, _) =>
            {
                if (group.Name != name)
                {
                    group.Name = name;
                    change.Say(NoticeKind.Renamed, name: name);
                }

                return Task.FromResult<ProblemHttpResult?>(null);
            }, cancellation);

    /// <summary>204: they are in it. 202: the group is large, so they were asked and decide themselves.</summary>
    private static async Task<Results<NoContent, Accepted<Waiting>, ProblemHttpResult>> AddAsync(
        string id, string handle, Caller caller, WeirDb db, GroupAsking asking, TimeProvider clock, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var asked = false;
        var done = await change.RunAsync(id, MemberRole.Administrator, async (group, _) =>
        {
            asked = false;
            if (await CreateConversation.Friends(db, caller.Id).Where(a => a.UserName == parsed).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(cancellation) is not { } friend)
            {
                return Problems.Field("handle", "not-a-friend", "Only friends can be asked into a conversation.");
            }

            if (await db.ConversationMembers.AnyAsync(m => m.ConversationId == group.Id && m.AccountId == friend, cancellation))
            {
                return null;
            }

            var count = await db.ConversationMembers.CountAsync(m => m.ConversationId == group.Id, cancellation);
            if (count >= Conversation.MaxMembers)
            {
                return Full();
            }

            if (count >= Conversation.AsksFrom && await asking.AskAsync(group.Id, caller.Id, [friend], cancellation) is { } refused)
            {
                return refused;
            }

            // Who asks them in forgives what they were removed for.
            await db.GroupRemovals.Where(r => r.ConversationId == group.Id && r.AccountId == friend).ExecuteDeleteAsync(cancellation);
            if (count >= Conversation.AsksFrom)
            {
                asked = true;
                return null;
            }

            group.Admit(db, friend, clock.Now());
            await db.GroupInvitations.Where(i => i.ConversationId == group.Id && i.AccountId == friend).ExecuteDeleteAsync(cancellation);
            change.Say(NoticeKind.Added, [friend]);
            return null;
        }, cancellation);
        return done.Result is ProblemHttpResult fault ? fault : asked ? TypedResults.Accepted((string?)null, new Waiting(true)) : TypedResults.NoContent();
    }

    /// <summary>Somebody who is in it, or whom it waits for. A link does not bring them back.</summary>
    private static Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, string handle, Caller caller, WeirDb db, TimeProvider clock, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return change.RunAsync(id, MemberRole.Administrator, async (group, mine) =>
        {
            if (await MemberAsync(db, group, parsed, cancellation) is not { } member)
            {
                // Members see each other; whom the group waits for is seen by those whom they did not block.
                return await db.GroupInvitations
                    .Where(i => i.ConversationId == group.Id && people.Any(a => a.Id == i.AccountId && a.UserName == parsed))
                    .ExecuteDeleteAsync(cancellation) > 0
                    ? null
                    : Problems.NotFound();
            }

            if (member.Role >= mine.Role)
            {
                return Problems.Forbidden("not-above", "Only the owner can remove an administrator, and nobody the owner.");
            }

            db.ConversationMembers.Remove(member);
            group.MembersVersion++;
            db.GroupRemovals.Add(new GroupRemoval { ConversationId = group.Id, AccountId = member.AccountId, At = clock.Now() });
            await EndLinksAsync(db, group.Id, member.AccountId, cancellation);
            change.Say(NoticeKind.Removed, [member.AccountId]);
            return null;
        }, cancellation, takesAway: true);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> NameAsync(string id, string handle, MemberRole role, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return await change.RunAsync(id, MemberRole.Owner, async (group, mine) =>
        {
            if (await MemberAsync(change.Db, group, parsed, cancellation) is not { } member)
            {
                return Problems.NotFound();
            }

            if (member.AccountId == mine.AccountId)
            {
                return Problems.Conflict("owner", "The owner is above the administrators.");
            }

            if (member.Role != role)
            {
                member.Role = role;
                if (role == MemberRole.Administrator)
                {
                    change.Say(NoticeKind.Administrator, [member.AccountId]);
                }
                else
                {
                    await EndLinksAsync(change.Db, group.Id, member.AccountId, cancellation);
                }
            }

            return null;
        }, cancellation, takesAway: role == MemberRole.Member);
    }

    /// <summary>Somebody else leads from now on; who did so far helps them.</summary>
    private static Task<Results<NoContent, ProblemHttpResult>> HandOverAsync(string id, string handle, WeirDb db, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return change.RunAsync(id, MemberRole.Owner, async (group, mine) =>
        {
            if (await MemberAsync(db, group, parsed, cancellation) is not { } heir)
            {
                return Problems.NotFound();
            }

            if (heir.AccountId != mine.AccountId)
            {
                (heir.Role, mine.Role) = (MemberRole.Owner, MemberRole.Administrator);
                change.Say(NoticeKind.Owner, [heir.AccountId]);
            }

            return null;
        }, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> LeaveAsync(string id, WeirDb db, GroupChange change, CancellationToken cancellation) =>
        change.RunAsync(id, MemberRole.Member, async (group, mine) =>
        {
            await DropAsync(db, group, mine, cancellation);
            return null;
        }, cancellation);

    /// <summary>Everywhere at once, inside the transaction that ends the account.</summary>
    public static async Task LeaveAllAsync(WeirDb db, Guid account, CancellationToken cancellation)
    {
        var groups = await (
            from member in db.ConversationMembers
            where member.AccountId == account
            join conversation in db.Conversations on member.ConversationId equals conversation.Id
            where conversation.OneId == null
            select new { Group = conversation, Mine = member }).ToListAsync(cancellation);
        foreach (var place in groups)
        {
            await DropAsync(db, place.Group, place.Mine, cancellation);
        }

        await db.GroupInvitations.Where(i => i.AccountId == account || i.ById == account).ExecuteDeleteAsync(cancellation);
        await db.GroupRemovals.Where(r => r.AccountId == account).ExecuteDeleteAsync(cancellation);
    }

    public static ProblemHttpResult Full() => Problems.Conflict("group-full", $"A group has at most {Conversation.MaxMembers} members.");

    /// <summary>An owner's place goes to the administrator, or else the member, who has been there longest.</summary>
    private static async Task DropAsync(WeirDb db, Conversation group, ConversationMember member, CancellationToken cancellation)
    {
        if (member.Role == MemberRole.Owner)
        {
            var heir = await db.ConversationMembers
                .Where(m => m.ConversationId == group.Id && m.AccountId != member.AccountId)
                .OrderByDescending(m => m.Role == MemberRole.Administrator).ThenBy(m => m.JoinedAt).ThenBy(m => m.AccountId)
                .FirstOrDefaultAsync(cancellation);
            heir?.Role = MemberRole.Owner;
        }

        db.ConversationMembers.Remove(member);
        group.MembersVersion++;
        await EndLinksAsync(db, group.Id, member.AccountId, cancellation);
    }

    /// <summary>What somebody handed out while they could ends with their place.</summary>
    private static Task EndLinksAsync(WeirDb db, Guid group, Guid account, CancellationToken cancellation) =>
        db.GroupLinks.Where(l => l.ConversationId == group && l.CreatedById == account).ExecuteDeleteAsync(cancellation);

    private static Task<ConversationMember?> MemberAsync(WeirDb db, Conversation group, string? handle, CancellationToken cancellation) =>
        db.ConversationMembers.SingleOrDefaultAsync(m => m.ConversationId == group.Id && db.Accounts.Any(a => a.Id == m.AccountId && a.UserName == handle), cancellation);
}
