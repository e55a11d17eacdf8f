using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Maintenance;

/// <summary><c>weir reset-password</c>: for the person at the server's keyboard, beside a running Weir or without one.</summary>
public static class ResetPassword
{
    /// <summary>Gives the account a new random password, which is returned once and kept nowhere, ends all its sessions, removes its
    /// passkeys and links that set passwords, and renews its encoder key and the stream keys of its broadcasts, of which a running live
    /// plane hears within seconds.</summary>
    /// <exception cref="MaintenanceException">Nobody has this handle.</exception>
    public static async Task<string> RunAsync(SocialOptions options, string handle, CancellationToken cancellation = default)
    {
        await using var db = Database.Open(options);
        await db.MigrateAsync(cancellation);
        var parsed = Handle.Parse(handle);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var account = await db.Accounts.SingleOrDefaultAsync(a => a.NormalizedUserName == parsed && a.DeletedAt == null, cancellation)
            ?? throw new MaintenanceException($"Nobody here has the handle '{handle}'.");
        var password = NewPassword();
        var hashing = new PasswordHashing(Options.Create(new PasswordHasherOptions { IterationCount = options.PasswordIterations }));
        account.PasswordHash = hashing.HashPassword(account, password);
        db.AuditEntries.Add(AuditTrail.Of(AuditAction.PasswordResetByCommand, Guid.Empty, "", account.Id, account.Handle, "", TimeProvider.System));
        // As after an administrator's link: nothing that opened the account before opens it now.
        account.EncoderKeyGeneration++;
        account.StreamKeyGeneration++;
        account.EncoderKeyCreatedAt = TimeProvider.System.Now();
        await db.SaveChangesAsync(cancellation);
        await db.PasswordResets.Where(r => r.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        await db.Passkeys.Where(p => p.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        await db.Sessions.Where(s => s.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        await SessionsEpoch.RaiseIfChangedAsync(db, cancellation);
        await transaction.CommitAsync(cancellation);
        return password;
    }

    /// <summary>About 98 bits, in letters and digits that cannot be mistaken for each other.</summary>
    private static string NewPassword() =>
        string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 5)));
}

/// <summary>What was asked cannot be done; the message says why, for people.</summary>
public sealed class MaintenanceException(string message) : Exception(message);
