using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Conversations;

/// <summary>A message as answers and events show it; <see cref="Text"/> is null once it was recalled.</summary>
internal sealed record MessageBody(
    Guid Conversation, long Seq, Guid Id, string ClientId, Person Sender, string? Text, DateTimeOffset SentAt, Quotation? ReplyTo, List<Guid> Mentions, DateTimeOffset? RecalledAt,
    List<PictureRef> Pictures, FileRef? File, Card? Card, LinkCard? Link, NoticeBody? Notice)
{
    private static readonly Expression<Func<WeirDb, IQueryable<Message>, IQueryable<Found>>> Beside = (db, messages) =>
        from message in messages.AsNoTracking()
        join sender in db.Accounts on message.SenderId equals sender.Id
        join replied in db.Messages.AsNoTracking()
            on new { message.ConversationId, Seq = message.ReplyToSeq } equals new { replied.ConversationId, Seq = (long?)replied.Seq } into quoted
        from replied in quoted.DefaultIfEmpty()
        join author in db.Accounts on replied.SenderId equals author.Id into authors
        from author in authors.DefaultIfEmpty()
        orderby message.Seq
        select new Found
        {
            Message = message,
            Sender = new Person(sender.Id, sender.UserName!, sender.Name, sender.AvatarId),
            Replied = replied,
            Author = author == null ? null : new Person(author.Id, author.UserName!, author.Name, author.AvatarId),
        };

    /// <summary>A message with its sender and what it replies to.</summary>
    internal sealed class Found
    {
        public required Message Message { get; init; }

        public required Person Sender { get; init; }

        public Message? Replied { get; init; }

        public Person? Author { get; init; }
    }

    /// <summary>For messages that are read all the time; <see cref="ReadAsync"/> takes what it finds.</summary>
    public static CompiledQuery<Func<WeirDb, Guid, long, long, int, IAsyncEnumerable<Found>>> Compile(Expression<Func<WeirDb, Guid, long, long, int, IQueryable<Message>>> messages) =>
        new(() => EF.CompileAsyncQuery(Expression.Lambda<Func<WeirDb, Guid, long, long, int, IQueryable<Found>>>(messages.Body.Then(messages.Parameters[0], Beside), messages.Parameters)));

    public static CompiledQuery<Func<WeirDb, List<Guid>, IAsyncEnumerable<Found>>> Compile(Expression<Func<WeirDb, List<Guid>, IQueryable<Message>>> messages) =>
        new(() => EF.CompileAsyncQuery(Expression.Lambda<Func<WeirDb, List<Guid>, IQueryable<Found>>>(messages.Body.Then(messages.Parameters[0], Beside), messages.Parameters)));

    /// <summary>Reads messages with their senders and what they reply to, oldest first.</summary>
    /// <param name="from">
    /// The number after which the reader reads a conversation: what was said before is not quoted to them either.
    /// </param>
    public static async Task<List<MessageBody>> ReadAsync(
        WeirDb db, IAsyncEnumerable<Found> messages, Func<Guid, long> from, CancellationToken cancellation)
    {
        var found = await messages.ToListAsync(cancellation);
        var named = found.SelectMany(f => f.Message.Content?.Notice?.People ?? []).Distinct().ToList();
        var people = named.Count == 0
            ? []
            : await db.Accounts.Where(a => named.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(p => p.Id, cancellation);
        return found.ConvertAll(f => Of(f.Message, f.Sender, QuotedBy(f), people));

        Quotation? QuotedBy(Found f) => f is { Replied: { } replied, Author: { } author } && replied.Seq > from(replied.ConversationId)
            ? Quotation.Of(replied, author)
            : null;
    }

    /// <param name="people">Whom a notice names.</param>
    public static MessageBody Of(Message message, Person sender, Quotation? replyTo, IReadOnlyDictionary<Guid, Person> people) => new(
        message.ConversationId, message.Seq, message.Id, message.ClientId, sender, message.Text, message.SentAt, message.RecalledAt is null ? replyTo : null, message.Mentions, message.RecalledAt,
        message.Content?.Pictures ?? [], message.Content?.File, message.Content?.Card, message.Content?.Link, NoticeBody.Of(message.Content?.Notice, people));
}

/// <summary>The start of the message that another replies to; <see cref="Kind"/> says what it was when it has no text, and is null once it was recalled.</summary>
internal sealed record Quotation(long Seq, Guid Id, Person Sender, string? Text, string? Kind)
{
    private const int Length = 200;

    public static Quotation Of(Message message, Person sender) => new(
        message.Seq, message.Id, sender, MessageText.Start(message.Text, Length), message.RecalledAt is null ? message.Content?.Kind ?? "text" : null);
}
