using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.LivePlane;

namespace Weir.Social.Broadcasts;

/// <summary>A broadcast as the API shows it.</summary>
internal sealed record BroadcastCard(
    Guid Id,
    string Title,
    Person Host,
    BroadcastState State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    long? DurationMs,
    int? Width,
    int? Height,
    int Comments,
    int PeakViewers,
    bool Recorded,
    bool IsHost,
    AudienceBody? Audience,
    bool LiveAvailable);

/// <summary>Makes cards; the audience is on the host's only.</summary>
internal sealed class BroadcastCards(WeirDb db, LiveLink live)
{
    public async Task<List<BroadcastCard>> MakeAsync(IReadOnlyList<Broadcast> broadcasts, Guid viewer, CancellationToken cancellation)
    {
        var mine = broadcasts.Where(b => b.HostId == viewer).Select(b => b.Id).ToList();
        var none = mine.Count == 0;
        var circles = none ? [] : await db.AudienceCircles.AsNoTracking().Where(c => mine.Contains(c.BroadcastId)).ToListAsync(cancellation);
        var exceptions = none ? [] : await db.AudienceExceptions.AsNoTracking().Where(e => mine.Contains(e.BroadcastId)).ToListAsync(cancellation);
        var hostIds = broadcasts.Select(b => b.HostId).Distinct().ToList();
        var hosts = await db.Accounts.Where(a => hostIds.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name)).ToDictionaryAsync(a => a.Id, cancellation);
        var available = live.Available;
        return [.. broadcasts.Select(b => new BroadcastCard(
            b.Id,
            b.Title,
            hosts[b.HostId],
            // Nothing comes through while the live plane is away, whatever it said last.
            b.State == BroadcastState.Live && !available ? BroadcastState.Interrupted : b.State,
            b.CreatedAt,
            b.StartedAt,
            b.EndedAt,
            b.MediaDuration > 0 ? b.MediaDuration / 1000 : null,
            b.Width > 0 ? b.Width : null,
            b.Height > 0 ? b.Height : null,
            b.Comments,
            b.PeakViewers,
            b.Recorded,
            b.HostId == viewer,
            b.HostId == viewer
                ? Audience.ToBody(b.Kind, circles.Where(c => c.BroadcastId == b.Id), exceptions.Where(e => e.BroadcastId == b.Id))
                : null,
            available))];
    }

    public async Task<BroadcastCard> MakeAsync(Broadcast broadcast, Guid viewer, CancellationToken cancellation) =>
        (await MakeAsync([broadcast], viewer, cancellation))[0];
}
