using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary><c>POST /api/conversations/{id}/messages/{message}/recall</c>: by its sender within two minutes. A notice stays in its place; text, pictures and files are gone.</summary>
internal static class RecallMessage
{
    internal sealed record Recalled(Guid Conversation, long Seq, Guid Id, DateTimeOffset RecalledAt);

    public static void Map(RouteGroupBuilder conversations) => conversations.MapPost("/{id}/messages/{message}/recall", HandleAsync).OnFullDisks();

    /// <summary>Inside the running transaction.</summary>
    public static async Task<Recalled> TakeBackAsync(WeirDb db, Message message, DateTimeOffset now, CancellationToken cancellation)
    {
        message.RecalledAt = now;
        message.Text = null;
        message.Content = null;
        message.Mentions = [];
        message.ReplyToSeq = null;
        await FileUses.ReleaseAsync(db, FilePlace.Message, message.ConversationId, now, cancellation, message.Seq);
        return new Recalled(message.ConversationId, message.Seq, message.Id, now);
    }

    /// <summary>Those who may have read it: whoever came later does not even hear that there was one.</summary>
    public static Task<List<Guid>> ReadersAsync(WeirDb db, Message message, CancellationToken cancellation) => db.ConversationMembers
        .Where(m => m.ConversationId == message.ConversationId && m.FromSeq < message.Seq).Select(m => m.AccountId).ToListAsync(cancellation);

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

            if (!found.IsRecallable(clock.Now()))
            {
                return Problems.Conflict("too-late", "A message can be recalled within two minutes.");
            }

            recalled = await TakeBackAsync(db, found, clock.Now(), cancellation);
            told = await ReadersAsync(db, found, cancellation);
            return null;
        }, cancellation);
        if (recalled is not null)
        {
            connections.Send(told.ToFrozenSet(), Events.Recalled, recalled);
        }

        return fault is null ? TypedResults.NoContent() : fault;
    }
}
