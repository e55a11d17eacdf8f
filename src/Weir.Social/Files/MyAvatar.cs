using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Files;

/// <summary><c>PUT /api/me/avatar {file}</c> with an upload <c>as=avatar</c>, and <c>DELETE</c>. Everybody who is signed in may see it.</summary>
internal static class MyAvatar
{
    internal sealed record Request(string? File);

    public static void Map(RouteGroupBuilder api)
    {
        var avatar = api.MapGroup("/me/avatar").WithTags("Accounts");
        avatar.MapPut("", SetAsync);
        avatar.MapDelete("", RemoveAsync);
    }

    /// <summary>The account's picture is gone; belongs into the running transaction.</summary>
    public static Task TakeOffAsync(WeirDb db, Account account, DateTimeOffset now, CancellationToken cancellation)
    {
        account.AvatarId = null;
        return FileUses.ReleaseAsync(db, FilePlace.Avatar, account.Id, now, cancellation);
    }

    private static async Task<Results<Ok<Me>, ProblemHttpResult>> SetAsync(
        Request request, Caller caller, WriteScope write, WeirDb db, LivePolicy live, TimeProvider clock, CancellationToken cancellation)
    {
        if (!Ids.TryParse(request.File, out var file))
        {
            return FileUses.Unknown("file");
        }

        var account = await write.RunAsync(async () =>
        {
            var account = await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation);
            if (account.AvatarId == file)
            {
                return account;
            }

            await FileUses.ReleaseAsync(db, FilePlace.Avatar, caller.Id, clock.Now(), cancellation);
            if (await FileUses.ClaimAsync(db, caller.Id, FileKind.Avatar, [file], FilePlace.Avatar, caller.Id, cancellation) is null)
            {
                db.ChangeTracker.Clear();
                return null;
            }

            account.AvatarId = file;
            return account;
        }, cancellation);
        return account is null ? FileUses.Unknown("file") : TypedResults.Ok(await live.MeAsync(account, cancellation));
    }

    private static async Task<NoContent> RemoveAsync(Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        await write.RunAsync(async () =>
        {
            await TakeOffAsync(db, await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation), clock.Now(), cancellation);
            return true;
        }, cancellation);
        return TypedResults.NoContent();
    }
}
