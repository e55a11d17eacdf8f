using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.OfficialAccounts;

/// <summary>An account that is there, and what the caller is to it; an invitation that was not accepted is no role.</summary>
internal sealed record SeenAccount(OfficialAccount Account, EditorRole? Role);

/// <summary>Where calls about one official account come in. A closed one answers like one that never was.</summary>
internal sealed class OfficialEntrance(WeirDb db, WriteScope write)
{
    public async Task<(SeenAccount? Seen, ProblemHttpResult? Refusal)> EnterAsync(string handle, Caller caller, EditorRole? least, CancellationToken cancellation)
    {
        var parsed = Handle.Parse(handle);
        return Judge(await FindAsync(db.OfficialAccounts.Where(a => a.Handle == parsed), caller, cancellation), least);
    }

    public async Task<(SeenAccount? Seen, ProblemHttpResult? Refusal)> EnterAsync(Guid account, Caller caller, EditorRole? least, CancellationToken cancellation) =>
        Judge(await FindAsync(db.OfficialAccounts.Where(a => a.Id == account), caller, cancellation), least);

    /// <summary>A change by somebody with at least this role, in one transaction.</summary>
    public Task<ProblemHttpResult?> ChangeAsync(
        string handle, Caller caller, EditorRole? least, Func<OfficialAccount, Task<ProblemHttpResult?>> change, CancellationToken cancellation) =>
        write.RunAsync(async () =>
        {
            var (seen, refusal) = await EnterAsync(handle, caller, least, cancellation);
            return seen is null ? refusal : await change(seen.Account);
        }, cancellation);

    private async Task<SeenAccount?> FindAsync(IQueryable<OfficialAccount> accounts, Caller caller, CancellationToken cancellation)
    {
        var found = await accounts.Where(a => a.ClosedAt == null)
            .Select(a => new
            {
                Account = a,
                Role = db.OfficialEditors.Where(e => e.OfficialAccountId == a.Id && e.AccountId == caller.Id && e.AcceptedAt != null).Select(e => (EditorRole?)e.Role).SingleOrDefault(),
            })
            .SingleOrDefaultAsync(cancellation);
        return found is null ? null : new SeenAccount(found.Account, found.Role);
    }

    private static (SeenAccount?, ProblemHttpResult?) Judge(SeenAccount? seen, EditorRole? least)
    {
        if (seen is null)
        {
            return (null, Problems.NotFound());
        }

        if (least is null || seen.Role >= least)
        {
            return (seen, null);
        }

        return (null, seen.Role is null ? Problems.Forbidden("not-editor", "Only its editors may do this.") : Problems.Forbidden("not-owner", "Only its owner may do this."));
    }
}
