using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Broadcasts;

/// <summary><c>POST /api/broadcasts</c>.</summary>
internal static class CreateBroadcast
{
    internal sealed record Request(string? Title, AudienceBody? Audience, bool Conversational = false) : IWritesRows
    {
        int IWritesRows.Rows => Audience?.Rows ?? 0;
    }

    internal sealed record Made(Guid Id, BroadcastState State, RtmpAddress Rtmp, WhipAddress Whip);

    public static void Map(RouteGroupBuilder broadcasts) => broadcasts.MapPost("", HandleAsync).CountsRows();

    private static async Task<Results<Created<Made>, ProblemHttpResult>> HandleAsync(
        Request request,
        Caller caller,
        LivePolicy live,
        Addresses addresses,
        WriteScope write,
        LiveLink node,
        Limits limits,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (PlainText.Parse(request.Title, PlainText.TitleLength) is not { } title)
        {
            return TitleFault();
        }

        if (!limits.Broadcasts.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var answer = await write.RunAsync<Results<Created<Made>, ProblemHttpResult>>(async () =>
        {
            if (!await live.MayGoLiveAsync(caller.Id, cancellation))
            {
                return Problems.Forbidden("live-not-allowed", "You may not go live at the moment.");
            }

            var (audience, fault) = await Audience.ParseAsync(request.Audience, caller.Id, db, cancellation);
            if (audience is null)
            {
                return fault!;
            }

            var mine = db.Broadcasts.Where(b => b.OwnerId == caller.Id && b.DeletedAt == null);
            if (await mine.CountAsync(b => b.State != BroadcastState.Ended, cancellation) >= Broadcast.MaxOpen)
            {
                return Problems.Conflict("too-many-broadcasts", $"You have {Broadcast.MaxOpen} broadcasts that have not ended.");
            }

            // Which of a host's broadcasts is the newest decides where their encoder key leads: no two may have the same time.
            var now = clock.Now();
            var newest = await mine.MaxAsync(b => (DateTimeOffset?)b.CreatedAt, cancellation);
            var broadcast = new Broadcast
            {
                // A random id, not a time-ordered one: that of a `link` broadcast is its key.
                Id = Guid.NewGuid(),
                OwnerId = caller.Id,
                Title = title,
                Conversational = request.Conversational,
                CreatedAt = newest >= now ? newest.Value.AddMicroseconds(1) : now,
            };
            audience.ApplyTo(broadcast);
            await write.ChangedOpenOfAsync(caller.Id, cancellation);
            db.Broadcasts.Add(broadcast);
            write.Changed(broadcast.Id);
            var generation = await db.Accounts.Where(a => a.Id == caller.Id).Select(a => a.StreamKeyGeneration).SingleAsync(cancellation);
            var publish = addresses.Publish(broadcast.Id, generation, context.Request);
            return TypedResults.Created($"/api/broadcasts/{broadcast.Id:N}", new Made(broadcast.Id, broadcast.State, publish.Rtmp, publish.Whip));
        }, cancellation);

        // The encoder may be started the moment the key is read.
        await node.AppliedAsync(cancellation);
        return answer;
    }

    public static ProblemHttpResult TitleFault() =>
        Problems.Field("title", "title-shape", $"A title has 1 to {PlainText.TitleLength} characters, not only blanks.");
}
