using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Moments;

/// <summary>Where every call about one moment comes in. One query, whoever asks and whether or not there is such a moment.</summary>
internal sealed class MomentEntrance(WeirDb db, TimeProvider clock)
{
    /// <summary>The moment, or why not.</summary>
    public async Task<(Moment? Moment, ProblemHttpResult? Refusal)> EnterAsync(string id, Caller caller, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var moment);
        var known = await db.Moments.Where(m => m.Id == moment).AsSeenBy(caller.Id).WithFacts(db).SingleOrDefaultAsync(cancellation);
        return known is not null && known.Facts.MaySee(clock.Now()) ? (known.Item, null) : (null, Problems.NotFound());
    }

    /// <summary>The same for what only its owner may do.</summary>
    public async Task<(Moment? Moment, ProblemHttpResult? Refusal)> EnterAsOwnerAsync(string id, Caller caller, CancellationToken cancellation)
    {
        var (moment, refusal) = await EnterAsync(id, caller, cancellation);
        return moment is null || moment.OwnerId == caller.Id ? (moment, refusal) : (null, Problems.Forbidden("not-yours", "Only whoever posted it may do this."));
    }
}
