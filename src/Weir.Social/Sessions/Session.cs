using Weir.Social.Accounts;

namespace Weir.Social.Sessions;

internal static class SessionQueries
{
    /// <summary>Those that time has not ended. Who ended one deleted its row.</summary>
    public static IQueryable<Session> StillGood(this IQueryable<Session> sessions, DateTimeOffset now)
    {
        var (seen, begun) = (now - SessionAuthentication.IdleLimit, now - SessionAuthentication.GreatestAge);
        return sessions.Where(s => s.LastSeenAt > seen && s.CreatedAt > begun);
    }
}

/// <summary>A signed-in client. Only the SHA-256 of its token is kept.</summary>
internal sealed class Session
{
    public const int MaxClientLength = 200;

    public Guid Id { get; init; }

    public Guid AccountId { get; init; }

    public Account? Account { get; init; }

    public required byte[] TokenHash { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastSeenAt { get; set; }

    public required string Client { get; init; }
}
