using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Moments;

/// <summary>
/// <c>/api/me/moments</c>: how far back others see mine. <c>/api/moment-hiding</c>: friends from whom I hide my moments, and friends whose moments I do not want to see. Neither
/// is told to anybody, and both outlast a friendship that ends: who becomes a friend again is hidden from again.
/// </summary>
internal static class MomentSettings
{
    internal sealed record Settings(MomentWindow? Window);

    /// <param name="Widen">Older moments than so far shall be seen.</param>
    internal sealed record Patch(MomentWindow? Window, bool Widen = false);

    /// <param name="MineFrom">They do not see my moments.</param>
    /// <param name="Theirs">I do not see theirs.</param>
    internal sealed record Lists(List<Person> MineFrom, List<Person> Theirs);

    public static void Map(RouteGroupBuilder api)
    {
        var mine = api.MapGroup("/me/moments").WithTags("Moments");
        mine.MapGet("", async (Caller caller, WeirDb db, CancellationToken cancellation) =>
            TypedResults.Ok(new Settings(await db.Accounts.Where(a => a.Id == caller.Id).Select(a => a.MomentWindow).SingleAsync(cancellation))));
        mine.MapPatch("", SetAsync);
        var hiding = api.MapGroup("/moment-hiding").WithTags("Moments");
        hiding.MapGet("", ListAsync);
        foreach (var (path, theirs) in new[] { ("/mine-from/{handle}", false), ("/theirs/{handle}", true) })
        {
            hiding.MapPut(path, (string handle, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
                ChangeAsync(handle, caller, theirs, hidden: true, write, db, cancellation)).OnFullDisks();
            hiding.MapDelete(path, (string handle, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
                ChangeAsync(handle, caller, theirs, hidden: false, write, db, cancellation));
        }
    }

    private static async Task<Results<Ok<Settings>, ProblemHttpResult>> SetAsync(
        Patch wanted, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        if (wanted.Window is not { } window)
        {
            return Problems.Field("window", "window-unknown", "The window is threeDays, month, sixMonths or all.");
        }

        return await write.RunAsync<Results<Ok<Settings>, ProblemHttpResult>>(async () =>
        {
            var (account, now) = (await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation), clock.Now());
            if (!wanted.Widen && window.Start(now) < account.MomentWindow.Start(now))
            {
                return Widening.Fault("window");
            }

            account.MomentWindow = window;
            return TypedResults.Ok(new Settings(window));
        }, cancellation);
    }

    private static async Task<Ok<Lists>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var found = (await (
            from hiding in db.MomentHidings
            where hiding.OwnerId == caller.Id
            join account in db.Accounts.VisibleTo(db, caller.Id) on hiding.OtherId equals account.Id
            orderby account.Name, account.UserName
            select new { hiding.Theirs, Person = new Person(account.Id, account.UserName!, account.Name, account.AvatarId) }).ToListAsync(cancellation))
            .ToLookup(h => h.Theirs, h => h.Person);
        return TypedResults.Ok(new Lists([.. found[false]], [.. found[true]]));
    }

    private static Task<Results<NoContent, ProblemHttpResult>> ChangeAsync(
        string handle, Caller caller, bool theirs, bool hidden, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            var there = await db.MomentHidings.SingleOrDefaultAsync(
                h => h.OwnerId == caller.Id && h.Theirs == theirs && people.Any(a => a.Id == h.OtherId && a.UserName == parsed),
                cancellation);
            if (there is not null)
            {
                if (!hidden)
                {
                    db.MomentHidings.Remove(there);
                }

                return TypedResults.NoContent();
            }

            // Friends only, so that hiding tells nothing about any other handle.
            var friend = await people
                .Where(a => a.UserName == parsed && db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == a.Id))
                .Select(a => (Guid?)a.Id)
                .SingleOrDefaultAsync(cancellation);
            if (friend is not { } other)
            {
                return Problems.NotFound();
            }

            if (hidden)
            {
                db.MomentHidings.Add(new MomentHiding { OwnerId = caller.Id, OtherId = other, Theirs = theirs });
            }

            return TypedResults.NoContent();
        }, cancellation);
    }
}
