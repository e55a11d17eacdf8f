using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Sessions;

namespace Weir.Social.Reporting;

/// <summary>
/// A person, by the id that only those learn who meet them somewhere, and wherever that was: also where neither sees the other any more. So
/// that it tells nobody who is there, an id that nobody has is reported like any other. They cannot be taken away, only suspended.
/// </summary>
internal sealed class ReportedPeople(WeirDb db) : IReportable
{
    public ReportKind Kind => ReportKind.Person;

    public async Task<ReportedThing?> FindAsync(ReportTarget target, Caller caller, CancellationToken cancellation)
    {
        if (!Ids.TryParse(target.Id, out var id) || id == Guid.Empty)
        {
            return null;
        }

        var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.DeletedAt == null, cancellation);
        var picture = account?.AvatarId;
        var avatar = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == picture, cancellation);
        if (account is null)
        {
            return new ReportedThing(id, null, new Snapshot { Title = "Nobody has this id" });
        }

        return new ReportedThing(
            account.Id,
            account.Id,
            new Snapshot { Title = $"{account.Name} (@{account.Handle})", Text = account.About, Pictures = avatar is null ? null : [PictureRef.Of(avatar)] },
            Files: avatar is null ? null : [avatar.Id]);
    }

    public Task<bool> RemoveAsync(Report report, CancellationToken cancellation) => Task.FromResult(false);
}
