using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary><c>POST /api/conversations</c>. One other member and no name: the one-to-one conversation, which two people have once. Anything else is a new group.</summary>
internal static class CreateConversation
{
    internal sealed record Request(List<string>? Members, string? Name) : IWritesRows
    {
        int IWritesRows.Rows => Members?.Count ?? 0;
    }

    /// <param name="Asked">How many of the chosen decide themselves, because the group is large.</param>
    internal sealed record Made(Guid Id, int Asked = 0);

    public static void Map(RouteGroupBuilder conversations) => conversations.MapPost("", HandleAsync).CountsRows();

    private static async Task<Results<Created<Made>, ProblemHttpResult>> HandleAsync(
        Request request,
        Caller caller,
        ConversationThrottle throttle,
        Connections connections,
        WriteScope write,
        WeirDb db,
        GroupAsking asking,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        var handles = (request.Members ?? []).Select(Handle.Parse).Where(handle => handle != caller.Handle).Distinct().ToList();
        if (handles.Count is 0 or >= Conversation.MaxMembers)
        {
            return Problems.Field("members", "members-count", $"A conversation has 2 to {Conversation.MaxMembers} members.");
        }

        string? name = null;
        if (!string.IsNullOrWhiteSpace(request.Name) && (name = PlainText.Parse(request.Name, PlainText.NameLength)) is null)
        {
            return GroupCalls.NameFault();
        }

        if (!throttle.Creating.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var isGroup = name is not null || handles.Count > 1;
        var (answer, told) = await write.RunAsync<(Results<Created<Made>, ProblemHttpResult>, List<Guid>)>(async () =>
        {
            if (!isGroup)
            {
                // Kept when the friendship ends: what was said stays with both.
                var there = await db.Conversations
                    .Where(c => (c.OneId == caller.Id && db.Accounts.Any(a => a.Id == c.OtherId && a.UserName == handles[0]))
                        || (c.OtherId == caller.Id && db.Accounts.Any(a => a.Id == c.OneId && a.UserName == handles[0])))
                    .Select(c => (Guid?)c.Id)
                    .SingleOrDefaultAsync(cancellation);
                if (there is { } known)
                {
                    return (Answer(known), []);
                }
            }

            var found = await Friends(db, caller.Id).Where(a => handles.Contains(a.UserName)).Select(a => new { a.UserName, a.Id }).ToDictionaryAsync(a => a.UserName!, a => a.Id, cancellation);
            if (found.Count != handles.Count)
            {
                return (Problems.Field("members", "not-a-friend", "Only friends can be asked into a conversation."), []);
            }

            var now = clock.Now();
            // In the order of the request: whoever comes last into a large group is asked first.
            var others = handles.ConvertAll(handle => found[handle!]);
            var asked = others.Skip(Conversation.AsksFrom - 1).ToList();
            others.RemoveRange(others.Count - asked.Count, asked.Count);
            var ordered = isGroup ? [] : new[] { caller.Id, others[0] }.Order().ToArray();
            var conversation = new Conversation
            {
                Id = Guid.NewGuid(),
                OneId = isGroup ? null : ordered[0],
                OtherId = isGroup ? null : ordered[1],
                Name = name,
                CreatedAt = now,
                LastAt = now,
            };
            conversation.Members.Add(new ConversationMember { ConversationId = conversation.Id, AccountId = caller.Id, JoinedAt = now, Role = isGroup ? MemberRole.Owner : MemberRole.Member });
            conversation.Members.AddRange(others.Select(other => new ConversationMember { ConversationId = conversation.Id, AccountId = other, JoinedAt = now }));
            db.Conversations.Add(conversation);
            if (asked.Count > 0)
            {
                await asking.AskAsync(conversation.Id, caller.Id, asked, cancellation);
            }

            return (Answer(conversation.Id, asked.Count), [caller.Id, .. others]);
        }, cancellation);
        if (answer.Result is Created<Made> { Value: { } made })
        {
            told.ForEach(account => connections.Send(account, Events.Conversation, new ConversationEvent(made.Id)));
        }

        return answer;

        static Created<Made> Answer(Guid id, int asked = 0) => TypedResults.Created($"/api/conversations/{id:N}", new Made(id, asked));
    }

    /// <summary>Those who hold this person and are held by them, without those whom either blocked.</summary>
    public static IQueryable<Account> Friends(WeirDb db, Guid of) => db.Accounts.Where(a =>
        a.DeletedAt == null
        && db.Friendships.Any(f => f.OwnerId == of && f.FriendId == a.Id)
        && db.Friendships.Any(f => f.OwnerId == a.Id && f.FriendId == of)
        && !db.Blocks.Any(b => (b.OwnerId == of && b.BlockedId == a.Id) || (b.OwnerId == a.Id && b.BlockedId == of)));
}

/// <summary>Something about a conversation is not as it was: read it again. <see cref="Gone"/>: it is no longer mine.</summary>
internal sealed record ConversationEvent(Guid Id, bool Gone = false);
