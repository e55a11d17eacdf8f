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
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    internal sealed record Issued(string Ticket, DateTimeOffset ExpiresAt, WatchAddresses Watch);

    public static void Map(RouteGroupBuilder broadcasts) =>
        broadcasts.MapPost("/{id}/tickets", HandleAsync).AllowAnonymous().WithCallLimit(CallLimit.Tickets);

    private static async Task<Results<Created<Issued>, ProblemHttpResult>> HandleAsync(
        string id,
        Caller? caller,
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
        var seen = await db.Broadcasts.Where(b => b.Id == broadcast).AsSeenBy(viewer).WhereVisible(db, clock.Now())
            .Select(v => new Seen(v.Item.OwnerId, v.Item.Epoch, db.Admissions.Any(a => a.BroadcastId == v.Item.Id && a.AccountId == v.Viewer)))
            .SingleOrDefaultAsync(cancellation);
        // Outsiders are turned away here, before they could make anybody wait for the one writer.
        if (seen is null)
        {
            return Problems.NotFound();
        }

        var epoch = seen.Epoch;
        if (!seen.Admitted)
        {
            var applicant = new Applicant(broadcast, viewer);
            if (!admissions.TryEnqueue(applicant))
            {
                context.Response.Headers.RetryAfter = "1";
                return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "Too many viewers at once. Try again in a moment.");
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
        var expires = DateTimeOffset.FromUnixTimeSeconds((clock.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        var ticket = new Ticket(broadcast, viewer, Ticket.NewId(), (uint)epoch, expires, rights, caller?.Name ?? "").Sign(key);
        SocialMetrics.Tickets.Add(1);
        return TypedResults.Created((string?)null, new Issued(ticket, expires, addresses.Watch(broadcast, ticket, context.Request)));
    }

    private sealed record Seen(Guid OwnerId, long Epoch, bool Admitted);
}
