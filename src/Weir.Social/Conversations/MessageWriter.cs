using System.Collections.Frozen;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Links;
using Weir.Social.Notifications;
using Weir.Social.Realtime;
using Weir.Social.Search;

namespace Weir.Social.Conversations;

/// <summary>A message that waits to be written. <see cref="Done"/> completes once it is on disk, or says why it is not.</summary>
/// <param name="Address">Where it came from (<see cref="Hosting.AddressKey.Of"/>); null for what the server says itself.</param>
internal sealed record Draft(
    RepeatableIds Ids,
    Guid Conversation,
    Person Sender,
    string ClientId,
    string Text,
    Guid? ReplyTo,
    List<Guid> Mentions,
    MessageContent? Content = null,
    Attached? Attached = null,
    string? Address = null)
{
    /// <summary>The same sent again is the same message.</summary>
    public Guid Id { get; } = Ids.Of(Conversation, Sender.Id, ClientId);

    /// <summary>The id that it got when it was sent before ids were keyed.</summary>
    public Guid FormerId { get; } = RepeatableIds.Former(Conversation, Sender.Id, ClientId);

    public TaskCompletionSource<Sent> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal enum SendRefusal
{
    None,
    NotMember,
    NotFriends,
    ReplyUnknown,
    FileUnknown,
}

internal sealed record Sent(SendRefusal Refusal, Message? Message = null);

/// <summary>
/// The one place where messages are numbered and written: whatever waits, at most <see cref="ConversationLimits.MaxBatch"/>, goes into one transaction, so that
/// many messages share one fsync; when nothing waits a message goes alone at once. It writes through <see cref="WriteScope"/> like every change, which
/// gives it its turn among SQLite's writers and PostgreSQL's conflicts their repetition. Events go out in the order of the numbers, after the commit and before the answers.
/// </summary>
internal sealed class MessageWriter(
    IServiceScopeFactory scopes, WriteGate gate, ConversationLimits limits, MemberLists members, Connections connections, MessageNotices notices, LinkCards links, SearchSignal search, TimeProvider clock, ILogger<MessageWriter> log) : BackgroundService
{
    private static readonly CompiledQuery<Func<WeirDb, List<Guid>, IAsyncEnumerable<Target>>> Targets =
        new(() => EF.CompileAsyncQuery((WeirDb db, List<Guid> ids) => db.Conversations.AsNoTracking()
            .Where(c => ids.Contains(c.Id))
            .Select(c => new Target(
                c,
                c.OneId == null
                    || (db.Friendships.Any(f => f.OwnerId == c.OneId && f.FriendId == c.OtherId)
                        && db.Friendships.Any(f => f.OwnerId == c.OtherId && f.FriendId == c.OneId)
                        && !db.Blocks.Any(b =>
                            (b.OwnerId == c.OneId && b.BlockedId == c.OtherId) || (b.OwnerId == c.OtherId && b.BlockedId == c.OneId)))))));

    private static readonly CompiledQuery<Func<WeirDb, List<Guid>, IAsyncEnumerable<Message>>> Known =
        new(() => EF.CompileAsyncQuery((WeirDb db, List<Guid> ids) => db.Messages.AsNoTracking().Where(m => ids.Contains(m.Id))));

    private readonly Channel<Draft> _waiting = Channel.CreateBounded<Draft>(new BoundedChannelOptions(limits.MaxWaiting) { SingleReader = true });

    /// <summary>False when too many wait.</summary>
    public bool TryEnqueue(Draft draft)
    {
        if (_waiting.Writer.TryWrite(draft))
        {
            return true;
        }

        SocialMetrics.MessagesRefused.Add(1);
        return false;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The listener has ended its requests before this stops: what still waits has nobody who was promised anything.
        var batch = new List<Draft>(limits.MaxBatch);
        await using var place = new WritePlace(gate, WriteLane.Messages, () => _waiting.Reader.Count > 0);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                batch.Clear();
                while (batch.Count < limits.MaxBatch && _waiting.Reader.TryRead(out var draft))
                {
                    batch.Add(draft);
                }

                await WriteAsync(batch, place);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var draft))
            {
                draft.Done.TrySetCanceled(CancellationToken.None);
            }
        }
    }

    private async Task WriteAsync(List<Draft> batch, WritePlace place)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
            // Not cancelled by anybody's request: others wait for the same transaction.
            var written = await write.RunAsync(() => AddAsync(db, batch), CancellationToken.None, place);
            foreach (var (conversation, list) in written.Lists)
            {
                members.Put(conversation, list);
            }

            foreach (var (body, accounts, isGroup) in written.Events.SelectMany(e => e.Bodies()))
            {
                connections.Send(accounts, Events.Message, body);
                notices.Written(body, accounts, isGroup);
            }

            search.Written(written.Lists.Keys);
            SocialMetrics.Messages.Add(written.Events.Count);
            foreach (var (draft, sent) in batch.Zip(written.Answers))
            {
                draft.Done.TrySetResult(sent);
            }

            written.Events.ForEach(sent => links.Offer(sent.Body, sent.Address));
        }
        catch (Exception fault)
        {
            // Whatever kept the transaction from the disk, each sender hears of it and may send the same again: nothing of it was written.
            log.LogError(fault, "{Count} messages could not be written", batch.Count);
            foreach (var draft in batch)
            {
                draft.Done.TrySetException(fault);
            }
        }
    }

    private async Task<Written> AddAsync(WeirDb db, List<Draft> batch)
    {
        var now = clock.Now();
        var ids = batch.Select(d => d.Conversation).Distinct().ToList();
        var conversations = await Targets.On(db)(db, ids).ToDictionaryAsync(target => target.Conversation.Id);
        var lists = await ReadMembersAsync(db, conversations.Values);
        var messageIds = batch.SelectMany(d => new[] { d.Id, d.FormerId, d.ReplyTo ?? d.Id }).Distinct().ToList();
        var known = await Known.On(db)(db, messageIds).ToDictionaryAsync(m => m.Id);
        var authors = await ReadPeopleAsync(db, batch, known);
        var latecomers = await ReadLatecomersAsync(db, batch, known);
        var files = await ReadFilesAsync(db, batch);
        var passedOn = await ReadPassedOnAsync(db, batch, files);

        var answers = new List<Sent>(batch.Count);
        var events = new List<Event>(batch.Count);
        var added = new List<Message>(batch.Count);
        foreach (var draft in batch)
        {
            if (!conversations.TryGetValue(draft.Conversation, out var target) || !lists[draft.Conversation].Accounts.Contains(draft.Sender.Id))
            {
                answers.Add(new Sent(SendRefusal.NotMember));
                continue;
            }

            if (known.TryGetValue(draft.Id, out var there) || known.TryGetValue(draft.FormerId, out there))
            {
                answers.Add(new Sent(SendRefusal.None, there));
                continue;
            }

            if (!target.MayWrite)
            {
                answers.Add(new Sent(SendRefusal.NotFriends));
                continue;
            }

            Message? replied = null;
            var late = FrozenSet<Guid>.Empty;
            if (draft.ReplyTo is { } wanted)
            {
                var isThere = known.TryGetValue(wanted, out replied)
                    && replied.ConversationId == draft.Conversation && replied.RecalledAt is null && authors.ContainsKey(replied.SenderId);
                late = isThere
                    ? latecomers[draft.Conversation].Where(m => m.FromSeq >= replied!.Seq).Select(m => m.AccountId).ToFrozenSet()
                    : late;
                replied = isThere && !late.Contains(draft.Sender.Id) ? replied : null;
            }

            if (draft.ReplyTo is not null && replied is null)
            {
                answers.Add(new Sent(SendRefusal.ReplyUnknown));
                continue;
            }

            var conversation = target.Conversation;
            var content = draft.Content;
            if (draft.Attached is { } attached && (content = attached.Use(db, files, passedOn, draft, conversation.LastSeq + 1)) is null)
            {
                answers.Add(new Sent(SendRefusal.FileUnknown));
                continue;
            }

            var accounts = lists[draft.Conversation].Accounts;
            conversation.LastSeq++;
            conversation.LastAt = now;
            var message = new Message
            {
                ConversationId = conversation.Id,
                Seq = conversation.LastSeq,
                Id = draft.Id,
                SenderId = draft.Sender.Id,
                ClientId = draft.ClientId,
                Text = draft.Text,
                Content = content,
                IsNotice = content?.Notice is not null,
                ReplyToSeq = replied?.Seq,
                Mentions = [.. draft.Mentions.Where(accounts.Contains)],
                SentAt = now,
            };
            added.Add(message);
            known.Add(message.Id, message);
            answers.Add(new Sent(SendRefusal.None, message));
            var quoted = replied is null ? null : Quotation.Of(replied, authors[replied.SenderId]);
            var body = MessageBody.Of(message, draft.Sender, quoted, authors);
            events.Add(new Event(body, accounts, late, conversation.IsGroup, draft.Address));
        }

        await MessageRows.WriteAsync(db, added, [.. added.Select(m => m.ConversationId).Distinct().Select(id => conversations[id].Conversation)]);
        return new Written(answers, events, lists);
    }

    /// <summary>The members of each conversation as this transaction sees them: kept lists where the version is the same, the others read.</summary>
    private async Task<Dictionary<Guid, MemberLists.Members>> ReadMembersAsync(WeirDb db, IEnumerable<Target> targets)
    {
        var lists = new Dictionary<Guid, MemberLists.Members>();
        var unknown = new Dictionary<Guid, int>();
        foreach (var (conversation, _) in targets)
        {
            if (members.Find(conversation.Id) is { } list && list.Version == conversation.MembersVersion)
            {
                lists.Add(conversation.Id, list);
            }
            else
            {
                unknown.Add(conversation.Id, conversation.MembersVersion);
            }
        }

        if (unknown.Count > 0)
        {
            var ids = unknown.Keys.ToList();
            var read = (await db.ConversationMembers.Where(m => ids.Contains(m.ConversationId)).Select(m => new { m.ConversationId, m.AccountId }).ToListAsync())
                .ToLookup(m => m.ConversationId, m => m.AccountId);
            foreach (var (id, version) in unknown)
            {
                lists.Add(id, new MemberLists.Members(version, read[id].ToFrozenSet()));
            }
        }

        return lists;
    }

    /// <summary>The senders of what is replied to, and whom notices name.</summary>
    private static async Task<Dictionary<Guid, Person>> ReadPeopleAsync(WeirDb db, List<Draft> batch, Dictionary<Guid, Message> known)
    {
        var ids = batch.Where(d => d.ReplyTo is not null && known.ContainsKey(d.ReplyTo.Value)).Select(d => known[d.ReplyTo!.Value].SenderId)
            .Concat(batch.SelectMany(d => d.Content?.Notice?.People ?? [])).Distinct().ToList();
        return ids.Count == 0
            ? []
            : await db.Accounts.Where(a => ids.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(p => p.Id);
    }

    /// <summary>Members who came after something that is replied to: they do not read it, quoted neither.</summary>
    private static async Task<ILookup<Guid, (Guid AccountId, long FromSeq)>> ReadLatecomersAsync(
        WeirDb db, List<Draft> batch, Dictionary<Guid, Message> known)
    {
        var replied = batch.Select(d => d.ReplyTo is { } wanted ? known.GetValueOrDefault(wanted) : null).OfType<Message>().ToList();
        if (replied.Count == 0)
        {
            return Array.Empty<Guid>().ToLookup(none => none, _ => (Guid.Empty, 0L));
        }

        var (ids, first) = (replied.Select(m => m.ConversationId).Distinct().ToList(), replied.Min(m => m.Seq));
        return (await db.ConversationMembers
                .Where(m => ids.Contains(m.ConversationId) && m.FromSeq >= first)
                .Select(m => new { m.ConversationId, m.AccountId, m.FromSeq })
                .ToListAsync())
            .ToLookup(m => m.ConversationId, m => (m.AccountId, m.FromSeq));
    }

    private static async Task<Dictionary<Guid, StoredFile>> ReadFilesAsync(WeirDb db, List<Draft> batch)
    {
        var ids = batch.SelectMany(d => d.Attached?.Ids ?? []).Distinct().ToList();
        return ids.Count == 0 ? [] : await db.Files.Where(f => ids.Contains(f.Id)).ToDictionaryAsync(f => f.Id);
    }

    /// <summary>Files of others that a sender reads in a message at this moment, and may pass on.</summary>
    private static async Task<HashSet<(Guid Account, Guid File)>> ReadPassedOnAsync(WeirDb db, List<Draft> batch, Dictionary<Guid, StoredFile> files)
    {
        var wanted = batch.SelectMany(d => (d.Attached?.Ids ?? []).Where(id => files.TryGetValue(id, out var file) && file.OwnerId != d.Sender.Id).Select(id => (Sender: d.Sender.Id, File: id))).ToList();
        if (wanted.Count == 0)
        {
            return [];
        }

        var (ids, senders) = (wanted.ConvertAll(w => w.File), wanted.ConvertAll(w => w.Sender));
        return [.. (await (
            from use in db.FileUses
            where use.Place == FilePlace.Message && ids.Contains(use.FileId)
            join member in db.ConversationMembers on use.PlaceId equals member.ConversationId
            where senders.Contains(member.AccountId) && use.Seq > member.FromSeq
            select new { member.AccountId, use.FileId }).Distinct().ToListAsync()).Select(found => (found.AccountId, found.FileId))];
    }

    /// <param name="MayWrite">For a one-to-one conversation: both are friends and neither blocked the other.</param>
    private sealed record Target(Conversation Conversation, bool MayWrite);

    /// <param name="Late">Those of the accounts who came after what it replies to.</param>
    private sealed record Event(MessageBody Body, FrozenSet<Guid> Accounts, FrozenSet<Guid> Late, bool IsGroup, string? Address)
    {
        /// <summary>What each of them is sent.</summary>
        public IEnumerable<(MessageBody Body, FrozenSet<Guid> Accounts, bool IsGroup)> Bodies() => Late.Count == 0
            ? [(Body, Accounts, IsGroup)]
            :
            [
                (Body, Accounts.Except(Late).ToFrozenSet(), IsGroup),
                (Body with { ReplyTo = null }, Late.Intersect(Accounts).ToFrozenSet(), IsGroup),
            ];
    }

    private sealed record Written(List<Sent> Answers, List<Event> Events, Dictionary<Guid, MemberLists.Members> Lists);
}
