using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Notifications;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using NoticeKind = Weir.Social.Notifications.NoticeKind;

namespace Weir.Social.Friends;

/// <summary>
/// <c>/api/friend-requests</c>: ask, accept, decline, withdraw. Whoever asks learns nothing about the handle: an unknown, a hidden, a
/// blocking and a declining one get the same 201 with an id, the same entry in the list of what was asked, and the same silence.
/// </summary>
internal static class FriendRequests
{
    internal sealed record Request(string? Handle);

    internal sealed record Asked(Guid Id);

    internal sealed record Incoming(Guid Id, Person From, DateTimeOffset CreatedAt);

    internal sealed record To(string Handle);

    internal sealed record Outgoing(Guid Id, To To, DateTimeOffset CreatedAt);

    internal sealed record Lists(List<Incoming> Incoming, List<Outgoing> Outgoing);

    public static void Map(RouteGroupBuilder api)
    {
        var requests = api.MapGroup("/friend-requests").WithTags("Friends");
        requests.MapPost("", AskAsync);
        requests.MapGet("", ListAsync);
        requests.MapPost("/{id}/accept", AcceptAsync);
        requests.MapDelete("/{id}", DeleteAsync);
    }

    private static async Task<Results<Created<Asked>, ProblemHttpResult>> AskAsync(
        Request request, Caller caller, Limits limits, WriteScope write, WeirDb db, Notices notices, Connections connections, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        if (Handle.Parse(request.Handle) is not { } handle)
        {
            return Problems.Field("handle", "handle-shape", "A handle has 3 to 30 of the letters a-z, digits and _.");
        }

        if (handle == caller.Handle)
        {
            return Problems.Field("handle", "handle-own", "This is your own handle.");
        }

        if (!limits.FriendRequests.TryTake(out var retryAfter, caller.Handle))
        {
            return Problems.Throttled(context, retryAfter);
        }

        return await write.RunAsync<Results<Created<Asked>, ProblemHttpResult>>(async () =>
        {
            var mine = await db.FriendRequests.SingleOrDefaultAsync(r => r.FromId == caller.Id && r.ToHandle == handle, cancellation);
            var theirs = await Received(db, caller).SingleOrDefaultAsync(
                r => db.Accounts.Any(a => a.Id == r.FromId && a.UserName == handle), cancellation);
            if (theirs is not null)
            {
                // Both want it, one perhaps after a no: no need to ask again.
                await BefriendAsync(write, db, theirs, caller, notices, connections, clock, cancellation);
                return TypedResults.Created("/api/friends", new Asked(theirs.Id));
            }

            if (mine is not null)
            {
                return Answer(mine);
            }

            if (await db.Friendships.AnyAsync(
                f => f.OwnerId == caller.Id && db.Accounts.Any(a => a.Id == f.FriendId && a.UserName == handle)
                    && db.Friendships.Any(back => back.OwnerId == f.FriendId && back.FriendId == caller.Id)
                    // Who blocked the caller is for them like nobody, former friends too.
                    && !db.Blocks.Any(b => b.OwnerId == f.FriendId && b.BlockedId == caller.Id),
                cancellation))
            {
                return Problems.Conflict("already-friends", "You are friends.");
            }

            if (await db.Blocks.AnyAsync(b => b.OwnerId == caller.Id && b.Handle == handle, cancellation))
            {
                return Problems.Conflict("you-blocked", "You blocked this handle.");
            }

            if (await db.FriendRequests.CountAsync(r => r.FromId == caller.Id, cancellation) >= FriendRequest.MaxOpen)
            {
                return Problems.Conflict("too-many-requests", $"{FriendRequest.MaxOpen} of your requests wait for an answer.");
            }

            mine = new FriendRequest { Id = Guid.NewGuid(), FromId = caller.Id, ToHandle = handle, CreatedAt = clock.Now() };
            db.FriendRequests.Add(mine);
            var asked = await db.Accounts.VisibleTo(db, caller.Id)
                .Where(a => a.UserName == handle)
                .Select(a => a.Id)
                .SingleOrDefaultAsync(cancellation);
            // Also when that is nobody, so that the time it takes does not tell.
            await notices.AddAsync(new Happened(NoticeKind.FriendRequest, asked, caller.Id, mine.Id), cancellation);
            return Answer(mine);
        }, cancellation);

        static Created<Asked> Answer(FriendRequest request) => TypedResults.Created($"/api/friend-requests/{request.Id:N}", new Asked(request.Id));
    }

    private static async Task<Ok<Lists>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var incoming = await Open(db, caller)
            .OrderByDescending(r => r.CreatedAt)
            .Join(db.Accounts, r => r.FromId, a => a.Id, (r, a) => new Incoming(r.Id, new Person(a.Id, a.UserName!, a.Name, a.AvatarId), r.CreatedAt))
            .Take(500)
            .ToListAsync(cancellation);
        var outgoing = await db.FriendRequests
            .Where(r => r.FromId == caller.Id)
            .OrderByDescending(r => r.CreatedAt)
            .Select(r => new Outgoing(r.Id, new To(r.ToHandle), r.CreatedAt))
            .ToListAsync(cancellation);
        return TypedResults.Ok(new Lists(incoming, outgoing));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AcceptAsync(
        string id, Caller caller, WriteScope write, WeirDb db, Notices notices, Connections connections, TimeProvider clock, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var request);
        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await Open(db, caller).SingleOrDefaultAsync(r => r.Id == request, cancellation) is not { } found)
            {
                return Problems.NotFound();
            }

            await BefriendAsync(write, db, found, caller, notices, connections, clock, cancellation);
            return TypedResults.NoContent();
        }, cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var request);
        return await write.RunAsync(
            async () => await db.FriendRequests.Where(r => r.Id == request && r.FromId == caller.Id).ExecuteDeleteAsync(cancellation)
                + await Open(db, caller).Where(r => r.Id == request)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.Declined, true), cancellation),
            cancellation) > 0 ? TypedResults.NoContent() : Problems.NotFound();
    }

    /// <summary>What waits for the caller's answer.</summary>
    private static IQueryable<FriendRequest> Open(WeirDb db, Caller caller) => Received(db, caller).Where(r => !r.Declined);

    /// <summary>What others ask of the caller, without those whom either side blocked.</summary>
    private static IQueryable<FriendRequest> Received(WeirDb db, Caller caller) => db.FriendRequests.Where(r =>
        r.ToHandle == caller.Handle
        && db.Accounts.Any(a => a.Id == r.FromId && a.SuspendedAt == null && a.DeletedAt == null)
        && !db.Blocks.Any(b => (b.OwnerId == caller.Id && b.BlockedId == r.FromId) || (b.OwnerId == r.FromId && b.BlockedId == caller.Id)));

    private static async Task BefriendAsync(
        WriteScope write, WeirDb db, FriendRequest request, Caller caller, Notices notices, Connections connections, TimeProvider clock, CancellationToken cancellation)
    {
        var other = await db.Accounts.SingleAsync(a => a.Id == request.FromId, cancellation);
        await Friendships.AddAsync(db, caller.Id, other.Id, clock.Now(), cancellation);
        await db.FriendRequests
            .Where(r => (r.FromId == other.Id && r.ToHandle == caller.Handle) || (r.FromId == caller.Id && r.ToHandle == other.UserName))
            .ExecuteDeleteAsync(cancellation);
        await notices.AddAsync(new Happened(NoticeKind.FriendAccepted, other.Id, caller.Id, caller.Id), cancellation);
        // Deleted above, behind the tracker's back.
        db.Entry(request).State = EntityState.Detached;

        // Friends again: the pages that have their conversation open learn that one may write in it.
        var conversation = await db.Conversations
            .Where(c => (c.OneId == caller.Id && c.OtherId == other.Id) || (c.OneId == other.Id && c.OtherId == caller.Id))
            .Select(c => c.Id)
            .SingleOrDefaultAsync(cancellation);
        if (conversation != Guid.Empty)
        {
            write.AfterCommit(() => connections.Send(new[] { caller.Id, other.Id }.ToFrozenSet(), Events.Conversation, new ConversationEvent(conversation)));
        }
    }
}
