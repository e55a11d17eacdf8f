using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social.OfficialAccounts;

/// <summary><c>/api/admin/official</c>: who may open official accounts; all of them, to close and to open again.</summary>
internal static class OfficialControl
{
    internal sealed record Settings(OpeningMode Mode, List<Person> Accounts);

    internal sealed record Request(OpeningMode? Mode, List<string>? Handles);

    internal sealed record Entry(Guid Id, string Handle, string Name, Person? Owner, int Followers, bool Closed, DateTimeOffset CreatedAt);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/official", async (WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await ReadAsync(db, cancellation)));
        admin.MapPut("/official", PutAsync);
        admin.MapGet("/official/accounts", ListAsync);
        admin.MapPut("/official/accounts/{handle}/closing", CloseAsync).OnFullDisks();
        admin.MapDelete("/official/accounts/{handle}/closing", OpenAgainAsync);
    }

    private static async Task<Results<Ok<Settings>, ProblemHttpResult>> PutAsync(
        Request request, Caller caller, WriteScope write, WeirDb db, AuditTrail trail, CancellationToken cancellation)
    {
        var handles = request.Handles?.Select(Handle.Parse).ToHashSet();
        var fault = await write.RunAsync(async () =>
        {
            if (handles is not null)
            {
                var named = await db.Accounts.Where(a => handles.Contains(a.UserName) && a.DeletedAt == null).Select(a => a.Id).ToListAsync(cancellation);
                if (named.Count != handles.Count)
                {
                    return Problems.Field("handles", "handle-unknown", "Nobody has one of these handles.");
                }

                await db.OfficialPermissions.ExecuteDeleteAsync(cancellation);
                db.OfficialPermissions.AddRange(named.Select(id => new OfficialPermission { AccountId = id }));
            }

            var settings = await db.OfficialSettings.SingleAsync(cancellation);
            settings.Mode = request.Mode ?? settings.Mode;
            trail.Add(AuditAction.OfficialSettingsChanged, caller, null, "", $"{Json.Word(settings.Mode)}{(handles is null ? "" : $": {string.Join(' ', handles.Order())}")}");
            return null;
        }, cancellation);
        return fault is null ? TypedResults.Ok(await ReadAsync(db, cancellation)) : fault;
    }

    private static async Task<Settings> ReadAsync(WeirDb db, CancellationToken cancellation)
    {
        var settings = await db.OfficialSettings.AsNoTracking().SingleAsync(cancellation);
        var people = await db.OfficialPermissions
            .Join(db.Accounts, p => p.AccountId, a => a.Id, (p, a) => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))
            .ToListAsync(cancellation);
        return new Settings(settings.Mode, [.. people.OrderBy(a => a.Name, StringComparer.Ordinal)]);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(WeirDb db, CancellationToken cancellation, string q = "")
    {
        var wanted = q.Trim().TrimStart('@').ToLowerInvariant();
        var found = await db.OfficialAccounts.AsNoTracking()
            .Where(a => a.Handle.Contains(wanted) || a.Name.ToLower().Contains(wanted))
            .OrderBy(a => a.Handle)
            .Take(200)
            .Select(a => new
            {
                Account = a,
                Owner = db.OfficialEditors.Where(e => e.OfficialAccountId == a.Id && e.Role == EditorRole.Owner)
                    .Join(db.Accounts, e => e.AccountId, p => p.Id, (e, p) => new { p.Id, Handle = p.UserName!, p.Name, p.AvatarId }).FirstOrDefault(),
                Followers = db.Followers.Count(f => f.OfficialAccountId == a.Id),
            })
            .ToListAsync(cancellation);
        return TypedResults.Ok(found.ConvertAll(f => new Entry(
            f.Account.Id,
            f.Account.Handle,
            f.Account.Name,
            f.Owner is null ? null : new Person(f.Owner.Id, f.Owner.Handle, f.Owner.Name, f.Owner.AvatarId),
            f.Followers,
            f.Account.ClosedAt is not null,
            f.Account.CreatedAt)));
    }

    private static Task<Results<NoContent, ProblemHttpResult>> CloseAsync(
        string handle, Caller caller, WriteScope write, WeirDb db, AuditTrail trail, Cutting cutting, ArticlePages pages, TimeProvider clock, CancellationToken cancellation) =>
        OnAsync(handle, write, db, pages, account =>
        {
            trail.Add(AuditAction.OfficialClosed, caller, account.Id, account.Handle);
            return OpenAccount.ShutAsync(account, db, cutting, clock, cancellation);
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> OpenAgainAsync(
        string handle, Caller caller, WriteScope write, WeirDb db, AuditTrail trail, ArticlePages pages, CancellationToken cancellation) =>
        OnAsync(handle, write, db, pages, account =>
        {
            trail.Add(AuditAction.OfficialOpenedAgain, caller, account.Id, account.Handle);
            account.ClosedAt = null;
            return Task.CompletedTask;
        }, cancellation);

    private static async Task<Results<NoContent, ProblemHttpResult>> OnAsync(
        string handle, WriteScope write, WeirDb db, ArticlePages pages, Func<OfficialAccount, Task> change, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var found = await write.RunAsync(async () =>
        {
            if (await db.OfficialAccounts.SingleOrDefaultAsync(a => a.Handle == parsed, cancellation) is not { } account)
            {
                return false;
            }

            await change(account);
            return true;
        }, cancellation);
        pages.Forget();
        return found ? TypedResults.NoContent() : Problems.NotFound();
    }
}
