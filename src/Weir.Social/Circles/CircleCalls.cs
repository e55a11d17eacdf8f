using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Circles;

/// <summary><c>/api/circles</c>: named lists of my friends. Every change may put somebody out of an audience, and does so at once.</summary>
internal static class CircleCalls
{
    internal sealed record Request(string? Name, List<string>? Members) : IWritesRows
    {
        int IWritesRows.Rows => Members?.Count ?? 0;
    }

    internal sealed record Patch(string? Name);

    internal sealed record Made(Guid Id);

    internal sealed record Entry(Guid Id, string Name, List<Person> Members);

    public static void Map(RouteGroupBuilder api)
    {
        var circles = api.MapGroup("/circles").WithTags("Circles");
        circles.MapPost("", MakeAsync).CountsRows();
        circles.MapGet("", ListAsync);
        circles.MapPatch("/{id}", RenameAsync);
        circles.MapDelete("/{id}", DeleteAsync);
        circles.MapPut("/{id}/members/{handle}", AddAsync).OnFullDisks();
        circles.MapDelete("/{id}/members/{handle}", RemoveAsync);
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> MakeAsync(
        Request request, Caller caller, WriteScope write, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        if (PlainText.Parse(request.Name, PlainText.NameLength) is not { } name)
        {
            return NameFault();
        }

        var handles = (request.Members ?? []).Select(Handle.Parse).Distinct().ToList();
        return await write.RunAsync<Results<Created<Made>, ProblemHttpResult>>(async () =>
        {
            if (await db.Circles.CountAsync(c => c.OwnerId == caller.Id, cancellation) >= Circle.MaxPerPerson)
            {
                return Problems.Conflict("too-many-circles", $"You have {Circle.MaxPerPerson} circles.");
            }

            var members = await FriendsOf(db, caller).Where(a => handles.Contains(a.UserName)).Select(a => a.Id).ToListAsync(cancellation);
            if (members.Count != handles.Count)
            {
                return Problems.Field("members", "not-a-friend", "Only friends can be in a circle.");
            }

            var circle = new Circle { Id = Guid.NewGuid(), OwnerId = caller.Id, Name = name, CreatedAt = clock.Now() };
            circle.Members.AddRange(members.Select(member => new CircleMember { CircleId = circle.Id, AccountId = member }));
            db.Circles.Add(circle);
            return TypedResults.Created($"/api/circles/{circle.Id:N}", new Made(circle.Id));
        }, cancellation);
    }

    private static async Task<Ok<List<Entry>>> ListAsync(Caller caller, WeirDb db, CancellationToken cancellation)
    {
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return TypedResults.Ok(await db.Circles
            .Where(c => c.OwnerId == caller.Id)
            .OrderBy(c => c.CreatedAt)
            .Select(c => new Entry(
                c.Id,
                c.Name,
                c.Members.Join(people, m => m.AccountId, a => a.Id, (m, a) => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToList()))
            .ToListAsync(cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(
        string id, Patch patch, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        if (PlainText.Parse(patch.Name, PlainText.NameLength) is not { } name)
        {
            return NameFault();
        }

        return await OnMineAsync(id, caller, write, db, circle =>
        {
            circle.Name = name;
            return Task.FromResult<ProblemHttpResult?>(null);
        }, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, Caller caller, WriteScope write, WeirDb db, Cutting cutting, CancellationToken cancellation) =>
        OnMineAsync(id, caller, write, db, async circle =>
        {
            await CircleExceptions.KeepAllOutAsync(db, circle.Id, cancellation);
            await db.Circles.Where(c => c.Id == circle.Id).ExecuteDeleteAsync(cancellation);
            db.Entry(circle).State = EntityState.Detached;
            await cutting.OfHostAsync(caller.Id, cancellation);
            return null;
        }, cancellation);

    private static Task<Results<NoContent, ProblemHttpResult>> AddAsync(
        string id, string handle, Caller caller, WriteScope write, WeirDb db, Cutting cutting, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return OnMineAsync(id, caller, write, db, async circle =>
        {
            if (await FriendsOf(db, caller).SingleOrDefaultAsync(a => a.UserName == parsed, cancellation) is not { } friend)
            {
                return Problems.Field("handle", "not-a-friend", "Only friends can be in a circle.");
            }

            if (!await db.CircleMembers.AnyAsync(m => m.CircleId == circle.Id && m.AccountId == friend.Id, cancellation))
            {
                db.CircleMembers.Add(new CircleMember { CircleId = circle.Id, AccountId = friend.Id });
                // The circle may be one that an audience keeps out.
                await cutting.BetweenAsync(caller.Id, friend.Id, cancellation);
            }

            return null;
        }, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, string handle, Caller caller, WriteScope write, WeirDb db, Cutting cutting, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        var people = db.Accounts.VisibleTo(db, caller.Id);
        return OnMineAsync(id, caller, write, db, async circle =>
        {
            var member = await db.CircleMembers.SingleOrDefaultAsync(
                m => m.CircleId == circle.Id && people.Any(a => a.Id == m.AccountId && a.UserName == parsed),
                cancellation);
            if (member is not null)
            {
                await CircleExceptions.KeepOutAsync(db, circle.Id, member.AccountId, cancellation);
                db.CircleMembers.Remove(member);
                await cutting.BetweenAsync(caller.Id, member.AccountId, cancellation);
            }

            return null;
        }, cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> OnMineAsync(
        string id, Caller caller, WriteScope write, WeirDb db, Func<Circle, Task<ProblemHttpResult?>> change, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var circleId);
        return await write.RunAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            if (await db.Circles.SingleOrDefaultAsync(c => c.Id == circleId && c.OwnerId == caller.Id, cancellation) is not { } circle)
            {
                return Problems.NotFound();
            }

            return await change(circle) is { } fault ? fault : TypedResults.NoContent();
        }, cancellation);
    }

    private static IQueryable<Account> FriendsOf(WeirDb db, Caller caller) =>
        db.Accounts.VisibleTo(db, caller.Id).Where(a => db.Friendships.Any(f => f.OwnerId == caller.Id && f.FriendId == a.Id));

    private static ProblemHttpResult NameFault() => Problems.Field("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks.");
}
