using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Broadcasts;

/// <summary>A broadcast as the API shows it.</summary>
/// <param name="OfficialAccount">To whose followers it is shown.</param>
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
    bool LiveAvailable,
    bool Conversational,
    OfficialRef? OfficialAccount);

/// <summary>Makes cards; the audience is on the host's only.</summary>
internal sealed class BroadcastCards(WeirDb db, LiveLink live)
{
    public async Task<List<BroadcastCard>> MakeAsync(IReadOnlyList<Broadcast> broadcasts, Guid viewer, CancellationToken cancellation)
    {
        var audiences = await Audience.ReadAsync(db, [.. broadcasts.Where(b => b.OwnerId == viewer)], cancellation);
        var officialIds = broadcasts.Select(b => b.OfficialAccountId).OfType<Guid>().Distinct().ToList();
        var officials = officialIds.Count == 0
            ? []
            : await db.OfficialAccounts.Where(o => officialIds.Contains(o.Id)).Select(o => new OfficialRef(o.Id, o.Handle, o.Name, o.AvatarId)).ToDictionaryAsync(o => o.Id, cancellation);
        var hostIds = broadcasts.Select(b => b.OwnerId).Distinct().ToList();
        var hosts = await db.Accounts.Where(a => hostIds.Contains(a.Id)).Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(a => a.Id, cancellation);
        var available = live.Available;
        return [.. broadcasts.Select(b => new BroadcastCard(
            b.Id,
            b.Title,
            hosts[b.OwnerId],
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
            b.OwnerId == viewer,
            audiences.GetValueOrDefault(b.Id),
            available,
            b.Conversational,
            b.OfficialAccountId is { } official ? officials[official] : null))];
    }

    public async Task<BroadcastCard> MakeAsync(Broadcast broadcast, Guid viewer, CancellationToken cancellation) =>
        (await MakeAsync([broadcast], viewer, cancellation))[0];
}
