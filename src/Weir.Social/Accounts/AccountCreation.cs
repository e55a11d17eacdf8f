using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Accounts;

/// <summary>Makes accounts: the first by set-up, the others by invitation.</summary>
internal sealed class AccountCreation(WeirDb db, UserManager<Account> users, TimeProvider clock)
{
    /// <summary>
    /// A checked account that is not in the database yet, and has no password yet: hashing one takes long, so it is done after every other
    /// check (<see cref="PasswordQueue"/>) and before any transaction.
    /// </summary>
    public (Account? Account, ProblemHttpResult? Fault) Prepare(string? handle, string? name, string? password)
    {
        var faults = new List<(string, string, string)>();
        var parsedHandle = Handle.Parse(handle);
        var parsedName = PlainText.Parse(name, PlainText.NameLength);
        if (parsedHandle is null)
        {
            faults.Add(("handle", "handle-shape", "A handle has 3 to 30 of the letters a-z, digits and _."));
        }

        if (parsedName is null)
        {
            faults.Add(("name", "name-shape", $"A name has 1 to {PlainText.NameLength} characters, not only blanks."));
        }

        if (PasswordRules.Fault(password, parsedHandle ?? "", parsedName ?? "") is { } fault)
        {
            faults.Add(("password", fault.Code, fault.Text));
        }

        if (faults.Count > 0)
        {
            return (null, Problems.Fields(faults));
        }

        return (New(parsedHandle!, parsedName!), null);
    }

    /// <summary>The fault when its handle is taken, asked before its password is hashed.</summary>
    public async Task<ProblemHttpResult?> TakenAsync(Account account, CancellationToken cancellation) =>
        await db.Accounts.AnyAsync(a => a.NormalizedUserName == account.UserName, cancellation) ? Taken() : null;

    public Account New(string handle, string name) => new()
    {
        Id = Guid.CreateVersion7(clock.GetUtcNow()),
        UserName = handle,
        Name = name,
        CreatedAt = clock.Now(),
        EncoderKeyGeneration = 1,
        EncoderKeyCreatedAt = clock.Now(),
    };

    /// <summary>Adds it inside the running transaction; the fault when its handle is taken.</summary>
    public async Task<ProblemHttpResult?> AddAsync(Account account, CancellationToken cancellation)
    {
        var made = await users.CreateAsync(account);
        if (!made.Succeeded)
        {
            return made.Errors.Any(error => error.Code == nameof(IdentityErrorDescriber.DuplicateUserName))
                ? Taken()
                : throw new InvalidOperationException(made.ToString());
        }

        // Others may have blocked or excepted this handle before it was anybody's.
        await db.Blocks.Where(b => b.Handle == account.UserName).ExecuteUpdateAsync(set => set.SetProperty(b => b.BlockedId, account.Id), cancellation);
        await db.AudienceExceptions.Where(e => e.Handle == account.UserName)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.AccountId, account.Id), cancellation);
        return null;
    }

    private static ProblemHttpResult Taken() => Problems.Field("handle", "handle-taken", "Somebody has this handle.");
}

internal sealed class LowerCase : ILookupNormalizer
{
    public string? NormalizeName(string? name) => name?.ToLowerInvariant();

    public string? NormalizeEmail(string? email) => email?.ToLowerInvariant();
}
