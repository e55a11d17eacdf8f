using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;

namespace Weir.Social.Conversations;

/// <summary><c>POST /api/conversations/{id}/messages/{message}/recall</c>: by its sender within two minutes. A notice stays in its place; the text is gone.</summary>
internal static class RecallMessage
{
    internal sealed record Recalled(Guid Conversation, long Seq, Guid Id, DateTimeOffset RecalledAt);

    public static void Map(RouteGroupBuilder conversations) => conversations.MapPost("/{id}/messages/{message}/recall", HandleAsync);

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        string id, string message, Caller caller, WriteScope write, WeirDb db, Connections connections, TimeProvider clock, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var conversation);
        Ids.TryParse(message, out var messageId);
        Recalled? recalled = null;
        List<Guid> told = [];
        var fault = await write.RunAsync<ProblemHttpResult?>(async () =>
        {
            recalled = null;
            var from = await db.ConversationMembers
                .Where(m => m.ConversationId == conversation && m.AccountId == caller.Id)
                .Select(m => (long?)m.FromSeq)
                .SingleOrDefaultAsync(cancellation);
            if (from is null || await db.Messages.SingleOrDefaultAsync(m => m.Id == messageId && m.ConversationId == conversation && m.Seq > from, cancellation) is not { } found)
            {
                return Problems.NotFound();
            }

            if (found.SenderId != caller.Id)
            {
                return Problems.Forbidden("not-yours", "Only the sender can recall a message.");
            }

            if (found.RecalledAt is not null)
            {
                return null;
            }

            if (clock.Now() - found.SentAt > Message.RecallLimit)
            {
                return Problems.Conflict("too-late", "A message can be recalled within two minutes.");
            }

            found.RecalledAt = clock.Now();
            found.Text = null;
            found.Mentions = [];
            found.ReplyToSeq = null;
            recalled = new Recalled(conversation, found.Seq, found.Id, found.RecalledAt.Value);
            told = await db.ConversationMembers.Where(m => m.ConversationId == conversation).Select(m => m.AccountId).ToListAsync(cancellation);
            return null;
        }, cancellation);
        if (recalled is not null)
        {
            connections.Send(told.ToFrozenSet(), Events.Recalled, recalled);
        }

        return fault is null ? TypedResults.NoContent() : fault;
    }
}
