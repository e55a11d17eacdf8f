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
    /// Inside the transaction in which a broadcast begins; not when it goes on after an interruption. The first hundred are told in it, the
    /// others in turns of their own right after it, so that messages have turns between. When the process ends meanwhile, who is left is
    /// not told.
    /// </summary>
    public async Task BeganAsync(Broadcast broadcast, CancellationToken cancellation)
    {
        // A link is for those who were given it.
        if (broadcast.Kind == AudienceKind.Link)
        {
            return;
        }

        // What goes to followers goes out in the account's name: a star for the account counts there, and one for its editor too.
        var told = await (
            from star in db.Stars
            where star.TargetId == broadcast.OwnerId || star.TargetId == broadcast.OfficialAccountId
            from found in db.Broadcasts
            where found.Id == broadcast.Id
            select new Viewing<Broadcast> { Item = found, Post = found, Viewer = star.OwnerId }).WhereVisible(db, clock.Now())
            .Where(v => v.Item.Kind == AudienceKind.Followers
                || (db.Friendships.Any(f => f.OwnerId == v.Item.OwnerId && f.FriendId == v.Viewer)
                    && db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Item.OwnerId)))
            .Select(v => v.Viewer)
            .Distinct()
            .ToListAsync(cancellation);
        var batches = told.Select(viewer => new Happened(NoticeKind.Live, viewer, broadcast.OwnerId, broadcast.Id))
            .Chunk(MostInTurn).ToList();
        if (batches.Count > 0)
        {
            await notices.AddAsync(batches[0], cancellation);
        }

        foreach (var batch in batches.Skip(1))
        {
            write.AfterTurn(() => TellAsync(batch));
        }
    }

    private async Task TellAsync(Happened[] batch)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var own = scope.ServiceProvider.GetRequiredService<Notices>();
            await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
            {
                await own.AddAsync(batch, CancellationToken.None);
                return true;
            }, CancellationToken.None, WriteLane.Live);
        }
        catch (Exception fault)
        {
            // The report itself is on disk, and what is left to do for it must not wait for this.
            log.LogError(fault, "{Count} people could not be told that a broadcast is live", batch.Length);
        }
    }

    /// <summary>
    /// Says it once to the conversation that a running broadcast is for, as a message of its host. Asked at every report, because the one before may have ended between its
    /// transaction and the message: the message's id follows from the broadcast, so there is never a second.
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
        if (!await db.Messages.AnyAsync(m => m.Id == draft.Id || m.Id == draft.FormerId, cancellation))
        {
            write.AfterCommit(() => messages.TryEnqueue(draft));
        }
    }
}
