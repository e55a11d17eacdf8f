using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Broadcasts;

/// <summary>
/// <c>POST /api/broadcasts/{id}/tickets</c>. The predicate, the epoch and the admission that a later cut looks for are one transaction: of a ticket and a cut at the same moment,
/// either the cut sees the admission or the ticket is not issued.
/// </summary>
internal static class IssueTicket
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    internal sealed record Issued(string Ticket, DateTimeOffset ExpiresAt, WatchAddresses Watch);

    public static void Map(RouteGroupBuilder broadcasts) => broadcasts.MapPost("/{id}/tickets", HandleAsync).AllowAnonymous();

    private static async Task<Results<Created<Issued>, ProblemHttpResult>> HandleAsync(
        string id,
        Caller? caller,
        Entrance entrance,
        WriteScope write,
        WeirDb db,
        NodeKey key,
        Addresses addresses,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        // Outsiders are turned away here, before they could make anybody wait for the one writer.
        var (seen, refusal) = await entrance.EnterAsync(id, caller, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var viewer = caller.IdOrNone();
        var admitted = await write.RunAsync(async () =>
        {
            var (broadcast, _) = await entrance.EnterAsync(id, caller, cancellation);
            if (broadcast is null)
            {
                return null;
            }

            if (!await db.Admissions.AnyAsync(a => a.BroadcastId == broadcast.Id && a.AccountId == viewer, cancellation))
            {
                db.Admissions.Add(new Admission { BroadcastId = broadcast.Id, AccountId = viewer });
            }

            return broadcast;
        }, cancellation);
        if (admitted is null)
        {
            return Problems.NotFound();
        }

        var rights = caller is null ? TicketRights.Watch
            : admitted.OwnerId == viewer ? TicketRights.Host | TicketRights.Comment
            : TicketRights.Comment;
        var expires = DateTimeOffset.FromUnixTimeSeconds((clock.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        var ticket = new Ticket(admitted.Id, viewer, Ticket.NewId(), (uint)admitted.Epoch, expires, rights, caller?.Name ?? "").Sign(key);
        SocialMetrics.Tickets.Add(1);
        return TypedResults.Created((string?)null, new Issued(ticket, expires, addresses.Watch(admitted.Id, ticket, context.Request)));
    }
}
