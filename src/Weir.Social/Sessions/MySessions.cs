using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Security;

namespace Weir.Social.Sessions;

/// <summary><c>/api/sessions</c>: where I am signed in, and signing out, there too.</summary>
internal static class MySessions
{
    internal sealed record Entry(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, string Client, bool Current);

    public static void Map(RouteGroupBuilder api)
    {
        var sessions = api.MapGroup("/sessions").WithTags("Sessions");
        sessions.MapGet("", ListAsync);
        sessions.MapDelete("/current", (
            Caller caller, WriteScope write, WeirDb db, SessionStart start, SecurityLog security, HttpContext context, CancellationToken cancellation) =>
            EndAsync(caller.Session.ToText(), caller, write, db, start, security, context, cancellation));
        sessions.MapDelete("/others", EndOthersAsync);
        sessions.MapDelete("/{id}", EndAsync);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(Caller caller, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        return TypedResults.Ok(await db.Sessions.StillGood(clock.Now())
            .Where(s => s.AccountId == caller.Id)
            .OrderByDescending(s => s.LastSeenAt)
            .Select(s => new Entry(s.Id, s.CreatedAt, s.LastSeenAt, s.Client, s.Id == caller.Session))
            .ToListAsync(cancellation));
    }

    private static async Task<NoContent> EndOthersAsync(
        Caller caller, WriteScope write, WeirDb db, SecurityLog security, HttpContext context, CancellationToken cancellation)
    {
        var ended = await write.RunAsync(
            () => db.Sessions.Where(s => s.AccountId == caller.Id && s.Id != caller.Session).ExecuteDeleteAsync(cancellation),
            cancellation);
        security.SessionsEnded(context, caller, ended);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        string id,
        Caller caller,
        WriteScope write,
        WeirDb db,
        SessionStart start,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        Ids.TryParse(id, out var session);
        var ended = await write.RunAsync(
            () => db.Sessions.Where(s => s.Id == session && s.AccountId == caller.Id).ExecuteDeleteAsync(cancellation),
            cancellation);
        if (session == caller.Session)
        {
            start.ClearBrowser(context);
        }

        if (ended == 0)
        {
            return Problems.NotFound();
        }

        security.SessionsEnded(context, caller, ended);
        return TypedResults.NoContent();
    }
}
