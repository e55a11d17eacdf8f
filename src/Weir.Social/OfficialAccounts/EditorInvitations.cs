using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Friends;

namespace Weir.Social.OfficialAccounts;

/// <summary>Those whom an account's owner asked to be editors, and who have not accepted.</summary>
internal sealed class EditorInvitations(WeirDb db) : IInvitesFriends
{
    public Task WithdrawBetweenAsync(Guid one, Guid other, CancellationToken cancellation) => db.OfficialEditors
        .Where(e => e.AcceptedAt == null && (e.AccountId == one || e.AccountId == other) && db.OfficialEditors.Any(o =>
            o.OfficialAccountId == e.OfficialAccountId && o.Role == EditorRole.Owner
            && ((o.AccountId == one && e.AccountId == other) || (o.AccountId == other && e.AccountId == one))))
        .ExecuteDeleteAsync(cancellation);
}
