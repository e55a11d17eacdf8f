using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>
/// Messages, newest first over all of the caller's conversations. Each conversation is a list that is read from its end only as far as it is needed: the newest of what was read is an answer once
/// no conversation can have a newer one. Every candidate is read from its row, together with the membership that allows it.
/// </summary>
internal sealed class FindMessages(WeirDb db, ISearchIndex index, SearchLimits limits)
{
    private const int FirstRead = 4;
    private const int LaterRead = 32;

    /// <summary>Messages of a conversation that are read when the index has not come to them: twice what it leaves.</summary>
    private int Tail => 2 * limits.Waiting;

    /// <param name="within">One conversation that the caller is in.</param>
    /// <returns>Null when <see cref="SearchRequest.Before"/> is no place in this list.</returns>
    public async Task<SearchGroup?> FindAsync(SearchRequest request, Guid? within, CancellationToken cancellation)
    {
        if (Place.Parse(request.Before) is not { } before || (within is not null && request.Before is not null && before.Conversation != within))
        {
            return null;
        }

        var sources = await SourcesAsync(request, within, before, cancellation);
        var hits = new List<Row>();
        var partial = sources.Any(s => s.Cut);
        var width = FirstRead;
        while (hits.Count <= request.Limit)
        {
            var best = sources.Where(s => s.Found.Count > 0).MaxBy(s => s.Found.Peek().Place);
            var open = sources.Where(s => s is { Found.Count: 0, Done: false } && (best is null || s.Bound >= best.Found.Peek().SentAt)).OrderByDescending(s => s.Bound).Take(width).ToList();
            if (open.Count == 0)
            {
                if (best is null)
                {
                    break;
                }

                hits.Add(best.Found.Dequeue());
                continue;
            }

            if (!await ReadAsync(request, open, before, cancellation))
            {
                partial = true;
                break;
            }

            width = LaterRead;
        }

        if (partial)
        {
            hits.AddRange(sources.SelectMany(s => s.Found).OrderByDescending(row => row.Place));
        }

        var more = hits.Count > request.Limit && !partial;
        hits = [.. hits.Take(request.Limit)];
        return new SearchGroup("messages", await HitsAsync(request, hits, cancellation), more ? hits[^1].Place.ToString() : null, partial);
    }

    /// <summary>Groups by their names.</summary>
    public async Task<SearchGroup?> FindConversationsAsync(SearchRequest request, CancellationToken cancellation)
    {
        if (!request.TrySkip(out var skip))
        {
            return null;
        }

        var named = await (
            from member in db.ConversationMembers
            where member.AccountId == request.Me
            join conversation in db.Conversations on member.ConversationId equals conversation.Id
            where conversation.Name != null
            orderby conversation.LastAt descending, conversation.Id
            select new { conversation.Id, conversation.Name }).ToListAsync(cancellation);
        var found = named.Where(c => request.Query.Finds(FoldedText.Of(c.Name))).Skip(skip).Take(request.Limit + 1).ToList();
        var shown = found.Take(request.Limit).ToList();
        var cards = await CardsAsync(request.Me, shown.ConvertAll(c => c.Id), cancellation);
        return new SearchGroup(
            "conversations",
            shown.ConvertAll(c => new SearchHit { Title = Marked.Whole(request.Query, c.Name!), Conversation = cards[c.Id] }),
            found.Count > request.Limit ? (skip + request.Limit).ToString(CultureInfo.InvariantCulture) : null,
            false);
    }

    private async Task<List<Source>> SourcesAsync(SearchRequest request, Guid? within, Place before, CancellationToken cancellation)
    {
        var mine = await (
            from member in db.ConversationMembers
            where member.AccountId == request.Me && (within == null || member.ConversationId == within)
            join conversation in db.Conversations on member.ConversationId equals conversation.Id
            where conversation.LastSeq > member.FromSeq
            select new { conversation.Id, conversation.LastSeq, conversation.LastAt, member.FromSeq }).ToListAsync(cancellation);
        var progress = await index.ProgressAsync(mine.ConvertAll(c => c.Id), cancellation);
        var sources = new List<Source>(mine.Count);
        foreach (var one in mine)
        {
            var known = progress.GetValueOrDefault(one.Id);
            var indexed = Math.Max(known.Indexed, one.FromSeq);
            // Within one conversation a page goes on at a number, and in all of them at a time.
            var end = within is not null && before.Conversation == one.Id ? before.Seq : one.LastSeq + 1;
            var tail = Math.Max(indexed, one.LastSeq - Tail);
            sources.Add(new Source(one.Id, known, one.FromSeq, Math.Min(end, known.Indexed + 1))
            {
                Bound = one.LastAt,
                Tail = new Queue<long>(Enumerable.Range(0, (int)(one.LastSeq - tail)).Select(i => one.LastSeq - i).Where(seq => seq < end)),
                Cut = tail > indexed,
            });
        }

        if (within is null && await index.FindFewAsync(request.Query.Tokens, cancellation) is { } few)
        {
            var numbers = few.ToLookup(Progress.ConversationOf, Progress.SeqOf);
            foreach (var source in sources.Where(s => s.Progress.Indexed > 0))
            {
                source.Few = new Queue<long>(numbers[source.Progress.Number].Where(seq => seq > source.After && seq < source.Before).OrderDescending());
            }
        }

        return sources;
    }

    /// <summary>The next piece of these; false when no more may be read.</summary>
    private async Task<bool> ReadAsync(SearchRequest request, List<Source> sources, Place before, CancellationToken cancellation)
    {
        var asked = sources.Where(s => s.Tail.Count == 0 && s.Few is null && s.Progress.Indexed > 0 && s.Before > s.After + 1).ToList();
        var most = request.Limit + 1;
        var found = await index.FindAsync(request.Query.Tokens, asked.ConvertAll(s => new SearchRange(s.Progress, s.After, s.Before)), most, cancellation);
        var numbers = asked.Zip(found).ToDictionary(pair => pair.First, pair => pair.Second.ConvertAll(Progress.SeqOf));
        var candidates = new Dictionary<Source, List<long>>();
        foreach (var source in sources)
        {
            var seqs = source.Next(numbers.GetValueOrDefault(source), most);
            if (seqs.Count > 0)
            {
                candidates.Add(source, seqs);
            }
        }

        if (!request.Budget.Take(candidates.Sum(c => c.Value.Count)))
        {
            return false;
        }

        var rows = (await RowsAsync(request.Me, candidates, cancellation)).ToLookup(row => row.Place.Conversation);
        foreach (var (source, seqs) in candidates)
        {
            foreach (var row in rows[source.Id].OrderByDescending(row => row.Place.Seq))
            {
                // A clock that was set back makes no older message newer than the bound says.
                source.Bound = row.SentAt < source.Bound ? row.SentAt : source.Bound;
                if ((row.Place.Conversation == before.Conversation ? row.Place.Seq < before.Seq : row.Place.CompareTo(before) < 0) && request.Query.Finds(FoldedText.Of(row.Text), FoldedText.Of(row.FileName)))
                {
                    source.Found.Enqueue(row);
                }
            }
        }

        return true;
    }

    private async Task<List<Row>> RowsAsync(Guid me, Dictionary<Source, List<long>> candidates, CancellationToken cancellation)
    {
        if (candidates.Count == 0)
        {
            return [];
        }

        var keys = candidates.SelectMany(c => c.Value.Select(seq => (c.Key.Id, Seq: seq))).ToList();
        var messages = db.Database.IsSqlite()
            ? db.Messages.FromSqlRaw(
                """SELECT m.* FROM json_each({0}) AS k CROSS JOIN "Messages" AS m ON m."ConversationId" = k.value ->> 0 AND m."Seq" = k.value ->> 1""",
                // As EF Core keeps a Guid there.
                JsonSerializer.Serialize(keys.Select(k => new object[] { k.Id.ToString().ToUpperInvariant(), k.Seq })))
            : db.Messages.FromSqlRaw(
                """SELECT m.* FROM unnest({0}, {1}) AS k (c, s) JOIN "Messages" AS m ON m."ConversationId" = k.c AND m."Seq" = k.s""",
                keys.Select(k => k.Id).ToArray(),
                keys.Select(k => k.Seq).ToArray());
        var found = await (
            from message in messages.AsNoTracking()
            join member in db.ConversationMembers on message.ConversationId equals member.ConversationId
            where member.AccountId == me && message.Seq > member.FromSeq && message.RecalledAt == null
            select new { message.ConversationId, message.Seq, message.Id, message.SenderId, message.Text, message.Content, message.SentAt }).ToListAsync(cancellation);
        return found.ConvertAll(m => new Row(new Place(m.SentAt.ToMicroseconds(), m.ConversationId, m.Seq), m.SentAt, m.Id, m.SenderId, m.Text, m.Content?.File?.Name, m.Content?.Kind ?? "text"));
    }

    private async Task<List<SearchHit>> HitsAsync(SearchRequest request, List<Row> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var senders = rows.Select(r => r.Sender).Distinct().ToList();
        var people = await db.Accounts.Where(a => senders.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(p => p.Id, cancellation);
        var cards = await CardsAsync(request.Me, rows.Select(r => r.Place.Conversation).Distinct().ToList(), cancellation);
        return
        [
            .. from row in rows
               where people.ContainsKey(row.Sender) && cards.ContainsKey(row.Place.Conversation)
               select new SearchHit
               {
                   Conversation = cards[row.Place.Conversation],
                   Message = new MessageHit(row.Place.Conversation, row.Place.Seq, row.Id, people[row.Sender], row.SentAt, row.Kind),
                   Title = row.FileName is null ? null : Marked.Whole(request.Query, row.FileName),
                   Snippet = Marked.Snippet(request.Query, row.Text),
               },
        ];
    }

    private async Task<Dictionary<Guid, ConversationHit>> CardsAsync(Guid me, List<Guid> ids, CancellationToken cancellation)
    {
        var people = await ReadConversations.FirstPeopleAsync(db, me, ids, cancellation);
        return await db.Conversations.Where(c => ids.Contains(c.Id))
            .Select(c => new { c.Id, c.OneId, c.Name, Count = db.ConversationMembers.Count(m => m.ConversationId == c.Id) })
            .ToDictionaryAsync(c => c.Id, c => new ConversationHit(c.Id, c.OneId is null ? "group" : "direct", c.Name, [.. people[c.Id]], c.Count), cancellation);
    }

    /// <summary>Where a message stands among all: by time, then by conversation and number.</summary>
    private readonly record struct Place(long Time, Guid Conversation, long Seq) : IComparable<Place>
    {
        public static Place? Parse(string? typed)
        {
            if (typed is null)
            {
                return new Place(long.MaxValue, Guid.Empty, 0);
            }

            var parts = typed.Split('-');
            return parts.Length == 3
                && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var time)
                && Ids.TryParse(parts[1], out var conversation)
                && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
                    ? new Place(time, conversation, seq)
                    : null;
        }

        public int CompareTo(Place other) => (Time, Conversation, Seq).CompareTo((other.Time, other.Conversation, other.Seq));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Time}-{Conversation:N}-{Seq}");
    }

    private sealed record Row(Place Place, DateTimeOffset SentAt, Guid Id, Guid Sender, string? Text, string? FileName, string Kind);

    /// <summary>One conversation, read from its newest message on: first what the index has not, then what it says.</summary>
    private sealed class Source(Guid id, Progress progress, long after, long before)
    {
        public Guid Id => id;

        public Progress Progress => progress;

        /// <summary>The reader may read what comes after this.</summary>
        public long After => after;

        /// <summary>The index is asked for what comes before this.</summary>
        public long Before { get; private set; } = before;

        /// <summary>Nothing that is not read yet is newer.</summary>
        public DateTimeOffset Bound { get; set; }

        public required Queue<long> Tail { get; init; }

        /// <summary>Everything that the index has of it, when it has said so already.</summary>
        public Queue<long>? Few { get; set; }

        /// <summary>The index is far behind: what lies between was not looked at.</summary>
        public bool Cut { get; init; }

        public Queue<Row> Found { get; } = [];

        public bool Done { get; private set; }

        /// <summary>The next candidates: what waits for the index first.</summary>
        public List<long> Next(List<long>? said, int most)
        {
            List<long> next;
            if ((Tail.Count > 0 ? Tail : Few) is { } known)
            {
                next = [];
                while (next.Count < most && known.TryDequeue(out var seq))
                {
                    next.Add(seq);
                }

                Done = Tail.Count == 0 && (Few is { Count: 0 } || Progress.Indexed == 0);
                return next;
            }

            next = said ?? [];
            Done = next.Count < most;
            Before = next.Count > 0 ? next[^1] : Before;
            return next;
        }
    }
}
