using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Admin;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Exports;
using Weir.Social.Files;
using Weir.Social.Moments;
using Weir.Social.Notifications;
using Weir.Social.OfficialAccounts;
using Weir.Social.Reporting;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Accounts;

/// <summary>
/// <c>DELETE /api/me</c>: the account, its sessions, relations and broadcasts with their recordings go. The row stays without name and password, so
/// that nobody else can take the handle.
/// </summary>
internal static class DeleteMyAccount
{
    internal sealed record Request(string? Password);

    public static void Map(RouteGroupBuilder api) => api.MapDelete("/me", HandleAsync).WithTags("Accounts");

    private static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        [Microsoft.AspNetCore.Mvc.FromBody] Request request,
        Caller caller,
        PasswordQueue passwords,
        Limits limits,
        WriteScope write,
        WeirDb db,
        Cutting cutting,
        SessionStart sessions,
        ArticlePages pages,
        ExportDesk exports,
        TimeProvider clock,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        var (seen, fault) = await MyAccount.CheckPasswordAsync(
            request.Password, "password", caller, passwords, limits, db, context, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        fault = await write.RunAsync(async () =>
        {
            if (await PasswordRecheck.FaultAsync(
                db, caller, seen.PasswordHash, () => MyAccount.WrongPassword("password"), cancellation) is { } changed)
            {
                return changed;
            }

            var account = await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation);
            if (account.IsAdmin && await Administrators.FaultWithoutAsync(db, account.Id, cancellation) is { } last)
            {
                return last;
            }

            account.DeletedAt = clock.Now();
            (account.UserName, account.Name) = (Account.DeletedHandle(account.Id), Account.DeletedName);
            account.About = "";
            account.PasswordHash = null;
            account.IsAdmin = false;
            await MyAvatar.TakeOffAsync(db, account, clock.Now(), cancellation);
            await cutting.OfViewerAsync(account.Id, cancellation);
            // What they said under broadcasts stays there, without their name.
            var cutFrom = db.Cuts.Where(c => c.AccountId == account.Id).Select(c => c.BroadcastId);
            foreach (var watched in await cutFrom.ToListAsync(cancellation))
            {
                write.Changed(watched);
            }

            foreach (var broadcast in await db.Broadcasts.Where(b => b.OwnerId == account.Id && b.DeletedAt == null).ToListAsync(cancellation))
            {
                await ChangeBroadcast.TakeAwayAsync(db, broadcast, write, clock, cancellation);
            }

            await db.Sessions.Where(s => s.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Friendships.Where(f => f.OwnerId == account.Id || f.FriendId == account.Id).ExecuteDeleteAsync(cancellation);
            // Those to them stay with whoever asked, as those to a handle that nobody ever had.
            await db.FriendRequests.Where(r => r.FromId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.CircleMembers.Where(m => m.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Circles.Where(c => c.OwnerId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Blocks.Where(b => b.OwnerId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Invitations.Where(i => i.FromId == account.Id && i.UsedById == null).ExecuteDeleteAsync(cancellation);
            await db.LivePermissions.Where(p => p.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await MomentModel.ForgetAsync(db, account.Id, clock.Now(), cancellation);
            await db.Passkeys.Where(p => p.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.PasswordResets.Where(r => r.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Exports.Where(e => e.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await ReadArticles.TakeBackLikesAsync(db, account.Id, cancellation);
            await NoticeModel.ForgetAsync(db, account.Id, cancellation);
            await ReportRetention.ForgetAsync(db, account.Id, cancellation);
            await GroupCalls.LeaveAllAsync(db, account.Id, cancellation);
            await EditorCalls.LeaveAllAsync(db, account.Id, cutting, clock, cancellation);
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        security.AccountDeleted(context, caller);
        pages.Forget();
        // Its export, were there one, is deleted by whoever looks after those.
        exports.Wake();
        sessions.ClearBrowser(context);
        return TypedResults.NoContent();
    }
}
