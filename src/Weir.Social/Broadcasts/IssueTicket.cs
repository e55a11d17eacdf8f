using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Broadcasts;

/// <summary>
/// <c>POST /api/broadcasts/{id}/tickets</c>. Whether the viewer may see the broadcast, its epoch and the viewer's admission are read by
/// one statement, so at one moment on both databases. Who was admitted by then is given a ticket of that epoch, and nothing is written:
/// whoever cuts them later finds the admission and raises the epoch, and in the same transaction takes the admission away. Everybody else
/// is admitted first (<see cref="AdmissionWriter"/>). So of a ticket and a cut at the same moment, either there is no ticket or it is
/// void.
/// </summary>
internal static class IssueTicket
{
    // One statement for everybody, whether or not there is such a broadcast.
    private static readonly CompiledQuery<Func<WeirDb, Guid, Guid, IAsyncEnumerable<Seen>>> Look = new(() =>
    {
        Expression<Func<WeirDb, Guid, Guid, IQueryable<Viewing<Broadcast>>>> viewing = (db, broadcast, viewer) =>
            db.Broadcasts.Where(b => b.Id == broadcast).Select(b => new Viewing<Broadcast> { Item = b, Post = b, Viewer = viewer });
        var context = viewing.Parameters[0];
        var seen = viewing.Body.Then(context, Visibility.Facts<Broadcast>())
            .Then<Known<Broadcast>, Seen>(context, (db, known) => known.Select(k => new Seen
            {
                OwnerId = k.Item.OwnerId,
                Epoch = k.Item.Epoch,
                Admitted = db.Admissions.Any(a => a.BroadcastId == k.Item.Id && a.AccountId == k.Viewer),
                Facts = k.Facts,
            }));
        return EF.CompileAsyncQuery(Expression.Lambda<Func<WeirDb, Guid, Guid, IQueryable<Seen>>>(seen, viewing.Parameters));
    });

    internal sealed record Issued(string Ticket, DateTimeOffset ExpiresAt, WatchAddresses Watch);

    public static void Map(RouteGroupBuilder broadcasts) =>
        broadcasts.MapPost("/{id}/tickets", HandleAsync).AllowAnonymous().OnFullDisks().WithCallLimit(CallLimit.Tickets);

    private static async Task<Results<Created<Issued>, ProblemHttpResult>> HandleAsync(
        string id,
        Caller? caller,
        TicketTurns turns,
        AdmissionWriter admissions,
        WeirDb db,
        NodeKey key,
        Addresses addresses,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        // What is no id becomes the empty one, which no broadcast has.
        Ids.TryParse(id, out var broadcast);
        var viewer = caller.IdOrNone();
        Seen? seen = null;
        using (var turn = await turns.EnterAsync(cancellation))
        {
            if (!turn.IsAcquired)
            {
                return Busy(context);
            }

            await foreach (var found in Look.On(db)(db, broadcast, viewer).WithCancellation(cancellation))
            {
                seen = found;
            }
        }

        // Outsiders are turned away here, before they could make anybody wait for the one writer.
        if (seen?.Facts.MaySee(clock.Now()) != true)
        {
            return Problems.NotFound();
        }

        var epoch = seen.Epoch;
        if (!seen.Admitted)
        {
            var applicant = new Applicant(broadcast, viewer);
            if (!admissions.TryEnqueue(applicant))
            {
                return Busy(context);
            }

            if (await applicant.Admitted.Task.WaitAsync(cancellation) is not { } admitted)
            {
                return Problems.NotFound();
            }

            epoch = admitted;
        }

        var rights = caller is null ? TicketRights.Watch
            : seen.OwnerId == viewer ? TicketRights.Host | TicketRights.Comment
            : TicketRights.Comment;
        var now = clock.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeSeconds((now + Ticket.Lifetime).ToUnixTimeSeconds());
        var ticket = new Ticket(broadcast, viewer, Ticket.NewId(), (uint)epoch, expires, rights, caller?.Name ?? "")
        {
            Session = caller is null ? 0 : Ticket.SessionOf(caller.Session),
            Issued = context.Features.Get<SessionSeen>()?.At ?? now,
        }.Sign(key);
        SocialMetrics.Tickets.Add(1);
        return TypedResults.Created((string?)null, new Issued(ticket, expires, addresses.Watch(broadcast, ticket, context.Request)));
    }

    private static ProblemHttpResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "Too many viewers at once. Try again in a moment.");
    }

    private sealed class Seen
    {
        public Guid OwnerId { get; init; }

        public long Epoch { get; init; }

        public bool Admitted { get; init; }

        public required AudienceFacts Facts { get; init; }
    }
}
