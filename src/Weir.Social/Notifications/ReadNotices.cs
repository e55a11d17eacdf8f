using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Notifications;

/// <summary><c>/api/notifications</c>: what concerns me, newest first, grouped; it ends after <see cref="Notification.MaxListed"/> or ninety days.</summary>
internal static class ReadNotices
{
    private const int MaxPage = 100;
    private const int MaxPeople = 3;

    /// <param name="People">Who did it, newest first, at most three of them.</param>
    /// <param name="Count">How many did it.</param>
    /// <param name="Counts">Of a summary: how many of each kind.</param>
    internal sealed record Item(
        Guid Id, NoticeKind Kind, DateTimeOffset At, bool Read, bool Quiet, int Count, List<Person> People, NoticePlace? Place, string? Text, Dictionary<NoticeKind, int>? Counts);

    internal sealed record Page(List<Item> Items, Guid? Next);

    internal sealed record Unread(int Count);

    internal sealed record ReadRequest(string? UpTo);

    public static void Map(RouteGroupBuilder notifications)
    {
        notifications.MapGet("", ListAsync);
        notifications.MapGet("/unread", UnreadAsync);
        notifications.MapPut("/read", ReadAsync).OnFullDisks();
    }

    /// <summary>One entry for all likes, or all comments, of one moment that were read, or were not.</summary>
    public static List<Item> Group(IEnumerable<Standing> standing)
    {
        var all = standing.ToList();
        var summarised = all.Where(s => s.Notice.SummaryId is not null).ToLookup(s => s.Notice.SummaryId!.Value, s => s.Notice.Kind);
        return [.. all.GroupBy(Key).Select(group =>
        {
            var newest = group.First();
            var people = group.Where(s => s.Actor is not null).DistinctBy(s => s.Actor!.Id).Select(s => s.Actor!).ToList();
            var counts = newest.Notice.Kind == NoticeKind.Summary ? summarised[newest.Notice.Id].CountBy(kind => kind).ToDictionary() : null;
            return new Item(
                newest.Notice.Id, newest.Notice.Kind, newest.Notice.At, newest.Read, newest.Notice.Quiet, Math.Max(1, people.Count), people[..Math.Min(MaxPeople, people.Count)],
                newest.Place, newest.Text, counts);
        }).Where(item => item.Counts is not { Count: 0 })];

        static (NoticeKind, Guid, bool) Key(Standing s) => s.Notice.Kind is NoticeKind.MomentLike or NoticeKind.MomentComment or NoticeKind.MomentReply
            ? (s.Notice.Kind, s.Notice.SubjectId, s.Read)
            : (s.Notice.Kind, s.Notice.Id, s.Read);
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> ListAsync(
        Caller caller, NoticeReader reader, CancellationToken cancellation, string? before = null, int limit = 30)
    {
        var items = Group(await reader.ReadAsync(caller.Id, cancellation));
        var start = 0;
        if (before is not null)
        {
            // The entry may have gone since: what follows it in time goes on.
            if (!Ids.TryParse(before, out var id))
            {
                return Problems.Field("before", "cursor-shape", "The cursor is one that the last page gave.");
            }

            start = items.FindIndex(item => item.Id == id) + 1;
            if (start == 0)
            {
                start = items.FindIndex(item => string.CompareOrdinal(item.Id.ToText(), before) < 0);
                start = start < 0 ? items.Count : start;
            }
        }

        var page = items.Skip(start).Take(Math.Clamp(limit, 1, MaxPage)).ToList();
        return TypedResults.Ok(new Page(page, start + page.Count < items.Count ? page[^1].Id : null));
    }

    private static async Task<Ok<Unread>> UnreadAsync(Caller caller, NoticeReader reader, CancellationToken cancellation) =>
        TypedResults.Ok(new Unread(Group(await reader.ReadUnreadAsync(caller.Id, cancellation)).Count(item => item is { Read: false, Quiet: false })));

    private static async Task<Results<NoContent, ProblemHttpResult>> ReadAsync(
        ReadRequest request, Caller caller, WriteScope write, WeirDb db, NoticeDelivery delivery, CancellationToken cancellation)
    {
        Ids.TryParse(request.UpTo, out var id);
        var found = await write.RunAsync(async () =>
        {
            if (await db.Notifications.Where(n => n.Id == id && n.AccountId == caller.Id).Select(n => (DateTimeOffset?)n.At).SingleOrDefaultAsync(cancellation) is not { } at)
            {
                return false;
            }

            await db.Notifications.Where(n => n.AccountId == caller.Id && !n.Read && n.At <= at)
                .ExecuteUpdateAsync(set => set.SetProperty(n => n.Read, true).SetProperty(n => n.Waits, false), cancellation);
            return true;
        }, cancellation);
        if (!found)
        {
            return Problems.NotFound();
        }

        delivery.Changed(caller.Id);
        return TypedResults.NoContent();
    }
}
