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

    private static readonly CompiledQuery<Func<WeirDb, Guid, Guid, CancellationToken, Task<long?>>> Beginning = new(() => EF.CompileAsyncQuery(
        (WeirDb db, Guid conversation, Guid me, CancellationToken cancellation) => db.ConversationMembers
            .Where(m => m.ConversationId == conversation && m.AccountId == me)
            .Select(m => (long?)m.FromSeq)
            .SingleOrDefault()));

    private static readonly CompiledQuery<Func<WeirDb, Guid, long, long, int, IAsyncEnumerable<MessageBody.Found>>> After = MessageBody.Compile(
        (db, conversation, from, after, taken) => db.Messages.Where(m => m.ConversationId == conversation && m.Seq > from && m.Seq > after).OrderBy(m => m.Seq).Take(taken));

    private static readonly CompiledQuery<Func<WeirDb, Guid, long, long, int, IAsyncEnumerable<MessageBody.Found>>> Before = MessageBody.Compile(
        (db, conversation, from, before, taken) => db.Messages.Where(m => m.ConversationId == conversation && m.Seq > from && m.Seq < before).OrderByDescending(m => m.Seq).Take(taken));

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
        var from = await Beginning.On(db)(db, conversation, caller.Id, cancellation);
        if (from is null)
        {
            return Problems.NotFound();
        }

        var page = before is { } end ? Before.On(db)(db, conversation, from.Value, end, taken) : After.On(db)(db, conversation, from.Value, after ?? 0, taken);
        return TypedResults.Ok(await MessageBody.ReadAsync(db, page, _ => from.Value, cancellation));
    }
}
