using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Notifications;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using NoticeOf = Weir.Social.Notifications.NoticeKind;

namespace Weir.Social.Conversations;

/// <summary><c>/api/group-invitations</c>: large groups that want me. I come in or I do not; nobody hears of a no.</summary>
internal static class GroupInvitations
{
    internal sealed record Entry(Guid Conversation, string? Name, int Members, Person By, DateTimeOffset At);

    internal sealed record AskedEvent(Guid Conversation);

    public static void Map(RouteGroupBuilder api)
    {
        var invitations = api.MapGroup("/group-invitations").WithTags("Conversations");
        invitations.MapGet("", ListAsync);
        invitations.MapPost("/{id}/accept", AcceptAsync);
        invitations.MapDelete("/{id}", DeclineAsync);
    }

    /// <summary>Whom the group waits for, as one of its members sees them.</summary>
    public static Task<List<Person>> WaitingAsync(WeirDb db, Guid conversation, Guid viewer, CancellationToken cancellation) => (
        from invitation in db.GroupInvitations
        where invitation.ConversationId == conversation
        join account in db.Accounts.VisibleTo(db, viewer) on invitation.AccountId equals account.Id
        orderby invitation.At, account.UserName
        select new Person(account.Id, account.UserName!, account.Name, account.AvatarId)).ToListAsync(cancellation);

    /// <summary>
    /// Those that I can accept now: of friends only, as they can add nobody else, and not of people who may ask nobody into the group any
    /// more, or are suspended.
    /// </summary>
    public static IQueryable<GroupInvitation> Mine(WeirDb db, Guid me) => db.GroupInvitations.Where(i =>
        i.AccountId == me && CreateConversation.Friends(db, me).Any(a => a.Id == i.ById)
        && db.ConversationMembers.Any(m => m.ConversationId == i.ConversationId && m.AccountId == i.ById && m.Role != MemberRole.Member)
        && db.Accounts.Any(a => a.Id == i.ById && a.SuspendedAt == null && a.DeletedAt == null));

    private static async Task<Ok<List<Entry>>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await (
        from invitation in Mine(db, caller.Id)
        join conversation in db.Conversations on invitation.ConversationId equals conversation.Id
        join asker in db.Accounts on invitation.ById equals asker.Id
        orderby invitation.At descending
        select new Entry(conversation.Id, conversation.Name, conversation.Members.Count, new Person(asker.Id, asker.UserName!, asker.Name, asker.AvatarId), invitation.At)).Take(100).ToListAsync(cancellation));

    private static async Task<Results<Ok<GroupEntrance.Entered>, ProblemHttpResult>> AcceptAsync(
        string id, Caller caller, GroupEntrance entrance, WeirDb db, Connections connections, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var conversation);
        var entered = await entrance.EnterAsync(
            () => Mine(db, caller.Id).Where(i => i.ConversationId == conversation).Select(i => (Guid?)i.ConversationId).SingleOrDefaultAsync(cancellation), cancellation);
        if (entered.Result is Ok<GroupEntrance.Entered>)
        {
            connections.Send(caller.Id, Events.Asked, new AskedEvent(conversation));
        }

        return entered;
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeclineAsync(string id, Caller caller, WriteScope write, WeirDb db, Connections connections, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var conversation);
        var gone = await write.RunAsync(() => db.GroupInvitations.Where(i => i.ConversationId == conversation && i.AccountId == caller.Id).ExecuteDeleteAsync(cancellation), cancellation);
        if (gone == 0)
        {
            return Problems.NotFound();
        }

        // My other devices.
        connections.Send(caller.Id, Events.Asked, new AskedEvent(conversation));
        return TypedResults.NoContent();
    }
}

/// <summary>Asks people into a large group.</summary>
internal sealed class GroupAsking(WeirDb db, WriteScope write, Notices notices, Connections connections, TimeProvider clock)
    : IInvitesFriends
{
    /// <summary>How many a group may wait for at a time.</summary>
    private const int MaxWaiting = Conversation.MaxMembers;

    /// <summary>
    /// Inside a transaction; those who were asked before hear of it no second time, and are asked by <paramref name="by"/> from now on.
    /// </summary>
    public async Task<ProblemHttpResult?> AskAsync(Guid group, Guid by, List<Guid> people, CancellationToken cancellation)
    {
        var waiting = await db.GroupInvitations.Where(i => i.ConversationId == group).Select(i => i.AccountId).ToListAsync(cancellation);
        var fresh = people.Except(waiting).ToList();
        if (waiting.Count + fresh.Count > MaxWaiting)
        {
            return Problems.Conflict("too-many-asked", $"This group waits for {MaxWaiting} people already.");
        }

        await db.GroupInvitations.Where(i => i.ConversationId == group && people.Contains(i.AccountId))
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.ById, by), cancellation);
        db.GroupInvitations.AddRange(fresh.Select(person => new GroupInvitation { ConversationId = group, AccountId = person, ById = by, At = clock.Now() }));
        await notices.AddAsync(fresh.Select(person => new Happened(NoticeOf.GroupRequest, person, by, group)), cancellation);
        write.AfterCommit(() => fresh.ForEach(person => connections.Send(person, Events.Asked, new GroupInvitations.AskedEvent(group))));
        return null;
    }

    public async Task WithdrawBetweenAsync(Guid one, Guid other, CancellationToken cancellation)
    {
        var between = db.GroupInvitations.Where(i => (i.AccountId == one && i.ById == other) || (i.AccountId == other && i.ById == one));
        var withdrawn = await between.AsNoTracking().ToListAsync(cancellation);
        await between.ExecuteDeleteAsync(cancellation);
        foreach (var invitation in withdrawn)
        {
            await notices.WithdrawAsync(NoticeOf.GroupRequest, invitation.AccountId, invitation.ConversationId, cancellation);
            write.AfterCommit(() => connections.Send(
                invitation.AccountId, Events.Asked, new GroupInvitations.AskedEvent(invitation.ConversationId)));
        }
    }
}
