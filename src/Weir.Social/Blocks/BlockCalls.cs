using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Blocks;

/// <summary><c>/api/blocks</c>. Any well-formed handle can be blocked; the list shows a name only for people the caller knows anyway.</summary>
internal static class BlockCalls
{
    internal sealed record Blocked(Guid? Id, string Handle, string? Name);

    public static void Map(RouteGroupBuilder api)
    {
        var blocks = api.MapGroup("/blocks").WithTags("Friends");
        blocks.MapGet("", ListAsync);
        blocks.MapPut("/{handle}", BlockAsync).OnFullDisks();
        blocks.MapDelete("/{handle}", UnblockAsync);
    }

    private static async Task<Ok<List<Blocked>>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await (
        from block in db.Blocks
        where block.OwnerId == caller.Id
        join account in db.Accounts.VisibleTo(db, caller.Id)
                // Not by what they ask: a request that comes while the block holds is not shown, and would show here whose handle it is.
                .Where(a => db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == a.Id))
            on block.BlockedId equals account.Id into known
        from account in known.DefaultIfEmpty()
        orderby block.CreatedAt descending
        select new Blocked(account == null ? null : account.Id, block.Handle, account == null ? null : account.Name)).ToListAsync(cancellation));

    private static async Task<Results<NoContent, ProblemHttpResult>> BlockAsync(
        string handle, Caller caller, WriteScope write, WeirDb db, FriendshipEnd end, TimeProvider clock, CancellationToken cancellation)
    {
        if (Handle.Parse(handle) is not { } parsed || parsed == caller.Handle)
        {
            return Problems.Field("handle", "handle-shape", "This handle cannot be blocked.");
        }

        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await db.Blocks.AnyAsync(b => b.OwnerId == caller.Id && b.Handle == parsed, cancellation))
            {
                return TypedResults.NoContent();
            }

            if (await db.Blocks.CountAsync(b => b.OwnerId == caller.Id, cancellation) >= Block.MaxPerPerson)
            {
                return Problems.Conflict("too-many-blocks", $"You blocked {Block.MaxPerPerson} handles.");
            }

            var account = await db.Accounts.Where(a => a.UserName == parsed).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(cancellation);
            db.Blocks.Add(new Block { OwnerId = caller.Id, Handle = parsed, BlockedId = account, CreatedAt = clock.Now() });
            await end.BetweenAsync(caller.Id, account ?? Guid.Empty, cancellation);
            return TypedResults.NoContent();
        }, cancellation);
    }

    private static async Task<NoContent> UnblockAsync(string handle, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        await write.RunAsync(() => db.Blocks.Where(b => b.OwnerId == caller.Id && b.Handle == parsed).ExecuteDeleteAsync(cancellation), cancellation);
        return TypedResults.NoContent();
    }
}
