using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;

namespace Weir.Social.Notifications;

/// <summary>Who is told that a broadcast is live: those who gave its host a star and may watch; a conversation by a card.</summary>
internal sealed class LiveNotices(
    WeirDb db,
    WriteScope write,
    Notices notices,
    MessageWriter messages,
    RepeatableIds ids,
    IServiceScopeFactory scopes,
    TimeProvider clock,
    ILogger<LiveNotices> log)
{
    private const int MostInTurn = 100;

    /// <summary>
    /// Inside the transaction in which a broadcast begins; not when it goes on after an interruption. The first hundred are read and told in
    /// it, the others a hundred at a time in turns of their own right after it, so that messages have turns between. When the process ends
    /// meanwhile, who is left is not told.
    /// </summary>
    public async Task BeganAsync(Broadcast broadcast, CancellationToken cancellation)
    {
        // A link is for those who were given it.
        if (broadcast.Kind == AudienceKind.Link)
        {
            return;
        }

        if (await TellAsync(broadcast, Guid.Empty, cancellation) is { } last)
        {
            write.AfterTurn(() => TellOthersAsync(broadcast.Id, last));
        }
    }

    private async Task TellOthersAsync(Guid id, Guid? after)
    {
        try
        {
            while (after is { } last)
            {
                await using var scope = scopes.CreateAsyncScope();
                var own = scope.ServiceProvider.GetRequiredService<LiveNotices>();
                after = await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(
                    () => own.TellAsync(id, last), CancellationToken.None, WriteLane.Live);
            }
        }
        catch (Exception fault)
        {
            // The report itself is on disk, and what is left to do for it must not wait for this.
            log.LogError(fault, "Not everybody could be told that broadcast {Broadcast:N} is live", id);
        }
    }

    private async Task<Guid?> TellAsync(Guid id, Guid after) =>
        await db.Broadcasts.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id && b.DeletedAt == null) is { } broadcast
            ? await TellAsync(broadcast, after, CancellationToken.None)
            : null;

    /// <summary>Tells the next hundred after this account.</summary>
    /// <returns>The last of them, or null when there are no more.</returns>
    private async Task<Guid?> TellAsync(Broadcast broadcast, Guid after, CancellationToken cancellation)
    {
        // What goes to followers goes out in the account's name: a star for the account counts there, and one for its editor too.
        var told = await (
            from star in db.Stars
            where (star.TargetId == broadcast.OwnerId || star.TargetId == broadcast.OfficialAccountId) && star.OwnerId.CompareTo(after) > 0
            from found in db.Broadcasts
            where found.Id == broadcast.Id
            select new Viewing<Broadcast> { Item = found, Post = found, Viewer = star.OwnerId }).WhereVisible(db, clock.Now())
            .Where(v => v.Item.Kind == AudienceKind.Followers
                || (db.Friendships.Any(f => f.OwnerId == v.Item.OwnerId && f.FriendId == v.Viewer)
                    && db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Item.OwnerId)))
            .Select(v => v.Viewer)
            .Distinct()
            .OrderBy(viewer => viewer)
            .Take(MostInTurn)
            .ToListAsync(cancellation);
        await notices.AddAsync([.. told.Select(viewer => new Happened(NoticeKind.Live, viewer, broadcast.OwnerId, broadcast.Id))], cancellation);
        return told.Count == MostInTurn ? told[^1] : null;
    }

    /// <summary>
    /// Says it once to the conversation that a running broadcast is for, as a message of its host. Asked at every report, because the one before may have ended between its
    /// transaction and the message: the message's id follows from the broadcast, so there is never a second. A conversation in which somebody
    /// may not see the broadcast gets none: a message is everybody's.
    /// </summary>
    public async Task SayAsync(Broadcast broadcast, CancellationToken cancellation)
    {
        if (broadcast is not { Kind: AudienceKind.Conversation, ConversationId: { } conversation, State: BroadcastState.Live, DeletedAt: null })
        {
            return;
        }

        var host = await db.Accounts.Where(a => a.Id == broadcast.OwnerId).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).SingleAsync(cancellation);
        var card = new MessageContent { Card = new Card(CardKind.Broadcast, broadcast.Id) };
        var draft = new Draft(ids, conversation, host, $"live-{broadcast.Id:N}", "", null, [], card);
        if (!await db.Messages.AnyAsync(m => m.Id == draft.Id || m.Id == draft.FormerId, cancellation)
            && await EverybodySeesAsync(broadcast.Id, conversation, cancellation))
        {
            write.AfterCommit(() => messages.TryEnqueue(draft));
        }
    }

    private async Task<bool> EverybodySeesAsync(Guid id, Guid conversation, CancellationToken cancellation)
    {
        var members = db.ConversationMembers.Where(m => m.ConversationId == conversation
            && db.Accounts.Any(a => a.Id == m.AccountId && a.SuspendedAt == null && a.DeletedAt == null));
        var seeing = (
            from member in members
            from found in db.Broadcasts
            where found.Id == id
            select new Viewing<Broadcast> { Item = found, Post = found, Viewer = member.AccountId }).WhereVisible(db, clock.Now());
        return await seeing.CountAsync(cancellation) == await members.CountAsync(cancellation);
    }
}
