using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Conversations;

/// <summary>A message as answers and events show it; <see cref="Text"/> is null once it was recalled.</summary>
internal sealed record MessageBody(
    Guid Conversation, long Seq, Guid Id, string ClientId, Person Sender, string? Text, DateTimeOffset SentAt, Quotation? ReplyTo, List<Guid> Mentions, DateTimeOffset? RecalledAt)
{
    /// <summary>Reads messages with their senders and what they reply to, oldest first.</summary>
    public static async Task<List<MessageBody>> ReadAsync(WeirDb db, IQueryable<Message> messages, CancellationToken cancellation)
    {
        var found = await (
            from message in messages.AsNoTracking()
            join sender in db.Accounts on message.SenderId equals sender.Id
            join replied in db.Messages.AsNoTracking()
                on new { message.ConversationId, Seq = message.ReplyToSeq } equals new { replied.ConversationId, Seq = (long?)replied.Seq } into quoted
            from replied in quoted.DefaultIfEmpty()
            join author in db.Accounts on replied.SenderId equals author.Id into authors
            from author in authors.DefaultIfEmpty()
            orderby message.Seq
            select new
            {
                Message = message,
                Sender = new Person(sender.Id, sender.UserName!, sender.Name),
                Replied = replied,
                Author = author == null ? null : new Person(author.Id, author.UserName!, author.Name),
            }).ToListAsync(cancellation);
        return found.ConvertAll(f => Of(f.Message, f.Sender, f.Replied is null || f.Author is null ? null : Quotation.Of(f.Replied, f.Author)));
    }

    public static MessageBody Of(Message message, Person sender, Quotation? replyTo) => new(
        message.ConversationId, message.Seq, message.Id, message.ClientId, sender, message.Text, message.SentAt, message.RecalledAt is null ? replyTo : null, message.Mentions, message.RecalledAt);
}

/// <summary>The start of the message that another replies to.</summary>
internal sealed record Quotation(long Seq, Guid Id, Person Sender, string? Text)
{
    private const int Length = 200;

    public static Quotation Of(Message message, Person sender) => new(message.Seq, message.Id, sender, MessageText.Start(message.Text, Length));
}
