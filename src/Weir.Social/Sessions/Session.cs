using Weir.Social.Accounts;

namespace Weir.Social.Sessions;

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
