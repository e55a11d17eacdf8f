using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;

namespace Weir.Social.Passkeys;

/// <summary>A credential of WebAuthn with which its owner signs in. The private key never leaves the device; this is what the signature is checked with.</summary>
internal sealed class Passkey
{
    /// <summary>How many one person may have.</summary>
    public const int MaxPerPerson = 20;

    /// <summary>WebAuthn 3 section 4: a credential id has at most 1023 bytes.</summary>
    public const int MaxCredentialId = 1023;

    public required byte[] CredentialId { get; init; }

    /// <summary>What the pages call it by: the credential id may be long.</summary>
    public Guid Id { get; init; }

    public Guid AccountId { get; init; }

    public required string Name { get; set; }

    /// <summary>COSE_Key.</summary>
    public required byte[] PublicKey { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public long SignCount { get; set; }

    /// <summary>How the browser may reach it, separated by blanks.</summary>
    public required string Transports { get; init; }

    public bool IsUserVerified { get; init; }

    /// <summary>It may be copied to the person's other devices.</summary>
    public bool IsBackupEligible { get; init; }

    public bool IsBackedUp { get; set; }

    /// <summary>As the framework's handler asks for one. What was only needed at registration is not kept.</summary>
    public UserPasskeyInfo ToInfo() => new(
        CredentialId, PublicKey, CreatedAt, (uint)SignCount, Transports.Split(' ', StringSplitOptions.RemoveEmptyEntries), IsUserVerified, IsBackupEligible, IsBackedUp, [], [])
    {
        Name = Name,
    };

    public static void Configure(ModelBuilder model) => model.Entity<Passkey>(passkey =>
    {
        passkey.HasKey(p => p.CredentialId);
        passkey.Property(p => p.CredentialId).HasMaxLength(MaxCredentialId);
        passkey.Property(p => p.Name).HasMaxLength(PlainText.NameLength * 2);
        passkey.Property(p => p.Transports).HasMaxLength(200);
        passkey.HasIndex(p => p.Id).IsUnique();
        passkey.HasOne<Account>().WithMany().HasForeignKey(p => p.AccountId);
    });
}
