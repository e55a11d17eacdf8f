using Weir.Contracts;

namespace Weir.Live.Broadcasts;

/// <summary>Which sessions' tickets are good, as the social plane said last. Immutable; a newer one replaces it.</summary>
internal sealed class TicketSessions
{
    private readonly HashSet<ulong> _sessions;
    private readonly DateTimeOffset _asOf;

    public TicketSessions(Contracts.Planes.TicketSessions message)
    {
        _asOf = DateTimeOffset.FromUnixTimeMilliseconds(message.AsOf);
        _sessions = [.. message.Sessions];
    }

    /// <summary>
    /// False when the session of this ticket ended after the ticket was issued. One without a session belongs to nobody's.
    /// </summary>
    public bool Allows(Ticket? ticket) =>
        ticket is null || ticket.Session == 0 || ticket.Issued > _asOf || _sessions.Contains(ticket.Session);
}
