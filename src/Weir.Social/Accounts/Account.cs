using Microsoft.AspNetCore.Identity;

namespace Weir.Social.Accounts;

/// <summary>
/// A person. <see cref="IdentityUser{TKey}.UserName"/> is the handle, lower-case and never changed or given again; a deleted
/// account stays as a row without name and password, so that nobody can take a known person's handle.
/// </summary>
internal sealed class Account : IdentityUser<Guid>
{
    public required string Name { get; set; }

    public bool IsAdmin { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? SuspendedAt { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Grows when the permanent encoder key is renewed; the key is derived from it.</summary>
    public int EncoderKeyGeneration { get; set; }

    public DateTimeOffset EncoderKeyCreatedAt { get; set; }

    public string Handle => UserName!;
}

/// <summary>A person as every answer shows one.</summary>
internal sealed record Person(Guid Id, string Handle, string Name);
