using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Conversations;

/// <summary><c>GET /api/conversations</c> and <c>GET /api/conversations/{id}</c>.</summary>
internal static class ReadConversations
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 100;
    private const int MaxPeople = 4;

    /// <summary>Unread messages are counted among the newest of a conversation only, so that a year's absence costs no more than a day's.</summary>
    private const int MaxUnread = 200;

    // The pinned ones all come with the first page, above it.
    private static readonly CompiledQuery<Func<WeirDb, Guid, bool, DateTimeOffset, Guid, int, IAsyncEnumerable<Row>>> Rows = new(() => EF.CompileAsyncQuery(
        (WeirDb db, Guid me, bool first, DateTimeOffset before, Guid last, int most) => (
            from member in db.ConversationMembers.AsNoTracking()
            where member.AccountId == me
            join conversation in db.Conversations.AsNoTracking() on member.ConversationId equals conversation.Id
            where first || (member.PinnedAt == null && (conversation.LastAt < before || (conversation.LastAt == before && conversation.Id.CompareTo(last) < 0)))
            orderby member.PinnedAt != null descending, conversation.LastAt descending, conversation.Id descending
            select new Row
            {
                Member = member,
                Conversation = conversation,
                Count = db.ConversationMembers.Count(m => m.ConversationId == conversation.Id),
                Unread = db.Messages.Count(m => m.ConversationId == conversation.Id
                    && m.Seq > member.ReadSeq && m.Seq > member.FromSeq && m.Seq > conversation.LastSeq - MaxUnread && m.SenderId != me && !m.IsNotice),
            }).Take(most)));

    private static readonly CompiledQuery<Func<WeirDb, List<Guid>, IAsyncEnumerable<MessageBody.Found>>> Newest = MessageBody.Compile(
        (db, ids) =>
            from conversation in db.Conversations
            where ids.Contains(conversation.Id)
            join message in db.Messages
                on new { conversation.Id, Seq = conversation.LastSeq } equals new { Id = message.ConversationId, message.Seq }
            select message);

    private static readonly CompiledQuery<Func<WeirDb, Guid, List<Guid>, IAsyncEnumerable<FirstPerson>>> FirstPeople = new(() => EF.CompileAsyncQuery(
        (WeirDb db, Guid me, List<Guid> ids) =>
            from member in db.ConversationMembers
            where ids.Contains(member.ConversationId) && member.AccountId != me
                && db.ConversationMembers.Count(m => m.ConversationId == member.ConversationId && m.AccountId != me && m.AccountId.CompareTo(member.AccountId) < 0) < MaxPeople
            join account in db.Accounts on member.AccountId equals account.Id
            select new FirstPerson { Conversation = member.ConversationId, Person = new Person(account.Id, account.UserName!, account.Name, account.AvatarId) }));

    /// <param name="People">The other one; of a group at most <see cref="MaxPeople"/> of the others.</param>
    /// <param name="Mentions">How many of the unread name me.</param>
    /// <param name="MentionSeq">The first of these.</param>
    internal sealed record Entry(
        Guid Id,
        string Kind,
        string? Name,
        List<Person> People,
        int MemberCount,
        MessageBody? LastMessage,
        DateTimeOffset LastAt,
        long LastSeq,
        long ReadSeq,
        int Unread,
        int Mentions,
        long? MentionSeq,
        bool Muted,
        bool Pinned);

    internal sealed record Page(List<Entry> Conversations, string? Next);

    internal sealed record MemberEntry(Guid Id, string Handle, string Name, Guid? Avatar, MemberRole Role);

    /// <param name="Asked">Whom the group waits for; shown to its owner and administrators.</param>
    internal sealed record Details(
        Guid Id, string Kind, string? Name, DateTimeOffset CreatedAt, long FromSeq, long LastSeq, long ReadSeq, bool Muted, bool Pinned, MemberRole Role, bool MayWrite, List<MemberEntry> Members, List<Person> Asked);

    public static void Map(RouteGroupBuilder conversations)
    {
        conversations.MapGet("", ListAsync);
        conversations.MapGet("/{id}", GetAsync);
    }

    /// <summary>The other one of each; of a group at most <see cref="MaxPeople"/> of the others.</summary>
    internal static async Task<ILookup<Guid, Person>> FirstPeopleAsync(WeirDb db, Guid me, List<Guid> ids, CancellationToken cancellation) =>
        (await FirstPeople.On(db)(db, me, ids).ToListAsync(cancellation)).ToLookup(p => p.Conversation, p => p.Person);

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> ListAsync(
        Caller caller, WeirDb db, CancellationToken cancellation, string? before = null, int limit = DefaultLimit)
    {
        var taken = Math.Clamp(limit, 1, MaxLimit);
        DateTimeOffset? time = null;
        var last = Guid.Empty;
        if (before is not null)
        {
            var parts = before.Split('-');
            if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) || microseconds > 1L << 53 || !Ids.TryParse(parts[1], out last))
            {
                return Problems.Field("before", "cursor-shape", "This is not where a page ended.");
            }

            time = Times.FromMicroseconds(microseconds);
        }

        var read = taken + 1 + (time is null ? MyView.MaxPinned : 0);
        var rows = await Rows.On(db)(db, caller.Id, time is null, time.GetValueOrDefault(), last, read).ToListAsync(cancellation);
        var most = rows.TakeWhile(r => r.Member.PinnedAt is not null).Count() + taken;
        var more = rows.Count > most;
        rows = more ? rows[..most] : rows;
        var ids = rows.ConvertAll(r => r.Conversation.Id);
        var people = await FirstPeopleAsync(db, caller.Id, ids, cancellation);
        var from = rows.ToDictionary(r => r.Conversation.Id, r => r.Member.FromSeq);
        var newest = (await MessageBody.ReadAsync(db, Newest.On(db)(db, ids), id => from[id], cancellation))
            .ToDictionary(m => m.Conversation);
        var mentioned = await MentionsAsync(db, caller.Id, [.. rows.Where(r => r.Unread > 0 && r.Conversation.IsGroup).Select(r => r.Conversation.Id)], cancellation);
        var entries = rows.ConvertAll(r => new Entry(
            r.Conversation.Id,
            KindOf(r.Conversation),
            r.Conversation.Name,
            [.. people[r.Conversation.Id]],
            r.Count,
            r.Conversation.LastSeq > r.Member.FromSeq ? newest.GetValueOrDefault(r.Conversation.Id) : null,
            r.Conversation.LastAt,
            r.Conversation.LastSeq,
            r.Member.ReadSeq,
            r.Unread,
            mentioned[r.Conversation.Id].Count(),
            mentioned[r.Conversation.Id].Cast<long?>().Min(),
            r.Member.Muted,
            r.Member.PinnedAt is not null));
        var end = more ? rows[^1].Conversation : null;
        return TypedResults.Ok(new Page(entries, end is null ? null : string.Create(CultureInfo.InvariantCulture, $"{end.LastAt.ToMicroseconds()}-{end.Id:N}")));
    }

    /// <summary>The unread messages of these groups that name me.</summary>
    private static async Task<ILookup<Guid, long>> MentionsAsync(WeirDb db, Guid me, List<Guid> groups, CancellationToken cancellation) => groups.Count == 0
        ? Array.Empty<(Guid, long)>().ToLookup(m => m.Item1, m => m.Item2)
        : (await (
            from member in db.ConversationMembers
            where member.AccountId == me && groups.Contains(member.ConversationId)
            join conversation in db.Conversations on member.ConversationId equals conversation.Id
            from message in db.Messages
            where message.ConversationId == conversation.Id && message.Seq > member.ReadSeq && message.Seq > member.FromSeq && message.Seq > conversation.LastSeq - MaxUnread
                && message.SenderId != me && message.Mentions.Contains(me)
            select new { message.ConversationId, message.Seq }).ToListAsync(cancellation)).ToLookup(m => m.ConversationId, m => m.Seq);

    private static async Task<Results<Ok<Details>, ProblemHttpResult>> GetAsync(string id, Caller caller, WeirDb db, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var wanted);
        var mine = await (
            from member in db.ConversationMembers.AsNoTracking()
            where member.ConversationId == wanted && member.AccountId == caller.Id
            join conversation in db.Conversations.AsNoTracking() on member.ConversationId equals conversation.Id
            select new Row { Member = member, Conversation = conversation }).SingleOrDefaultAsync(cancellation);
        if (mine is null)
        {
            return Problems.NotFound();
        }

        var members = await (
            from member in db.ConversationMembers
            where member.ConversationId == wanted
            join account in db.Accounts on member.AccountId equals account.Id
            orderby member.JoinedAt, account.UserName
            select new MemberEntry(account.Id, account.UserName!, account.Name, account.AvatarId, member.Role)).ToListAsync(cancellation);
        var other = mine.Conversation.OneId == caller.Id ? mine.Conversation.OtherId : mine.Conversation.OneId;
        var mayWrite = mine.Conversation.IsGroup || await CreateConversation.Friends(db, caller.Id).AnyAsync(a => a.Id == other, cancellation);
        return TypedResults.Ok(new Details(
            wanted,
            KindOf(mine.Conversation),
            mine.Conversation.Name,
            mine.Conversation.CreatedAt,
            mine.Member.FromSeq,
            mine.Conversation.LastSeq,
            mine.Member.ReadSeq,
            mine.Member.Muted,
            mine.Member.PinnedAt is not null,
            mine.Member.Role,
            mayWrite,
            members,
            mine.Member.Role == MemberRole.Member ? [] : await GroupInvitations.WaitingAsync(db, wanted, caller.Id, cancellation)));
    }

    private static string KindOf(Conversation conversation) => conversation.IsGroup ? "group" : "direct";

    private sealed class FirstPerson
    {
        public required Guid Conversation { get; init; }

        public required Person Person { get; init; }
    }

    private sealed class Row
    {
        public required ConversationMember Member { get; init; }

        public required Conversation Conversation { get; init; }

        public int Count { get; init; }

        public int Unread { get; init; }
    }
}
