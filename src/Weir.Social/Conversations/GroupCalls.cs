using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;

namespace Weir.Social.Conversations;

/// <summary>Groups: the owner and administrators add, remove and rename; the owner names administrators; anybody leaves, and nobody is told.</summary>
internal static class GroupCalls
{
    internal sealed record Patch(string? Name);

    public static void Map(RouteGroupBuilder conversations)
    {
        conversations.MapPatch("/{id}", RenameAsync);
        conversations.MapPut("/{id}/members/{handle}", AddAsync);
        conversations.MapDelete("/{id}/members/{handle}", RemoveAsync);
        conversations.MapPut("/{id}/administrators/{handle}", (string id, string handle, GroupChange change, CancellationToken cancellation) =>
            NameAsync(id, handle, MemberRole.Administrator, change, cancellation));
        conversations.MapDelete("/{id}/administrators/{handle}", (string id, string handle, GroupChange change, CancellationToken cancellation) =>
            NameAsync(id, handle, MemberRole.Member, change, cancellation));
        conversations.MapPost("/{id}/leave", LeaveAsync);
    }

    public static ProblemHttpResult NameFault() => Problems.Field("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, without control characters.");

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(string id, Patch patch, GroupChange change, CancellationToken cancellation) =>
        PlainText.Parse(patch.Name, PlainText.NameLength) is not { } name
            ? NameFault()
            : await change.RunAsync(id, MemberRole.Administrator, (group, _) =>
            {
                group.Name = name;
                return Task.FromResult<ProblemHttpResult?>(null);
            }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> AddAsync(
        string id, string handle, Caller caller, WeirDb db, TimeProvider clock, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return change.RunAsync(id, MemberRole.Administrator, async (group, _) =>
        {
            if (await CreateConversation.Friends(db, caller.Id).Where(a => a.UserName == parsed).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(cancellation) is not { } friend)
            {
                return Problems.Field("handle", "not-a-friend", "Only friends can be asked into a conversation.");
            }

            if (await db.ConversationMembers.AnyAsync(m => m.ConversationId == group.Id && m.AccountId == friend, cancellation))
            {
                return null;
            }

            if (await db.ConversationMembers.CountAsync(m => m.ConversationId == group.Id, cancellation) >= Conversation.MaxMembers)
            {
                return Problems.Conflict("group-full", $"A group has at most {Conversation.MaxMembers} members.");
            }

            db.ConversationMembers.Add(new ConversationMember
            {
                ConversationId = group.Id,
                AccountId = friend,
                JoinedAt = clock.Now(),
                FromSeq = group.LastSeq,
                ReadSeq = group.LastSeq,
            });
            group.MembersVersion++;
            return null;
        }, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, string handle, WeirDb db, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return change.RunAsync(id, MemberRole.Administrator, async (group, mine) =>
        {
            if (await MemberAsync(db, group, parsed, cancellation) is not { } member)
            {
                return Problems.NotFound();
            }

            if (member.Role >= mine.Role)
            {
                return Problems.Forbidden("not-above", "Only the owner can remove an administrator, and nobody the owner.");
            }

            db.ConversationMembers.Remove(member);
            group.MembersVersion++;
            return null;
        }, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> NameAsync(string id, string handle, MemberRole role, GroupChange change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return change.RunAsync(id, MemberRole.Owner, async (group, mine) =>
        {
            if (await MemberAsync(change.Db, group, parsed, cancellation) is not { } member)
            {
                return Problems.NotFound();
            }

            if (member.AccountId == mine.AccountId)
            {
                return Problems.Conflict("owner", "The owner is above the administrators.");
            }

            member.Role = role;
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
    }

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
    }

    private static Task<ConversationMember?> MemberAsync(WeirDb db, Conversation group, string? handle, CancellationToken cancellation) =>
        db.ConversationMembers.SingleOrDefaultAsync(m => m.ConversationId == group.Id && db.Accounts.Any(a => a.Id == m.AccountId && a.UserName == handle), cancellation);
}

/// <summary>One change of a group by a member who has at least a certain role, and word of it to those who were or are in it.</summary>
internal sealed class GroupChange(Caller caller, WriteScope write, WeirDb db, MemberLists members, Connections connections)
{
    public WeirDb Db => db;

    public static ValueTask<GroupChange> BindAsync(HttpContext http) => ValueTask.FromResult(new GroupChange(
        http.Features.Get<Caller>()!,
        http.RequestServices.GetRequiredService<WriteScope>(),
        http.RequestServices.GetRequiredService<WeirDb>(),
        http.RequestServices.GetRequiredService<MemberLists>(),
        http.RequestServices.GetRequiredService<Connections>()));

    public async Task<Results<NoContent, ProblemHttpResult>> RunAsync(
        string id, MemberRole least, Func<Conversation, ConversationMember, Task<ProblemHttpResult?>> change, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var conversation);
        List<Guid> before = [];
        List<Guid> after = [];
        var fault = await write.RunAsync(async () =>
        {
            if (await db.ConversationMembers.SingleOrDefaultAsync(m => m.ConversationId == conversation && m.AccountId == caller.Id, cancellation) is not { } mine)
            {
                return Problems.NotFound();
            }

            var group = await db.Conversations.SingleAsync(c => c.Id == conversation, cancellation);
            if (!group.IsGroup)
            {
                return Problems.Conflict("not-a-group", "This is a conversation of two.");
            }

            if (mine.Role < least)
            {
                return Problems.Forbidden();
            }

            before = await AccountsAsync(conversation, cancellation);
            if (await change(group, mine) is { } refused)
            {
                return refused;
            }

            await db.SaveChangesAsync(cancellation);
            after = await AccountsAsync(conversation, cancellation);
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        members.Forget(conversation);
        foreach (var account in after.Union(before))
        {
            connections.Send(account, Events.Conversation, new ConversationEvent(conversation, Gone: !after.Contains(account)));
        }

        return TypedResults.NoContent();
    }

    private Task<List<Guid>> AccountsAsync(Guid conversation, CancellationToken cancellation) =>
        db.ConversationMembers.Where(m => m.ConversationId == conversation).Select(m => m.AccountId).ToListAsync(cancellation);
}
