using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Notifications;

/// <summary>
/// What <see cref="NoticeReader"/> asks: every page that is opened counts what is unread. The queries that decide who may see something
/// take <see cref="MomentWindowStarts"/> last.
/// </summary>
internal static class NoticeQueries
{
    public static readonly CompiledQuery<Func<WeirDb, Guid, DateTimeOffset, IAsyncEnumerable<Notification>>> All =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, DateTimeOffset oldest) => db.Notifications.AsNoTracking()
            .Where(n => n.AccountId == me && n.At > oldest)
            .OrderByDescending(n => n.At).ThenByDescending(n => n.Id)
            .Take(Notification.MaxListed)));

    // A summary stands as long as something does that it tells of, read or not.
    public static readonly CompiledQuery<Func<WeirDb, Guid, DateTimeOffset, IAsyncEnumerable<Notification>>> Unread =
        new(() => EF.CompileAsyncQuery<WeirDb, Guid, DateTimeOffset, Notification>((db, me, oldest) => db.Notifications.AsNoTracking()
            .Where(n => n.AccountId == me && n.At > oldest)
            .OrderByDescending(n => n.At).ThenByDescending(n => n.Id)
            .Take(Notification.MaxListed)
            .Where(n => !n.Read || (n.SummaryId != null && db.Notifications.Any(s => s.Id == n.SummaryId && !s.Read)))
            .OrderByDescending(n => n.At).ThenByDescending(n => n.Id)));

    /// <summary>Those who are there and have no block between them and me.</summary>
    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<Person>>> People =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) => db.Accounts
            .Where(a => ids.Contains(a.Id) && a.DeletedAt == null && a.SuspendedAt == null
                && !db.Blocks.Any(b => (b.OwnerId == me && b.BlockedId == a.Id) || (b.OwnerId == a.Id && b.BlockedId == me)))
            .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))));

    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<NoticedMessage>>> Messages =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) =>
            from message in db.Messages
            where ids.Contains(message.Id) && message.RecalledAt == null
            join member in db.ConversationMembers
                on new { message.ConversationId, AccountId = me } equals new { member.ConversationId, member.AccountId }
            where message.Seq > member.FromSeq
            join conversation in db.Conversations on message.ConversationId equals conversation.Id
            select new NoticedMessage(
                message.Id,
                message.ConversationId,
                message.Seq,
                message.Text,
                conversation.Name,
                member.ReadSeq,
                member.Muted,
                conversation.OneId != null)));

    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<Guid>>> OpenRequests =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) => db.FriendRequests
            .Where(r => ids.Contains(r.Id) && !r.Declined && db.Accounts.Any(a => a.Id == me && a.UserName == r.ToHandle))
            .Select(r => r.Id)));

    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<Guid>>> Friends =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) => db.Friendships
            .Where(f => f.OwnerId == me && ids.Contains(f.FriendId)
                && db.Friendships.Any(back => back.OwnerId == f.FriendId && back.FriendId == me))
            .Select(f => f.FriendId)));

    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<Guid>>> Invited =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) => db.Invitations
            .Where(i => i.FromId == me && i.UsedById != null && ids.Contains(i.UsedById.Value))
            .Select(i => i.UsedById!.Value)));

    public static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<NoticedName>>> EditorInvitations =
        new(() => EF.CompileAsyncQuery((WeirDb db, Guid me, List<Guid> ids) =>
            from editor in db.OfficialEditors
            where editor.AccountId == me && editor.AcceptedAt == null && ids.Contains(editor.OfficialAccountId)
            join account in db.OfficialAccounts on editor.OfficialAccountId equals account.Id
            where account.ClosedAt == null
            select new NoticedName(account.Id, account.Name)));

    public static readonly CompiledQuery<Func<
        WeirDb, Guid, List<Guid>, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IAsyncEnumerable<NoticedLike>>> Likes = new(() =>
    {
        Expression<Func<WeirDb, Guid, List<Guid>, List<Guid>, IQueryable<Viewing<MomentLike>>>> likes =
            (db, me, moments, people) => db.MomentLikes
            .Where(l => moments.Contains(l.MomentId) && people.Contains(l.AuthorId))
            .Select(l => new Viewing<MomentLike> { Item = l, Post = l.Moment!, Viewer = me });
        var (context, starts) = (likes.Parameters[0], MomentWindowStarts.Parameters());
        var seen = Visibility.Visible<MomentLike>().With([context, likes.Body, .. starts])
            .Then(context, Interactions.AuthorKnown<MomentLike>())
            .Then<Viewing<MomentLike>, NoticedLike>(
                context, (db, all) => all.Select(v => new NoticedLike(v.Item.MomentId, v.Item.AuthorId, v.Item.Moment!.Text)));
        return EF.CompileAsyncQuery(
            Expression.Lambda<Func<
                WeirDb, Guid, List<Guid>, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IQueryable<NoticedLike>>>(
                seen, [.. likes.Parameters, .. starts]));
    });

    public static readonly CompiledQuery<Func<
        WeirDb, Guid, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IAsyncEnumerable<NoticedComment>>> Comments = new(() =>
    {
        Expression<Func<WeirDb, Guid, List<Guid>, IQueryable<Viewing<MomentComment>>>> comments = (db, me, ids) => db.MomentComments
            .Where(c => ids.Contains(c.Id))
            .Select(c => new Viewing<MomentComment> { Item = c, Post = c.Moment!, Viewer = me });
        var (context, starts) = (comments.Parameters[0], MomentWindowStarts.Parameters());
        var seen = Visibility.Visible<MomentComment>().With([context, comments.Body, .. starts])
            .Then(context, Interactions.AuthorKnown<MomentComment>())
            .Then<Viewing<MomentComment>, NoticedComment>(
                context, (db, all) => all.Select(v => new NoticedComment(v.Item.Id, v.Item.Text, v.Item.Moment!.Text)));
        return EF.CompileAsyncQuery(
            Expression.Lambda<Func<WeirDb, Guid, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IQueryable<NoticedComment>>>(
                seen, [.. comments.Parameters, .. starts]));
    });

    public static readonly CompiledQuery<Func<
        WeirDb, Guid, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IAsyncEnumerable<NoticedBroadcast>>> Live = new(() =>
    {
        Expression<Func<WeirDb, Guid, List<Guid>, IQueryable<Viewing<Broadcast>>>> broadcasts = (db, me, ids) => db.Broadcasts
            .Where(b => ids.Contains(b.Id))
            .Select(b => new Viewing<Broadcast> { Item = b, Post = b, Viewer = me });
        var (context, starts) = (broadcasts.Parameters[0], MomentWindowStarts.Parameters());
        var seen = Visibility.Visible<Broadcast>().With([context, broadcasts.Body, .. starts])
            .Then<Viewing<Broadcast>, NoticedBroadcast>(context, (db, all) => all
                .Where(v => v.Item.State != BroadcastState.Ended || v.Item.Recorded)
                .Select(v => new NoticedBroadcast(v.Item.Id, v.Item.Title, v.Item.State)));
        return EF.CompileAsyncQuery(
            Expression.Lambda<Func<WeirDb, Guid, List<Guid>, DateTimeOffset, DateTimeOffset, DateTimeOffset, IQueryable<NoticedBroadcast>>>(
                seen, [.. broadcasts.Parameters, .. starts]));
    });
}

/// <param name="Direct">In a conversation of two.</param>
internal sealed record NoticedMessage(
    Guid Id, Guid ConversationId, long Seq, string? Text, string? Name, long ReadSeq, bool Muted, bool Direct);

internal sealed record NoticedName(Guid Id, string? Name);

internal sealed record NoticedLike(Guid MomentId, Guid AuthorId, string Text);

/// <param name="Moment">What the moment says.</param>
internal sealed record NoticedComment(Guid Id, string Text, string Moment);

internal sealed record NoticedBroadcast(Guid Id, string Title, BroadcastState State);
