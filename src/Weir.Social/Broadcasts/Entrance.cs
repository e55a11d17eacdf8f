using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Broadcasts;

/// <summary>
/// Where every call about one broadcast comes in. One query, whoever asks and whether or not there is such a broadcast; outsiders get the answer
/// for one that does not exist.
/// </summary>
internal sealed class Entrance(WeirDb db, TimeProvider clock)
{
    /// <summary>The broadcast, or why not.</summary>
    public async Task<(Broadcast? Broadcast, ProblemHttpResult? Refusal)> EnterAsync(string id, Caller? caller, CancellationToken cancellation)
    {
        // What is no id becomes the empty one, which no broadcast has.
        Ids.TryParse(id, out var broadcast);
        var known = await db.Broadcasts.Where(b => b.Id == broadcast).AsSeenBy(caller.IdOrNone()).WithFacts(db).SingleOrDefaultAsync(cancellation);
        return known is not null && known.Facts.MaySee(clock.Now()) ? (known.Item, null) : (null, Problems.NotFound());
    }

    /// <summary>The same for what only the host may do: insiders who are not the host are told so.</summary>
    public async Task<(Broadcast? Broadcast, ProblemHttpResult? Refusal)> EnterAsHostAsync(string id, Caller? caller, CancellationToken cancellation)
    {
        var (broadcast, refusal) = await EnterAsync(id, caller, cancellation);
        if (broadcast is null || broadcast.OwnerId == caller.IdOrNone())
        {
            return (broadcast, refusal);
        }

        return (null, caller is null
            ? Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Sign in first.")
            : Problems.Forbidden("not-host", "Only the host may do this."));
    }
}
