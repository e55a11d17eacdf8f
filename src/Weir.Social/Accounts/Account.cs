using Microsoft.AspNetCore.Identity;
using Weir.Contracts;
using Weir.Social.Moments;

namespace Weir.Social.Accounts;

/// <summary>
/// A person. <see cref="IdentityUser{TKey}.UserName"/> is the handle, lower-case and never changed or given again; a deleted
/// account stays as a row without name and password, whose <see cref="IdentityUser{TKey}.NormalizedUserName"/> keeps the handle, so
/// that nobody can take a known person's.
/// </summary>
internal sealed class Account : IdentityUser<Guid>
{
    public const int AboutLength = 160;

    /// <summary>What a deleted account is called.</summary>
    public const string DeletedName = DeletedAccount.Name;

    public required string Name { get; set; }

    /// <summary>A line or two about themselves; perhaps nothing.</summary>
    public string About { get; set; } = "";

    /// <summary>The file with their picture.</summary>
    public Guid? AvatarId { get; set; }

    public bool IsAdmin { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>How far back others see this person's moments. Here and not in a table of its own, because whoever asks for moments reads the account anyway.</summary>
    public MomentWindow MomentWindow { get; set; }

    public DateTimeOffset? SuspendedAt { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Grows when the permanent encoder key is renewed; the key is derived from it.</summary>
    public int EncoderKeyGeneration { get; set; }

    public DateTimeOffset EncoderKeyCreatedAt { get; set; }

    /// <summary>
    /// Grows when somebody else may have had the account: the stream keys and WHIP tokens of all its broadcasts are derived from it.
    /// </summary>
    public int StreamKeyGeneration { get; set; }

    public string Handle => UserName!;

    /// <summary>What stands in place of a deleted account's handle: no handle that anybody could have, and another for each.</summary>
    public static string DeletedHandle(Guid id) => $"deleted-{id:N}"[..Accounts.Handle.MaxLength];
}

/// <summary>A person as every answer shows one.</summary>
internal sealed record Person(Guid Id, string Handle, string Name, Guid? Avatar);
