using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Demo;

/// <summary><c>POST /api/demo/sessions</c>: one-click sign-in. Mapped in <c>--demo</c> only, which listens on loopback only.</summary>
internal static class DemoSessions
{
    internal sealed record Request(string? Handle);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/demo/sessions", HandleAsync).AllowAnonymous().OnFullDisks().WithTags("Demo");

    public static Task<List<Person>> PeopleAsync(WeirDb db, CancellationToken cancellation) => db.Accounts
        .Where(a => a.PasswordHash == null && a.DeletedAt == null && a.SuspendedAt == null)
        .OrderBy(a => a.CreatedAt).ThenBy(a => a.Id)
        .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))
        .ToListAsync(cancellation);

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> HandleAsync(
        Request request, WriteScope write, WeirDb db, SessionStart sessions, LivePolicy live, HttpContext context, CancellationToken cancellation)
    {
        var handle = Handle.Parse(request.Handle);
        var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(
            a => a.UserName == handle && a.PasswordHash == null && a.DeletedAt == null && a.SuspendedAt == null,
            cancellation);
        if (account is null)
        {
            return Problems.NotFound();
        }

        var session = await write.RunAsync(() => sessions.BeginAsync(account, context, cancellation), cancellation);
        sessions.SetCookies(context, account, session);
        return TypedResults.Created("/api/me", new SignedIn(await live.MeAsync(account, cancellation), session.Token));
    }
}
