using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Admin;

/// <summary>Who may go live now.</summary>
internal sealed class LivePolicy(WeirDb db)
{
    public Task<bool> MayGoLiveAsync(Guid account, CancellationToken cancellation) => db.LiveSettings.AnyAsync(
        s => s.Enabled && (s.Mode == LiveMode.Everyone || db.LivePermissions.Any(p => p.AccountId == account)),
        cancellation);

    public async Task<Me> MeAsync(Account account, CancellationToken cancellation) =>
        new(account.Id, account.Handle, account.Name, account.AvatarId, account.About, account.IsAdmin, await MayGoLiveAsync(account.Id, cancellation));
}
