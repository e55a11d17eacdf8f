using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
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
/// predicate. Each kind has one query over the ids of its rows: <see cref="NoticeQueries"/>.
/// </summary>
internal sealed class NoticeReader(WeirDb db, TimeProvider clock)
{
    private const int TextLength = 140;

    public async Task<List<Standing>> ReadAsync(Guid me, CancellationToken cancellation)
    {
        var rows = await NoticeQueries.All.On(db)(db, me, clock.Now() - Notification.Lifetime).ToListAsync(cancellation);
        return await StandingAsync(me, rows, cancellation);
    }

    /// <summary>Of the same what was not marked as read, and what an unread summary tells of: enough to count what is unread.</summary>
    public async Task<List<Standing>> ReadUnreadAsync(Guid me, CancellationToken cancellation)
    {
        var rows = await NoticeQueries.Unread.On(db)(db, me, clock.Now() - Notification.Lifetime).ToListAsync(cancellation);
        // A quiet one counts for nothing, but may be the newest of its entry, which then is quiet whatever else is in it.
        var counted = rows.Where(n => !n.Quiet).Select(n => (n.Kind, n.SubjectId)).ToHashSet();
        rows.RemoveAll(n => n.SummaryId is null && !counted.Contains((n.Kind, n.SubjectId)));
        return await StandingAsync(me, rows, cancellation);
    }

    /// <summary>Those of these rows that still stand, in the same order.</summary>
    public async Task<List<Standing>> StandingAsync(Guid me, IReadOnlyCollection<Notification> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var actors = rows.Select(n => n.ActorId).Distinct().ToList();
        var people = await NoticeQueries.People.On(db)(db, me, actors).ToDictionaryAsync(p => p.Id, cancellationToken: cancellation);
        await AddAdministratorsAsync(people, rows, cancellation);
        var places = new Dictionary<Guid, (NoticePlace Place, string? Text, bool Read)>();
        foreach (var kind in rows.GroupBy(AskedAs))
        {
            var standing = kind.Key switch
            {
                NoticeKind.Mention => await MessagesAsync(me, [.. kind], cancellation),
                NoticeKind.FriendRequest => await RequestsAsync(me, [.. kind], cancellation),
                NoticeKind.FriendAccepted => await FriendsAsync(me, [.. kind], cancellation),
                NoticeKind.InvitationUsed => await InvitedAsync(me, [.. kind], cancellation),
                NoticeKind.GroupRequest => await GroupsAsync(me, [.. kind], cancellation),
                NoticeKind.EditorInvitation => await EditorsAsync(me, [.. kind], cancellation),
                NoticeKind.MomentLike => await LikesAsync(me, [.. kind], cancellation),
                NoticeKind.MomentComment => await CommentsAsync(me, [.. kind], cancellation),
                NoticeKind.AdministratorReset => await ResetsAsync(me, [.. kind], cancellation),
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

    /// <summary>Kinds that one query answers.</summary>
    private static NoticeKind AskedAs(Notification notice) => notice.Kind switch
    {
        NoticeKind.Mention or NoticeKind.Reply or NoticeKind.DirectMessage or NoticeKind.GroupMessage => NoticeKind.Mention,
        NoticeKind.MomentComment or NoticeKind.MomentReply => NoticeKind.MomentComment,
        _ => notice.Kind,
    };

    /// <summary>An administrator hides what they did neither by a block nor by being suspended for it.</summary>
    private async Task AddAdministratorsAsync(
        Dictionary<Guid, Person> people, IReadOnlyCollection<Notification> rows, CancellationToken cancellation)
    {
        var actors = rows.Where(n => n.Kind == NoticeKind.AdministratorReset && !people.ContainsKey(n.ActorId))
            .Select(n => n.ActorId).Distinct().ToList();
        if (actors.Count > 0)
        {
            foreach (var actor in await db.Accounts.Where(a => actors.Contains(a.Id))
                .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToListAsync(cancellation))
            {
                people.Add(actor.Id, actor);
            }
        }
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> ResetsAsync(
        Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var names = await db.Accounts.Where(a => ids.Contains(a.Id) && db.Accounts.Any(i => i.Id == me && i.IsAdmin))
            .ToDictionaryAsync(a => a.Id, a => a.Name, cancellation);
        return rows.Where(n => names.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n =>
            (new NoticePlace("administration", n.SubjectId, names[n.SubjectId]), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> MessagesAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.DetailId);
        var found = await NoticeQueries.Messages.On(db)(db, me, ids)
            .ToDictionaryAsync(m => m.Id, cancellationToken: cancellation);
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
        var open = await NoticeQueries.OpenRequests.On(db)(db, me, ids).ToHashSetAsync(cancellationToken: cancellation);
        return rows.Where(n => open.Contains(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("friendRequest", n.SubjectId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> FriendsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.ActorId);
        var friends = await NoticeQueries.Friends.On(db)(db, me, ids).ToHashSetAsync(cancellationToken: cancellation);
        return rows.Where(n => friends.Contains(n.ActorId)).ToDictionary(n => n.Id, n => (new NoticePlace("person", n.ActorId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> InvitedAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.ActorId);
        var used = await NoticeQueries.Invited.On(db)(db, me, ids).ToHashSetAsync(cancellationToken: cancellation);
        return rows.Where(n => used.Contains(n.ActorId)).ToDictionary(n => n.Id, n => (new NoticePlace("person", n.ActorId), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> GroupsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var open = await (
            from invitation in GroupInvitations.Mine(db, me)
            where ids.Contains(invitation.ConversationId)
            join conversation in db.Conversations on invitation.ConversationId equals conversation.Id
            select new { conversation.Id, conversation.Name }).ToDictionaryAsync(c => c.Id, cancellation);
        return rows.Where(n => open.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("groupInvitation", n.SubjectId, open[n.SubjectId].Name), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> EditorsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var open = await NoticeQueries.EditorInvitations.On(db)(db, me, ids)
            .ToDictionaryAsync(a => a.Id, cancellationToken: cancellation);
        return rows.Where(n => open.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n => (new NoticePlace("officialAccount", n.SubjectId, open[n.SubjectId].Name), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> LikesAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var moments = rows.Select(n => n.SubjectId).Distinct().ToList();
        var people = rows.Select(n => n.ActorId).Distinct().ToList();
        var (threeDays, month, sixMonths) = MomentWindowStarts.At(clock.Now());
        var seen = (await NoticeQueries.Likes.On(db)(db, me, moments, people, threeDays, month, sixMonths).ToListAsync(cancellation))
            .ToDictionary(l => (l.MomentId, l.AuthorId), l => l.Text);
        return rows.Where(n => seen.ContainsKey((n.SubjectId, n.ActorId))).ToDictionary(n => n.Id, n =>
            (new NoticePlace("moment", n.SubjectId, MessageText.Start(seen[(n.SubjectId, n.ActorId)], TextLength)), (string?)null, false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> CommentsAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.DetailId);
        var (threeDays, month, sixMonths) = MomentWindowStarts.At(clock.Now());
        var seen = await NoticeQueries.Comments.On(db)(db, me, ids, threeDays, month, sixMonths)
            .ToDictionaryAsync(c => c.Id, cancellationToken: cancellation);
        return rows.Where(n => seen.ContainsKey(n.DetailId)).ToDictionary(n => n.Id, n =>
            (new NoticePlace("moment", n.SubjectId, MessageText.Start(seen[n.DetailId].Moment, TextLength)), MessageText.Start(seen[n.DetailId].Text, TextLength), false));
    }

    private async Task<Dictionary<Guid, (NoticePlace, string?, bool)>> LiveAsync(Guid me, List<Notification> rows, CancellationToken cancellation)
    {
        var ids = rows.ConvertAll(n => n.SubjectId);
        var (threeDays, month, sixMonths) = MomentWindowStarts.At(clock.Now());
        var visible = await NoticeQueries.Live.On(db)(db, me, ids, threeDays, month, sixMonths)
            .ToDictionaryAsync(b => b.Id, cancellationToken: cancellation);
        return rows.Where(n => visible.ContainsKey(n.SubjectId)).ToDictionary(n => n.Id, n =>
            (new NoticePlace("broadcast", n.SubjectId, visible[n.SubjectId].Title, State: visible[n.SubjectId].State), (string?)null, false));
    }
}
