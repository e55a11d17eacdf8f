using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.OfficialAccounts;

/// <summary>Who runs an account: the owner asks friends, who accept or not; whoever stops being an editor no longer reaches its followers.</summary>
internal static class EditorCalls
{
    internal sealed record Entry(Person Person, EditorRole Role, bool Accepted);

    public static void Map(RouteGroupBuilder official)
    {
        official.MapGet("/{handle}/editors", ListAsync);
        official.MapPut("/{handle}/editors/{person}", InviteAsync);
        official.MapDelete("/{handle}/editors/{person}", RemoveAsync);
        official.MapPost("/{handle}/invitation/accept", AcceptAsync);
        official.MapDelete("/{handle}/invitation", DeclineAsync);
        official.MapPut("/{handle}/owner/{person}", TransferAsync);
    }

    /// <summary>The person's account is deleted: another editor becomes the owner of what they owned, or nobody is left and it closes.</summary>
    public static async Task LeaveAllAsync(WeirDb db, Guid person, Cutting cutting, TimeProvider clock, CancellationToken cancellation)
    {
        var owned = await db.OfficialAccounts
            .Where(a => a.ClosedAt == null && db.OfficialEditors.Any(e => e.OfficialAccountId == a.Id && e.AccountId == person && e.Role == EditorRole.Owner))
            .ToListAsync(cancellation);
        foreach (var account in owned)
        {
            var heir = await db.OfficialEditors
                .Where(e => e.OfficialAccountId == account.Id && e.AccountId != person && e.AcceptedAt != null)
                .OrderBy(e => e.AcceptedAt)
                .FirstOrDefaultAsync(cancellation);
            if (heir is null)
            {
                await OpenAccount.ShutAsync(account, db, cutting, clock, cancellation);
            }
            else
            {
                heir.Role = EditorRole.Owner;
            }
        }

        await db.SaveChangesAsync(cancellation);
        await db.OfficialEditors.Where(e => e.AccountId == person).ExecuteDeleteAsync(cancellation);
        await db.Followers.Where(f => f.AccountId == person).ExecuteDeleteAsync(cancellation);
        await db.RemovedFollowers.Where(r => r.AccountId == person).ExecuteDeleteAsync(cancellation);
        await db.OfficialPermissions.Where(p => p.AccountId == person).ExecuteDeleteAsync(cancellation);
    }

    private static async Task<Results<Ok<List<Entry>>, ProblemHttpResult>> ListAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, EditorRole.Editor, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var found = await (
            from editor in db.OfficialEditors
            where editor.OfficialAccountId == seen.Account.Id
            join person in db.Accounts on editor.AccountId equals person.Id
            orderby editor.InvitedAt
            select new { person.Id, Handle = person.UserName!, person.Name, person.AvatarId, editor.Role, Accepted = editor.AcceptedAt != null }).ToListAsync(cancellation);
        return TypedResults.Ok(found.ConvertAll(e => new Entry(new Person(e.Id, e.Handle, e.Name, e.AvatarId), e.Role, e.Accepted)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> InviteAsync(
        string handle, string person, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(person);
        return NoContent(await entrance.ChangeAsync(handle, caller, EditorRole.Owner, async account =>
        {
            // Friends only: so that asking tells nothing about any other handle.
            var friend = await db.Accounts
                .Where(a => a.UserName == parsed && a.DeletedAt == null
                    && db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == a.Id)
                    && db.Friendships.Any(f => f.OwnerId == a.Id && f.FriendId == caller.Id)
                    && !db.Blocks.Any(b => (b.OwnerId == caller.Id && b.BlockedId == a.Id) || (b.OwnerId == a.Id && b.BlockedId == caller.Id)))
                .Select(a => (Guid?)a.Id)
                .SingleOrDefaultAsync(cancellation);
            if (friend is not { } invited)
            {
                return Problems.Field("person", "not-a-friend", "Only friends can be asked.");
            }

            if (await db.OfficialEditors.AnyAsync(e => e.OfficialAccountId == account.Id && e.AccountId == invited, cancellation))
            {
                return null;
            }

            if (await db.OfficialEditors.CountAsync(e => e.OfficialAccountId == account.Id, cancellation) >= OfficialEditor.MaxPerAccount)
            {
                return Problems.Conflict("too-many-editors", $"An account has at most {OfficialEditor.MaxPerAccount} editors.");
            }

            db.OfficialEditors.Add(new OfficialEditor { OfficialAccountId = account.Id, AccountId = invited, Role = EditorRole.Editor, InvitedAt = clock.Now() });
            return null;
        }, cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AcceptAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation) =>
        NoContent(await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            if (await MineAsync(account, caller.Id, db, cancellation) is not { } mine)
            {
                return Problems.NotFound();
            }

            mine.AcceptedAt ??= clock.Now();
            await db.RemovedFollowers.Where(r => r.OfficialAccountId == account.Id && r.AccountId == caller.Id).ExecuteDeleteAsync(cancellation);
            await FollowCalls.AddAsync(db, account.Id, caller.Id, clock.Now(), cancellation);
            return null;
        }, cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> DeclineAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation) =>
        NoContent(await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            await db.OfficialEditors.Where(e => e.OfficialAccountId == account.Id && e.AccountId == caller.Id && e.AcceptedAt == null).ExecuteDeleteAsync(cancellation);
            return null;
        }, cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string handle, string person, Caller caller, OfficialEntrance entrance, WeirDb db, Cutting cutting, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(person);
        // Everybody may leave; the owner removes others.
        return NoContent(await entrance.ChangeAsync(handle, caller, parsed == caller.Handle ? EditorRole.Editor : EditorRole.Owner, async account =>
        {
            var editor = await db.OfficialEditors.SingleOrDefaultAsync(
                e => e.OfficialAccountId == account.Id && db.Accounts.Any(a => a.Id == e.AccountId && a.UserName == parsed), cancellation);
            if (editor is null)
            {
                return Problems.NotFound();
            }

            if (editor.Role == EditorRole.Owner)
            {
                return Problems.Conflict("owner-stays", "Make somebody else the owner first.");
            }

            db.OfficialEditors.Remove(editor);
            await cutting.OfHostAsync(editor.AccountId, cancellation);
            return null;
        }, cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TransferAsync(
        string handle, string person, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(person);
        return NoContent(await entrance.ChangeAsync(handle, caller, EditorRole.Owner, async account =>
        {
            var next = await db.OfficialEditors.SingleOrDefaultAsync(
                e => e.OfficialAccountId == account.Id && e.AcceptedAt != null && db.Accounts.Any(a => a.Id == e.AccountId && a.UserName == parsed), cancellation);
            if (next is null)
            {
                return Problems.NotFound();
            }

            if (next.AccountId != caller.Id)
            {
                (await MineAsync(account, caller.Id, db, cancellation))!.Role = EditorRole.Editor;
                next.Role = EditorRole.Owner;
            }

            return null;
        }, cancellation));
    }

    private static Task<OfficialEditor?> MineAsync(OfficialAccount account, Guid person, WeirDb db, CancellationToken cancellation) =>
        db.OfficialEditors.SingleOrDefaultAsync(e => e.OfficialAccountId == account.Id && e.AccountId == person, cancellation);

    private static Results<NoContent, ProblemHttpResult> NoContent(ProblemHttpResult? fault) => fault is null ? TypedResults.NoContent() : fault;
}
