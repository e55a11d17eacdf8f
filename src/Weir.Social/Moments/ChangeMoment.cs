using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Moments;

/// <summary><c>PATCH</c>, <c>DELETE /api/moments/{id}</c>: whom it is shown to, and that it is no more. What it says never changes: people have answered it.</summary>
internal static class ChangeMoment
{
    internal sealed record Patch(AudienceBody? Audience, bool Widen = false);

    public static void Map(RouteGroupBuilder moments)
    {
        moments.MapPatch("/{id}", PatchAsync).OnFullDisks();
        moments.MapDelete("/{id}", DeleteAsync);
    }

    private static async Task<Results<Ok<MomentCard>, ProblemHttpResult>> PatchAsync(
        string id, Patch patch, Caller caller, MomentEntrance entrance, WriteScope write, WeirDb db, MomentCards cards, MomentHints hints, CancellationToken cancellation)
    {
        List<Guid> told = [];
        Moment? changed = null;
        var fault = await write.RunAsync(async () =>
        {
            changed = null;
            var (moment, refusal) = await entrance.EnterAsOwnerAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            await db.Entry(moment).Collection(m => m.Circles).LoadAsync(cancellation);
            await db.Entry(moment).Collection(m => m.Exceptions).LoadAsync(cancellation);
            var (audience, unknown) = await Audience.ParseAsync(patch.Audience, caller.Id, db, cancellation, Audience.OfMoments, moment);
            if (audience is null)
            {
                return unknown;
            }

            if (!patch.Widen && await Widening.LetsInAsync(db, moment, audience, cancellation))
            {
                return Widening.Fault();
            }

            told = await hints.SeenByAsync(moment, cancellation);
            audience.ApplyTo(moment);
            changed = moment;
            return null;
        }, cancellation);
        if (changed is null)
        {
            return fault!;
        }

        // Those from whom it was taken as well as those to whom it is new.
        hints.Tell(told.Union(await hints.SeenByAsync(changed, cancellation)), changed.Id, MomentHappening.Changed);
        return TypedResults.Ok((await cards.MakeAsync([changed], caller.Id, cancellation))[0]);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, Caller caller, MomentEntrance entrance, WriteScope write, WeirDb db, MomentHints hints, TimeProvider clock, CancellationToken cancellation)
    {
        var fault = await write.RunAsync(async () =>
        {
            var (moment, refusal) = await entrance.EnterAsOwnerAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            var told = await hints.SeenByAsync(moment, cancellation);
            await MomentModel.EmptyAsync(db, moment, clock.Now(), cancellation);
            write.AfterCommit(() => hints.Tell(told, moment.Id, MomentHappening.Deleted));
            return null;
        }, cancellation);
        return fault is null ? TypedResults.NoContent() : fault;
    }
}
