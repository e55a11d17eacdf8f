using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Conversations;

/// <summary><c>GET /api/conversations/{id}/messages</c>: always in the order of their numbers and without gaps; <c>after</c> to catch up, <c>before</c> to look back.</summary>
internal static class ReadMessages
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;

    public static void Map(RouteGroupBuilder conversations) => conversations.MapGet("/{id}/messages", HandleAsync);

    private static async Task<Results<Ok<List<MessageBody>>, ProblemHttpResult>> HandleAsync(
        string id, Caller caller, WeirDb db, CancellationToken cancellation, long? after = null, long? before = null, int limit = DefaultLimit)
    {
        Ids.TryParse(id, out var conversation);
        if (after is not null && before is not null)
        {
            return Problems.Field("before", "after-or-before", "Give after or before, not both.");
        }

        var taken = Math.Clamp(limit, 1, MaxLimit);
        var from = await db.ConversationMembers
            .Where(m => m.ConversationId == conversation && m.AccountId == caller.Id)
            .Select(m => (long?)m.FromSeq)
            .SingleOrDefaultAsync(cancellation);
        if (from is null)
        {
            return Problems.NotFound();
        }

        var mine = db.Messages.Where(m => m.ConversationId == conversation && m.Seq > from);
        var page = before is null
            ? mine.Where(m => m.Seq > (after ?? 0)).OrderBy(m => m.Seq).Take(taken)
            : mine.Where(m => m.Seq < before).OrderByDescending(m => m.Seq).Take(taken);
        return TypedResults.Ok(await MessageBody.ReadAsync(db, page, cancellation));
    }
}
