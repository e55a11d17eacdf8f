using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Passkeys;

/// <summary>Identity's store, with passkeys in a table of our own shape: the handler only reads them, our calls write them in their own transactions.</summary>
internal sealed class AccountStore(WeirDb db, IdentityErrorDescriber? describer = null) : UserOnlyStore<Account, WeirDb, Guid>(db, describer)
{
    public override async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(Account user, CancellationToken cancellationToken) =>
        (await Context.Passkeys.AsNoTracking().Where(p => p.AccountId == user.Id).ToListAsync(cancellationToken)).ConvertAll(p => p.ToInfo());

    public override async Task<Account?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        await Context.Accounts.AsNoTracking().SingleOrDefaultAsync(a => Context.Passkeys.Any(p => p.CredentialId == credentialId && p.AccountId == a.Id), cancellationToken);

    public override async Task<UserPasskeyInfo?> FindPasskeyAsync(Account user, byte[] credentialId, CancellationToken cancellationToken) =>
        (await Context.Passkeys.AsNoTracking().SingleOrDefaultAsync(p => p.CredentialId == credentialId && p.AccountId == user.Id, cancellationToken))?.ToInfo();

    public override Task AddOrUpdatePasskeyAsync(Account user, UserPasskeyInfo passkey, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Passkeys are written by their calls.");

    public override Task RemovePasskeyAsync(Account user, byte[] credentialId, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Passkeys are removed by their calls.");
}
