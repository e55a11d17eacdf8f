using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Conversations;

/// <summary>What one member keeps about a conversation, and no other sees: how far they have read, muted, pinned.</summary>
internal static class MyView
{
    public const int MaxPinned = 50;

    internal sealed record ReadRequest(long Seq);

    internal sealed record ReadEvent(Guid Conversation, long Seq);

    public static void Map(RouteGroupBuilder conversations)
    {
        conversations.MapPut("/{id}/read", ReadAsync).OnFullDisks();
        conversations.MapPut("/{id}/mute", (string id, Context context, CancellationToken cancellation) => MuteAsync(id, true, context, cancellation));
        conversations.MapDelete("/{id}/mute", (string id, Context context, CancellationToken cancellation) => MuteAsync(id, false, context, cancellation));
        conversations.MapPut("/{id}/pin", PinAsync);
        conversations.MapDelete("/{id}/pin", (string id, Context context, CancellationToken cancellation) => ChangeAsync(id, context, (mine, _) =>
        {
            mine.PinnedAt = null;
            return Task.FromResult<ProblemHttpResult?>(null);
        }, cancellation));
    }

    internal readonly record struct Context(Caller Caller, WriteScope Write, WeirDb Db, Connections Connections, TimeProvider Clock)
    {
        public static ValueTask<Context> BindAsync(HttpContext http) => ValueTask.FromResult(new Context(
            http.Features.Get<Caller>()!,
            http.RequestServices.GetRequiredService<WriteScope>(),
            http.RequestServices.GetRequiredService<WeirDb>(),
            http.RequestServices.GetRequiredService<Connections>(),
            http.RequestServices.GetRequiredService<TimeProvider>()));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ReadAsync(string id, ReadRequest request, Context context, CancellationToken cancellation)
    {
        ReadEvent? moved = null;
        var answer = await ChangeAsync(id, context, async (mine, db) =>
        {
            moved = null;
            var last = await db.Conversations.Where(c => c.Id == mine.ConversationId).Select(c => c.LastSeq).SingleAsync(cancellation);
            var seq = Math.Min(request.Seq, last);
            if (seq > mine.ReadSeq)
            {
                mine.ReadSeq = seq;
                moved = new ReadEvent(mine.ConversationId, seq);
            }

            return null;
        }, cancellation, tell: false);
        if (moved is not null)
        {
            context.Connections.Send(context.Caller.Id, Events.Read, moved);
        }

        return answer;
    }

    private static Task<Results<NoContent, ProblemHttpResult>> MuteAsync(string id, bool muted, Context context, CancellationToken cancellation) =>
        ChangeAsync(id, context, (mine, _) =>
        {
            mine.Muted = muted;
            return Task.FromResult<ProblemHttpResult?>(null);
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> PinAsync(string id, Context context, CancellationToken cancellation) =>
        ChangeAsync(id, context, async (mine, db) =>
        {
            if (mine.PinnedAt is null && await db.ConversationMembers.CountAsync(m => m.AccountId == context.Caller.Id && m.PinnedAt != null, cancellation) >= MaxPinned)
            {
                return Problems.Conflict("too-many-pinned", $"You pinned {MaxPinned} conversations.");
            }

            mine.PinnedAt ??= context.Clock.Now();
            return null;
        }, cancellation);

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangeAsync(
        string id, Context context, Func<ConversationMember, WeirDb, Task<ProblemHttpResult?>> change, CancellationToken cancellation, bool tell = true)
    {
        Ids.TryParse(id, out var conversation);
        var (caller, write, db, connections, _) = context;
        var fault = await write.RunAsync(
            async () => await db.ConversationMembers.SingleOrDefaultAsync(m => m.ConversationId == conversation && m.AccountId == caller.Id, cancellation) is { } mine
                ? await change(mine, db)
                : Problems.NotFound(),
            cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (tell)
        {
            connections.Send(caller.Id, Events.Conversation, new ConversationEvent(conversation));
        }

        return TypedResults.NoContent();
    }
}
