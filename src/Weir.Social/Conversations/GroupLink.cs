using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Weir.Social.Conversations;

/// <summary>
/// Whoever has an account and this link comes into the group, until it expires or is revoked. It is found by a hash of its code, so that neither the index nor the time it takes to search
/// tells anything about codes that exist; the code itself stays readable to those who may hand it out.
/// </summary>
internal sealed class GroupLink
{
    public const int CodeLength = 22;
    public const int DefaultDays = 7;
    public const int MaxDays = 30;

    /// <summary>How many a group may have at a time.</summary>
    public const int MaxOpen = 20;

    public Guid Id { get; init; }

    public required string Code { get; init; }

    public Guid ConversationId { get; init; }

    public Guid CreatedById { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How many came by it.</summary>
    public int Joined { get; set; }

    public static GroupLink Make(Guid conversation, Guid by, DateTimeOffset now, int days)
    {
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        return new GroupLink { Id = IdOf(code), Code = code, ConversationId = conversation, CreatedById = by, CreatedAt = now, ExpiresAt = now.AddDays(days) };
    }

    public static Guid IdOf(string code)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(code), hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>The hash alone would do; the whole code is compared all the same, in a time that does not depend on it.</summary>
    public bool Is(string code) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Code), Encoding.UTF8.GetBytes(code));
}

/// <summary>A large group wants somebody, who has not answered yet.</summary>
internal sealed class GroupInvitation
{
    public Guid ConversationId { get; init; }

    public Guid AccountId { get; init; }

    public Guid ById { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>Somebody was removed from a group: links of it are none for them, until they are asked in again.</summary>
internal sealed class GroupRemoval
{
    public Guid ConversationId { get; init; }

    public Guid AccountId { get; init; }

    public DateTimeOffset At { get; init; }
}
