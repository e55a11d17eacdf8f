using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>
/// <c>POST /api/conversations/{id}/messages</c>: answered once the message is on disk. The same <c>clientId</c> of the same sender gives the same
/// message, so whoever got no answer sends again without fear.
/// </summary>
internal static class SendMessage
{
    private const int MaxMentions = 50;

    internal sealed record Request(
        string? ClientId,
        string? Text = null,
        string? ReplyTo = null,
        List<string>? Mentions = null,
        List<string>? Pictures = null,
        string? File = null,
        ContentRequest.CardBody? Card = null);

    internal sealed record Answer(long Seq, Guid Id, string ClientId, DateTimeOffset SentAt);

    public static void Map(RouteGroupBuilder conversations) =>
        conversations.MapPost("/{id}/messages", HandleAsync).WithCallLimit(CallLimit.Own);

    private static async Task<Results<Created<Answer>, ProblemHttpResult>> HandleAsync(
        string id,
        Request request,
        Caller caller,
        ConversationThrottle throttle,
        MemberLists members,
        MessageWriter writer,
        RepeatableIds ids,
        CallerStanding standing,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        // Most messages need none of their own: the writer has one.
        WeirDb Db() => context.RequestServices.GetRequiredService<WeirDb>();

        Ids.TryParse(id, out var conversation);
        if (!MessageText.IsClientId(request.ClientId))
        {
            return Problems.Field("clientId", "client-id-shape", $"A clientId has 1 to {MessageText.MaxClientId} printable ASCII characters.");
        }

        var (content, fault) = ContentRequest.Parse(request.Pictures, request.File, request.Card);
        if (fault is not null)
        {
            return fault;
        }

        // With something attached the text may be left out.
        var text = content != ContentRequest.None && string.IsNullOrWhiteSpace(request.Text) ? "" : MessageText.Parse(request.Text);
        if (text is null)
        {
            return Problems.Field("text", "text-shape", $"A message has 1 to {MessageText.MaxLength} characters, not only blanks.");
        }

        var replyTo = Guid.Empty;
        if (request.ReplyTo is not null && !Ids.TryParse(request.ReplyTo, out replyTo))
        {
            return ReplyFault();
        }

        var mentions = new List<Guid>();
        foreach (var typed in (request.Mentions ?? []).Distinct())
        {
            if (!Ids.TryParse(typed, out var mention) || mentions.Count == MaxMentions)
            {
                return Problems.Field("mentions", "mentions-shape", $"Mentions are at most {MaxMentions} account ids.");
            }

            mentions.Add(mention);
        }

        // A list that says yes may be old, and the writer asks again in its transaction. Everybody else is looked up here: an outsider gets no further.
        if (members.Find(conversation)?.Accounts.Contains(caller.Id) != true
            && !await Db().ConversationMembers.AnyAsync(m => m.ConversationId == conversation && m.AccountId == caller.Id, cancellation))
        {
            return Problems.NotFound();
        }

        if (!throttle.Sending.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var draft = new Draft(
            ids,
            conversation,
            new Person(caller.Id, caller.Handle, caller.Name, caller.Avatar),
            request.ClientId!,
            text,
            request.ReplyTo is null ? null : replyTo,
            mentions,
            content.Content,
            content.Attached,
            AddressKey.Of(context.Connection.RemoteIpAddress));
        // What was sent before is answered as before, whatever has become of the card since.
        if (draft.Content?.Card is { } card
            && !await Cards.IsVisibleAsync(Db(), card, caller.Id, clock.Now(), cancellation)
            && !await Db().Messages.AnyAsync(m => m.Id == draft.Id || m.Id == draft.FormerId, cancellation))
        {
            return ContentRequest.CardUnknown();
        }

        await standing.CheckAsync(cancellation);
        if (!writer.TryEnqueue(draft))
        {
            context.Response.Headers.RetryAfter = "1";
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "Too many messages at once. Try again in a moment.");
        }

        var sent = await draft.Done.Task.WaitAsync(cancellation);
        return sent switch
        {
            { Message: { } message } => TypedResults.Created(
                string.Create(CultureInfo.InvariantCulture, $"/api/conversations/{conversation:N}/messages?after={message.Seq - 1}&limit=1"),
                new Answer(message.Seq, message.Id, message.ClientId, message.SentAt)),
            // Unfriended and blocked, by either: which of them, nobody is told.
            { Refusal: SendRefusal.NotFriends } => Problems.Forbidden("not-friends", "You can write to each other while you are friends."),
            { Refusal: SendRefusal.ReplyUnknown } => ReplyFault(),
            { Refusal: SendRefusal.FileUnknown } => FileUses.Unknown(request.File is null ? "pictures" : "file"),
            _ => Problems.NotFound(),
        };
    }

    private static ProblemHttpResult ReplyFault() => Problems.Field("replyTo", "reply-unknown", "The message that this replies to is not there.");
}
