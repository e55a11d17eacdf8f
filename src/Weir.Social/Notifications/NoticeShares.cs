using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Notifications;

/// <summary>
/// How much of a person's list one actor, and one place, may take: what somebody does over and over pushes out their own older entries,
/// not what others did. Enforced where notices are added, in the same transaction, so the list never depends on when it is swept.
/// </summary>
internal static class NoticeShares
{
    /// <summary>
    /// Entries of one actor in one list. What an administrator did to accounts is counted by itself: nothing else pushes it out.
    /// </summary>
    public const int MaxOfActor = 50;

    /// <summary>Entries of one conversation, moment or other place in one list, whoever did it.</summary>
    public const int MaxOfPlace = 200;

    private sealed record Share(Guid Account, Guid Of, bool ByActor, bool Reset);

    /// <summary>Of what is about to be added, in the order in which it happened, that which has room; makes the room for it.</summary>
    public static async Task<List<Notification>> FitAsync(WeirDb db, List<Notification> added, CancellationToken cancellation)
    {
        added = Newest(Newest(added, ActorOf, MaxOfActor), PlaceOf, MaxOfPlace);
        var accounts = added.Select(n => n.AccountId).Distinct().ToList();
        var actors = added.Select(n => n.ActorId).Distinct().ToList();
        var places = added.Select(n => n.SubjectId).Distinct().ToList();
        var there = await db.Notifications
            .Where(n => accounts.Contains(n.AccountId) && actors.Contains(n.ActorId))
            .GroupBy(n => new { n.AccountId, Of = n.ActorId, Reset = n.Kind == NoticeKind.AdministratorReset })
            .Select(g => new { g.Key.AccountId, g.Key.Of, g.Key.Reset, Count = g.Count() })
            .ToDictionaryAsync(g => new Share(g.AccountId, g.Of, ByActor: true, g.Reset), g => g.Count, cancellation);
        foreach (var place in await db.Notifications
            .Where(n => accounts.Contains(n.AccountId) && places.Contains(n.SubjectId) && n.Kind != NoticeKind.AdministratorReset)
            .GroupBy(n => new { n.AccountId, Of = n.SubjectId })
            .Select(g => new { g.Key.AccountId, g.Key.Of, Count = g.Count() })
            .ToListAsync(cancellation))
        {
            there.Add(new Share(place.AccountId, place.Of, ByActor: false, Reset: false), place.Count);
        }

        foreach (var (share, count) in added.CountBy(ActorOf).Concat(added.CountBy(PlaceOf)))
        {
            var left = (share.ByActor ? MaxOfActor : MaxOfPlace) - count;
            if (there.GetValueOrDefault(share) > left)
            {
                await TrimAsync(db, share, left, cancellation);
            }
        }

        return added;
    }

    private static async Task TrimAsync(WeirDb db, Share share, int left, CancellationToken cancellation)
    {
        var rows = db.Notifications
            .Where(n => n.AccountId == share.Account && (n.Kind == NoticeKind.AdministratorReset) == share.Reset);
        rows = share.ByActor ? rows.Where(n => n.ActorId == share.Of) : rows.Where(n => n.SubjectId == share.Of);
        var oldest = await rows.OrderByDescending(n => n.At).ThenByDescending(n => n.Id)
            .Skip(left).Select(n => n.Id).ToListAsync(cancellation);
        foreach (var batch in oldest.Chunk(500))
        {
            await db.Notifications.Where(n => batch.Contains(n.Id)).ExecuteDeleteAsync(cancellation);
        }
    }

    private static List<Notification> Newest(List<Notification> added, Func<Notification, Share> of, int most) =>
        added.Count <= most
            ? added
            : [.. added.AsEnumerable().Reverse().GroupBy(of).SelectMany(g => g.Take(most)).Reverse().OrderBy(n => n.At)];

    private static Share ActorOf(Notification notice) =>
        new(notice.AccountId, notice.ActorId, ByActor: true, notice.Kind == NoticeKind.AdministratorReset);

    // Of an administrator's resets the place is an account; each is worth an entry.
    private static Share PlaceOf(Notification notice) => notice.Kind == NoticeKind.AdministratorReset
        ? new(notice.AccountId, notice.ActorId, ByActor: false, Reset: true)
        : new(notice.AccountId, notice.SubjectId, ByActor: false, Reset: false);
}
