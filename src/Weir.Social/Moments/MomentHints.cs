using Microsoft.EntityFrameworkCore;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Realtime;

namespace Weir.Social.Moments;

internal enum MomentHappening
{
    Posted,
    Changed,
    Deleted,
    Liked,
    Commented,
}

/// <summary>
/// Says to the devices of those who see a moment that something about it is not as it was. It is a hint: nothing of the moment is in it, and whoever misses it reads
/// the same at the next look. Nobody learns by it of a like or comment that is hidden from them.
/// </summary>
internal sealed class MomentHints(WeirDb db, Connections connections, TimeProvider clock)
{
    internal sealed record MomentEvent(Guid Id, MomentHappening What);

    /// <summary>Those who see it now: its owner, and of those whom the owner holds as friends whom the predicate lets in.</summary>
    public Task<List<Guid>> SeenByAsync(Moment moment, CancellationToken cancellation) => (
        from viewer in Candidates(moment.OwnerId)
        from found in db.Moments
        where found.Id == moment.Id
        select new Viewing<Moment> { Item = found, Post = found, Viewer = viewer }).WhereVisible(db, clock.Now()).Select(v => v.Viewer).ToListAsync(cancellation);

    /// <summary>Those who see this like or comment under it now.</summary>
    public Task<List<Guid>> SeenByAsync<T>(Moment moment, IQueryable<T> interaction, CancellationToken cancellation)
        where T : Interaction => (
        from viewer in Candidates(moment.OwnerId)
        from found in interaction
        select new Viewing<T> { Item = found, Post = found.Moment!, Viewer = viewer }).WhereSeen(db, clock.Now()).Select(v => v.Viewer).ToListAsync(cancellation);

    /// <summary>Never waits.</summary>
    public void Tell(IEnumerable<Guid> accounts, Guid moment, MomentHappening what)
    {
        var body = new MomentEvent(moment, what);
        foreach (var account in accounts)
        {
            connections.Send(account, Events.Moment, body);
        }
    }

    private IQueryable<Guid> Candidates(Guid owner) =>
        db.Accounts.Where(a => a.Id == owner).Select(a => a.Id).Concat(db.Friendships.Where(f => f.OwnerId == owner).Select(f => f.FriendId));
}
