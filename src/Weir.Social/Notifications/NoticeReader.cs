using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Notifications;

/// <summary>Where a tap leads.</summary>
internal sealed record NoticePlace(string Kind, Guid Id, string? Name = null, long? Seq = null, BroadcastState? State = null, bool? Direct = null);

/// <summary>A notice whose thing is there and visible to its person at this moment.</summary>
internal sealed record Standing(Notification Notice, Person? Actor, NoticePlace? Place, string? Text, bool Read);

/// <summary>
/// Reads a person's notices and leaves out whatever they would not find or see at this moment: what was taken back, recalled, deleted, answered, or hidden by the one
/// predicate. Each kind has one query over the ids of its rows.
/// </summary>
internal sealed class NoticeReader(WeirDb db, TimeProvider clock)
{
    private const int TextLength = 140;

    public async Task<List<Standing>> ReadAsync(Guid me, CancellationToken cancellation)
    {
        var oldest = clock.Now() - Notification.Lifetime;
        var rows = await db.Notifications.AsNoTracking()
            .Where(n => n.AccountId == me && n.At > oldest)
            .OrderByDescending(n => n.At).ThenByDescending(n => n.Id)
            .Take(Notification.MaxListed)
            .ToListAsync(cancellation);
        return await StandingAsync(me, rows, cancellation);
    }

    /// <summary>Those of these rows that still stand, in the same order.</summary>
    public async Task<List<Standing>> StandingAsync(Guid me, IReadOnlyCollection<Notification> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var people = await PeopleAsync(me, rows.Select(n => n.ActorId).Distinct().ToList(), cancellation);
        var places = new Dictionary<Guid, (NoticePlace Place, string? Text, bool Read)>();
        foreach (var kind in rows.GroupBy(n => n.Kind))
        {
            var standing = kind.Key switch
            {
                NoticeKind.Mention or NoticeKind.Reply or NoticeKind.DirectMessage or NoticeKind.GroupMessage => await MessagesAsync(me, [.. kind], cancellation),
                NoticeKind.FriendRequest => await RequestsAsync(me, [.. kind], cancellation),
                NoticeKind.FriendAccepted => await FriendsAsync(me, [.. kind], cancellation),
                NoticeKind.InvitationUsed => await InvitedAsync(me, [.. kind], cancellation),
                NoticeKind.GroupRequest => await GroupsAsync(me, [.. kind], cancellation),
                NoticeKind.EditorInvitation => await EditorsAsync(me, [.. kind], cancellation),
                NoticeKind.MomentLike => await LikesAsync(me, [.. kind], cancellation),
                NoticeKind.MomentComment or NoticeKind.MomentReply => await CommentsAsync(me, [.. kind], cancellation),
                NoticeKind.Live => await LiveAsync(me, [.. kind], cancellation),
                _ => [],
            };
            foreach (var (id, found) in standing)
            {
                places.Add(id, found);
            }
        }

        var list = new List<Standing>(rows.Count);
        foreach (var row in rows)
        {
            if (row.Kind == NoticeKind.Summary)
            {
                list.Add(new Standing(row, null, null, null, row.Read));
            }
            else if (places.TryGetValue(row.Id, out var found) && people.TryGetValue(row.ActorId, out var actor))
            {
                list.Add(new Standing(row, actor, found.Place, found.Text, row.Read || found.Read));
            }
        }

        return list;
    }

    /// <summary>Those who are there and have no block between them and me.</summary>
    private Task<Dictionary<Guid, Person>> PeopleAsync(Guid me, List<Guid> ids, CancellationToken cancellation) => db.Accounts
        .VisibleTo(db, me)
        .Where(a => ids.Contains(a.Id) && a.SuspendedAt == null && !db.Blocks.Any(b => b.OwnerId == me && b.BlockedId == a.Id))
        .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))
        .ToDictionaryAsync(p => p.Id, cancellation);

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> MessagesAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.DetailId);
        var found = await (
            from message in db.Messages
            where ids.Contains(message.Id) && message.RecalledAt == null
            join member in db.ConversationMembers on new { message.ConversationId, AccountId = me } equals new { member.ConversationId, member.AccountId }
            where message.Seq > member.FromSeq
            join conversation in db.Conversations on message.ConversationId equals conversation.Id
            select new { message.Id, message.ConversationId, message.Seq, message.Text, conversation.Name, member.ReadSeq, member.Muted, Direct = conversation.OneId != null }).ToDictionaryAsync(m => m.Id, cancellation);
        return rows.Where(n => found.TryGetValue(n.DetailId, out var message) && !(message.Muted && n.Kind is NoticeKind.DirectMessage or NoticeKind.GroupMessage)).ToDictionary(n => n.Id, n =>
        {
            var message = found[n.DetailId];
            // Whoever read the conversation up to there knows.
            return (new NoticePlace("conversation", message.ConversationId, message.Name, message.Seq, Direct: message.Direct), MessageText.Start(message.Text, TextLength), message.ReadSeq >= message.Seq);
        });
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> RequestsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var open = await db.FriendRequests.Where(r => ids.Contains(r.Id) && db.Accounts.Any(a => a.Id == me && a.UserName == r.ToHandle)).Select(r => r.Id).ToHashSetAsync(cancellation);
        return rows.Where(n => open.Contains(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("friendRequest", n.SubjectId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> FriendsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.ActorId);
        var friends = await db.Friendships
            .Where(f => f.OwnerId == me && ids.Contains(f.FriendId) && db.Friendships.Any(back => back.OwnerId == f.FriendId && back.FriendId == me))
            .Select(f => f.FriendId)
            .ToHashSetAsync(cancellation);
        return rows.Where(n => friends.Contains(n.ActorId)).ToDictionary(n => n.Id, n => (new NoticePlace("person", n.ActorId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> InvitedAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.ActorId);
        var used = await db.Invitations.Where(i => i.FromId == me && i.UsedById != null && ids.Contains(i.UsedById.Value)).Select(i => i.UsedById!.Value).ToHashSetAsync(cancellation);
        return rows.Where(n => used.Contains(n.ActorId)).ToDictionary(n => n.Id, n => (new NoticePlace("person", n.ActorId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> GroupsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var open = await (
            from invitation in db.GroupInvitations
            where invitation.AccountId == me && ids.Contains(invitation.ConversationId)
            join conversation in db.Conversations on invitation.ConversationId equals conversation.Id
            select new { conversation.Id, conversation.Name }).ToDictionaryAsync(c => c.Id, cancellation);
        return rows.Where(n => open.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("groupInvitation", n.SubjectId, open[n.SubjectId].Name), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> EditorsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var open = await (
            from editor in db.OfficialEditors
            where editor.AccountId == me && editor.AcceptedAt == null && ids.Contains(editor.OfficialAccountId)
            join account in db.OfficialAccounts on editor.OfficialAccountId equals account.Id
            where account.ClosedAt == null
            select new { account.Id, account.Name }).ToDictionaryAsync(a => a.Id, cancellation);
        return rows.Where(n => open.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("officialAccount", n.SubjectId, open[n.SubjectId].Name), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> LikesAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var moments = rows.ConvertAll(n => n.SubjectId);
        var people = rows.ConvertAll(n => n.ActorId);
        var seen = (await db.MomentLikes.Where(l => moments.Contains(l.MomentId) && people.Contains(l.AuthorId)).AsSeenBy(me).WhereSeen(db, clock.Now())
            .Select(v => new { v.Item.MomentId, v.Item.AuthorId, v.Item.Moment!.Text })
            .ToListAsync(cancellation)).ToDictionary(l => (l.MomentId, l.AuthorId), l => l.Text);
        return rows.Where(n => seen.ContainsKey((n.SubjectId, n.ActorId))).ToDictionary(n => n.Id, n =>
            (new NoticePlace("moment", n.SubjectId, MessageText.Start(seen[(n.SubjectId, n.ActorId)], TextLength)), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> CommentsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.DetailId);
        var seen = await db.MomentComments.Where(c => ids.Contains(c.Id)).AsSeenBy(me).WhereSeen(db, clock.Now())
            .Select(v => new { v.Item.Id, v.Item.Text, Moment = v.Item.Moment!.Text })
            .ToDictionaryAsync(c => c.Id, cancellation);
        return rows.Where(n => seen.ContainsKey(n.DetailId)).ToDictionary(n => n.Id, n =>
            (new NoticePlace("moment", n.SubjectId, MessageText.Start(seen[n.DetailId].Moment, TextLength)), MessageText.Start(seen[n.DetailId].Text, TextLength), false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> LiveAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var visible = await db.Broadcasts.Where(b => ids.Contains(b.Id)).AsSeenBy(me).WhereVisible(db, clock.Now())
            .Where(v => v.Item.State != BroadcastState.Ended || v.Item.Recorded)
            .Select(v => new { v.Item.Id, v.Item.Title, v.Item.State })
            .ToDictionaryAsync(b => b.Id, cancellation);
        return rows.Where(n => visible.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n =>
            (new NoticePlace("broadcast", n.SubjectId, visible[n.SubjectId].Title, State: visible[n.SubjectId].State), (string?)null, false));
    }
}
