using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.OfficialAccounts;

/// <summary>What an editor needs to know before sending: how many are left, and when there is another.</summary>
internal sealed record SendAllowance(int Left, DateTimeOffset? NextAt);

/// <summary>An official account as much as what it shows names it.</summary>
internal sealed record OfficialRef(Guid Id, string Handle, string Name, Guid? Avatar);

/// <summary>An official account as the API shows it.</summary>
/// <param name="Followers">How many follow it; null for others than editors unless the account shows it.</param>
/// <param name="Invited">The caller was asked to be an editor and has not answered.</param>
internal sealed record OfficialCard(
    Guid Id,
    string Handle,
    string Name,
    string Description,
    Guid? Avatar,
    OfficialKind Kind,
    bool Open,
    bool ShowsFollowers,
    bool ShowsReads,
    int? Followers,
    bool Following,
    bool Muted,
    EditorRole? Role,
    bool Invited,
    DateTimeOffset CreatedAt);

internal sealed class OfficialCards(WeirDb db)
{
    public async Task<List<OfficialCard>> MakeAsync(IQueryable<OfficialAccount> accounts, Guid viewer, CancellationToken cancellation)
    {
        var found = await accounts.AsNoTracking().Select(a => new
        {
            Account = a,
            Followers = db.Followers.Count(f => f.OfficialAccountId == a.Id),
            Mine = db.Followers.Where(f => f.OfficialAccountId == a.Id && f.AccountId == viewer).Select(f => (bool?)f.Muted).SingleOrDefault(),
            Role = db.OfficialEditors.Where(e => e.OfficialAccountId == a.Id && e.AccountId == viewer && e.AcceptedAt != null).Select(e => (EditorRole?)e.Role).SingleOrDefault(),
            Invited = db.OfficialEditors.Any(e => e.OfficialAccountId == a.Id && e.AccountId == viewer && e.AcceptedAt == null),
        }).ToListAsync(cancellation);
        return found.ConvertAll(f => new OfficialCard(
            f.Account.Id,
            f.Account.Handle,
            f.Account.Name,
            f.Account.Description,
            f.Account.AvatarId,
            f.Account.Kind,
            f.Account.Open,
            f.Account.ShowsFollowers,
            f.Account.ShowsReads,
            f.Account.ShowsFollowers || f.Role is not null ? f.Followers : null,
            f.Mine is not null,
            f.Mine ?? false,
            f.Role,
            f.Invited,
            f.Account.CreatedAt));
    }

    public async Task<OfficialCard> MakeAsync(Guid account, Guid viewer, CancellationToken cancellation) =>
        (await MakeAsync(db.OfficialAccounts.Where(a => a.Id == account), viewer, cancellation))[0];
}
