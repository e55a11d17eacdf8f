using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Broadcasts;

/// <summary><c>PATCH</c>, <c>DELETE /api/broadcasts/{id}</c>, <c>POST /{id}/end</c>, <c>PUT</c> and <c>DELETE /{id}/mutes/{account}</c>: what the host does to a broadcast.</summary>
internal static class ChangeBroadcast
{
    internal sealed record Patch(string? Title, AudienceBody? Audience, bool? Conversational, bool Widen = false);

    public static void Map(RouteGroupBuilder broadcasts)
    {
        broadcasts.MapPatch("/{id}", PatchAsync).AllowAnonymous().OnFullDisks();
        broadcasts.MapDelete("/{id}", DeleteAsync).AllowAnonymous();
        broadcasts.MapPost("/{id}/end", EndAsync).AllowAnonymous().OnFullDisks();
        broadcasts.MapPut("/{id}/mutes/{account}", MuteAsync).AllowAnonymous().OnFullDisks();
        broadcasts.MapDelete("/{id}/mutes/{account}", UnmuteAsync).AllowAnonymous();
    }

    /// <summary>Ends it inside the running transaction; nothing when it has ended.</summary>
    public static async Task FinishAsync(Broadcast broadcast, WriteScope write, TimeProvider clock, CancellationToken cancellation)
    {
        if (broadcast.IsOpen)
        {
            broadcast.State = BroadcastState.Ended;
            broadcast.EndedAt = clock.Now();
            write.Changed(broadcast.Id);
            // The encoder key goes to the host's next newest broadcast.
            await write.ChangedOpenOfAsync(broadcast.OwnerId, cancellation);
        }
    }

    /// <summary>
    /// Deletes it inside the running transaction: its title and whom it was for go now, its row once the live node has confirmed that the
    /// recording is gone.
    /// </summary>
    public static async Task TakeAwayAsync(
        WeirDb db, Broadcast broadcast, WriteScope write, TimeProvider clock, CancellationToken cancellation)
    {
        await FinishAsync(broadcast, write, clock, cancellation);
        broadcast.DeletedAt = clock.Now();
        broadcast.Title = "";
        await db.AudienceCircles.Where(c => c.PostId == broadcast.Id).ExecuteDeleteAsync(cancellation);
        await db.AudienceExceptions.Where(e => e.PostId == broadcast.Id).ExecuteDeleteAsync(cancellation);
        write.Changed(broadcast.Id);
    }

    private static async Task<Results<Ok<BroadcastCard>, ProblemHttpResult>> PatchAsync(
        string id,
        Patch patch,
        Caller? caller,
        Entrance entrance,
        WriteScope write,
        WeirDb db,
        Cutting cutting,
        BroadcastCards cards,
        CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsHostAsync(id, caller, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var title = patch.Title is null ? null : PlainText.Parse(patch.Title, PlainText.TitleLength);
        if (patch.Title is not null && title is null)
        {
            return CreateBroadcast.TitleFault();
        }

        ProblemHttpResult? fault = null;
        var changed = await write.RunAsync(async () =>
        {
            var broadcast = await db.Broadcasts.Include(b => b.Circles).Include(b => b.Exceptions).AsSplitQuery()
                .SingleOrDefaultAsync(b => b.Id == seen.Id && b.DeletedAt == null, cancellation);
            if (broadcast is null)
            {
                fault = Problems.NotFound();
                return null;
            }

            broadcast.Title = title ?? broadcast.Title;
            broadcast.Conversational = patch.Conversational ?? broadcast.Conversational;
            if (patch.Audience is not null)
            {
                (var audience, fault) = await Audience.ParseAsync(patch.Audience, broadcast.OwnerId, db, cancellation, post: broadcast);
                if (audience is not null && !patch.Widen && await Widening.LetsInAsync(db, broadcast, audience, cancellation))
                {
                    fault = Widening.Fault();
                }

                if (audience is null || fault is not null)
                {
                    db.ChangeTracker.Clear();
                    return null;
                }

                var wasOpen = broadcast.Kind is AudienceKind.Link or AudienceKind.Public;
                audience.ApplyTo(broadcast);
                await cutting.OfBroadcastAsync(broadcast.Id, cancellation);
                if (wasOpen && broadcast.Kind is not (AudienceKind.Link or AudienceKind.Public))
                {
                    await cutting.AnonymousAsync(broadcast, cancellation);
                }
            }

            write.Changed(broadcast.Id);
            return broadcast;
        }, cancellation);
        return changed is null ? fault! : TypedResults.Ok(await cards.MakeAsync(changed, changed.OwnerId, cancellation));
    }

    private static Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, Caller? caller, Entrance entrance, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
        AsHostAsync(id, caller, entrance, write, db, async broadcast =>
        {
            await TakeAwayAsync(db, broadcast, write, clock, cancellation);
            return null;
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        string id, Caller? caller, Entrance entrance, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
        AsHostAsync(id, caller, entrance, write, db, async broadcast =>
        {
            await FinishAsync(broadcast, write, clock, cancellation);
            return null;
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> MuteAsync(
        string id, string account, Caller? caller, Entrance entrance, WriteScope write, WeirDb db, CancellationToken cancellation) =>
        AsHostAsync(id, caller, entrance, write, db, async broadcast =>
        {
            Contracts.Ids.TryParse(account, out var muted);
            if (muted == broadcast.OwnerId || !await db.Admissions.AnyAsync(a => a.BroadcastId == broadcast.Id && a.AccountId == muted && muted != Guid.Empty, cancellation))
            {
                return Problems.NotFound();
            }

            if (!await db.Mutes.AnyAsync(m => m.BroadcastId == broadcast.Id && m.AccountId == muted, cancellation))
            {
                db.Mutes.Add(new Mute { BroadcastId = broadcast.Id, AccountId = muted });
                write.Changed(broadcast.Id);
            }

            return null;
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> UnmuteAsync(
        string id, string account, Caller? caller, Entrance entrance, WriteScope write, WeirDb db, CancellationToken cancellation) =>
        AsHostAsync(id, caller, entrance, write, db, async broadcast =>
        {
            Contracts.Ids.TryParse(account, out var muted);
            await db.Mutes.Where(m => m.BroadcastId == broadcast.Id && m.AccountId == muted).ExecuteDeleteAsync(cancellation);
            write.Changed(broadcast.Id);
            return null;
        }, cancellation);

    private static async Task<Results<NoContent, ProblemHttpResult>> AsHostAsync(
        string id,
        Caller? caller,
        Entrance entrance,
        WriteScope write,
        WeirDb db,
        Func<Broadcast, Task<ProblemHttpResult?>> change,
        CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsHostAsync(id, caller, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await db.Broadcasts.SingleOrDefaultAsync(b => b.Id == seen.Id && b.DeletedAt == null, cancellation) is not { } broadcast)
            {
                return Problems.NotFound();
            }

            return await change(broadcast) is { } fault ? fault : TypedResults.NoContent();
        }, cancellation);
    }
}
