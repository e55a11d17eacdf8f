using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>One change of a group by a member who has at least a certain role, and word of it to those who were or are in it.</summary>
internal sealed class GroupChange(
    Caller caller, WriteScope write, WeirDb db, Cutting cutting, GroupNews news, ConversationThrottle throttle, HttpContext http)
{
    private Notice? _notice;

    public WeirDb Db => db;

    public static ValueTask<GroupChange> BindAsync(HttpContext http) => ValueTask.FromResult(new GroupChange(
        http.Features.Get<Caller>()!,
        http.RequestServices.GetRequiredService<WriteScope>(),
        http.RequestServices.GetRequiredService<WeirDb>(),
        http.RequestServices.GetRequiredService<Cutting>(),
        http.RequestServices.GetRequiredService<GroupNews>(),
        http.RequestServices.GetRequiredService<ConversationThrottle>(),
        http));

    /// <summary>What the group reads about it, once it is done.</summary>
    public void Say(NoticeKind kind, List<Guid>? people = null, string? name = null) => _notice = new Notice(kind, people ?? [], name);

    /// <param name="takesAway">
    /// Somebody is put out, or what lets people in is revoked: however often others changed the group, that can still be done.
    /// Leaving, which needs no role, is never refused.
    /// </param>
    public async Task<Results<NoContent, ProblemHttpResult>> RunAsync(
        string id,
        MemberRole least,
        Func<Conversation, ConversationMember, Task<ProblemHttpResult?>> change,
        CancellationToken cancellation,
        bool tell = true,
        bool takesAway = false)
    {
        var leaves = least == MemberRole.Member;
        if (!leaves && !throttle.Changing.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(http, retryAfter);
        }

        var counted = leaves || takesAway;
        Ids.TryParse(id, out var conversation);
        List<Guid> before = [];
        List<Guid> after = [];
        var fault = await write.RunAsync(async () =>
        {
            _notice = null;
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

            // Of those who may change it alone, and once, however often the transaction is tried.
            if (!counted && !throttle.ChangingGroup.TryTake(out var wait, conversation.ToText()))
            {
                return Problems.Throttled(http, wait);
            }

            counted = true;
            before = await AccountsAsync(conversation, cancellation);
            if (await change(group, mine) is { } refused)
            {
                return refused;
            }

            await db.SaveChangesAsync(cancellation);
            after = await AccountsAsync(conversation, cancellation);
            foreach (var gone in before.Except(after))
            {
                await cutting.OfConversationAsync(conversation, gone, cancellation);
            }

            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (tell)
        {
            news.Changed(conversation, before, after);
        }

        if (_notice is not null)
        {
            await news.SayAsync(conversation, caller, _notice);
        }

        return TypedResults.NoContent();
    }

    private Task<List<Guid>> AccountsAsync(Guid conversation, CancellationToken cancellation) =>
        db.ConversationMembers.Where(m => m.ConversationId == conversation).Select(m => m.AccountId).ToListAsync(cancellation);
}

/// <summary>Somebody comes into a group by themselves: by a link, or because they were asked.</summary>
internal sealed class GroupEntrance(
    Caller caller, WriteScope write, WeirDb db, GroupNews news, ConversationThrottle throttle, TimeProvider clock, HttpContext http)
{
    internal sealed record Entered(Guid Id);

    public static ValueTask<GroupEntrance> BindAsync(HttpContext http) => ValueTask.FromResult(new GroupEntrance(
        http.Features.Get<Caller>()!,
        http.RequestServices.GetRequiredService<WriteScope>(),
        http.RequestServices.GetRequiredService<WeirDb>(),
        http.RequestServices.GetRequiredService<GroupNews>(),
        http.RequestServices.GetRequiredService<ConversationThrottle>(),
        http.RequestServices.GetRequiredService<TimeProvider>(),
        http));

    /// <param name="door">The group that is open to them, or null: not found.</param>
    public async Task<Results<Ok<Entered>, ProblemHttpResult>> EnterAsync(Func<Task<Guid?>> door, CancellationToken cancellation)
    {
        if (!throttle.Changing.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(http, retryAfter);
        }

        var id = Guid.Empty;
        List<Guid> before = [];
        var came = false;
        var fault = await write.RunAsync(async () =>
        {
            came = false;
            if (await door() is not { } open)
            {
                return Problems.NotFound();
            }

            id = open;
            before = await db.ConversationMembers.Where(m => m.ConversationId == id).Select(m => m.AccountId).ToListAsync(cancellation);
            if (before.Contains(caller.Id))
            {
                return null;
            }

            if (before.Count >= Conversation.MaxMembers)
            {
                return GroupCalls.Full();
            }

            (await db.Conversations.SingleAsync(c => c.Id == id, cancellation)).Admit(db, caller.Id, clock.Now());
            await db.GroupInvitations.Where(i => i.ConversationId == id && i.AccountId == caller.Id).ExecuteDeleteAsync(cancellation);
            came = true;
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (came)
        {
            news.Changed(id, before, [.. before, caller.Id]);
            await news.SayAsync(id, caller, new Notice(NoticeKind.Joined, [caller.Id]));
        }

        return TypedResults.Ok(new Entered(id));
    }
}

/// <summary>Tells a group's people of a change that is on disk.</summary>
internal sealed class GroupNews(MemberLists members, Connections connections, MessageWriter writer, RepeatableIds ids)
{
    /// <summary>Their devices read the conversation again.</summary>
    public void Changed(Guid conversation, IReadOnlyCollection<Guid> before, IReadOnlyCollection<Guid> after)
    {
        members.Forget(conversation);
        foreach (var account in after.Union(before))
        {
            connections.Send(account, Events.Conversation, new ConversationEvent(conversation, Gone: !after.Contains(account)));
        }
    }

    /// <summary>
    /// A message of whoever did it, which says what they did. It goes the way of all messages and gets its number there. When too many wait, or it cannot be written (which the writer
    /// logs), it is left out: what it tells of is done, and the members' list is the truth.
    /// </summary>
    public async Task SayAsync(Guid conversation, Caller by, Notice notice)
    {
        var sender = new Person(by.Id, by.Handle, by.Name, by.Avatar);
        var content = new MessageContent { Notice = notice };
        var draft = new Draft(ids, conversation, sender, $"notice {Guid.NewGuid():N}", "", null, [], content);
        if (writer.TryEnqueue(draft))
        {
            await ((Task)draft.Done.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
