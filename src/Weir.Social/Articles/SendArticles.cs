using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.OfficialAccounts;
using Weir.Social.Realtime;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>
/// Articles sent to the followers: up to eight together, once a day for a subscription account, four times a month for a service. They lie in each follower's inbox of accounts, which
/// is quiet: a dot, no message.
/// </summary>
internal static class SendArticles
{
    private const int MaxInbox = 200;

    internal sealed record Request(List<Guid>? Articles);

    internal sealed record Sent(Guid Id, DateTimeOffset SentAt);

    internal sealed record InboxSend(Guid Id, DateTimeOffset SentAt, List<ArticleCard> Articles);

    internal sealed record InboxEntry(OfficialRef Account, bool Muted, bool Unread, InboxSend? Last);

    internal sealed record Inbox(int Unread, List<InboxEntry> Accounts);

    internal sealed record SeenRequest(DateTimeOffset Until);

    internal sealed record ArticlesEvent(string Account, Guid Send);

    public static void Map(RouteGroupBuilder official, RouteGroupBuilder articles)
    {
        official.MapPost("/{handle}/sends", SendAsync);
        official.MapGet("/{handle}/sends", ListAsync);
        official.MapGet("/{handle}/sending", AllowanceAsync);
        official.MapPut("/{handle}/seen", SeenAsync).OnFullDisks();
        articles.MapGet("/inbox", InboxAsync);
    }

    /// <summary>How many more this account may send in the running day or month of the server's time zone.</summary>
    public static async Task<SendAllowance> AllowanceOfAsync(OfficialAccount account, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var today = clock.GetLocalNow().Date;
        var (start, end, most) = account.Kind == OfficialKind.Subscription
            ? (today, today.AddDays(1), 1)
            : (new DateTime(today.Year, today.Month, 1), new DateTime(today.Year, today.Month, 1).AddMonths(1), 4);
        var (since, until) = (At(start, clock), At(end, clock));
        // What a clock that was ahead dated later counts when that time has come.
        var sent = await db.ArticleSends.CountAsync(s => s.OfficialAccountId == account.Id && s.SentAt >= since && s.SentAt < until, cancellation);
        return new SendAllowance(Math.Max(0, most - sent), sent >= most ? until : null);
    }

    private static DateTimeOffset At(DateTime local, TimeProvider clock) => new DateTimeOffset(local, clock.LocalTimeZone.GetUtcOffset(local)).ToUniversalTime();

    private static async Task<Results<Created<Sent>, ProblemHttpResult>> SendAsync(
        string handle, Request request, Caller caller, OfficialEntrance entrance, WeirDb db, Connections connections, TimeProvider clock, CancellationToken cancellation)
    {
        var wanted = request.Articles ?? [];
        if (wanted.Count is 0 or > ArticleSend.MaxArticles || wanted.Distinct().Count() != wanted.Count)
        {
            return Problems.Field("articles", "send-size", $"Choose 1 to {ArticleSend.MaxArticles} articles.");
        }

        ArticleSend? send = null;
        var name = "";
        List<Guid> listening = [];
        var fault = await entrance.ChangeAsync(handle, caller, EditorRole.Editor, async account =>
        {
            if (await db.Articles.CountAsync(a => wanted.Contains(a.Id) && a.OfficialAccountId == account.Id && a.IsPublished && a.DeletedAt == null, cancellation) != wanted.Count)
            {
                return Problems.Field("articles", "article-unknown", "Only published articles of this account can be sent.");
            }

            if (await db.ArticleSendItems.AnyAsync(i => wanted.Contains(i.ArticleId), cancellation))
            {
                return Problems.Field("articles", "already-sent", "One of these articles was sent before.");
            }

            if ((await AllowanceOfAsync(account, db, clock, cancellation)).Left == 0)
            {
                return Problems.Conflict("send-limit", account.Kind == OfficialKind.Subscription ? "A subscription account sends once a day." : "A service account sends four times a month.");
            }

            send = new ArticleSend { Id = Guid.CreateVersion7(clock.GetUtcNow()), OfficialAccountId = account.Id, SentById = caller.Id, SentAt = clock.Now() };
            send.Items.AddRange(wanted.Select((article, position) => new ArticleSendItem { SendId = send.Id, ArticleId = article, Position = position }));
            db.ArticleSends.Add(send);
            name = account.Handle;
            listening = await db.Followers.Where(f => f.OfficialAccountId == account.Id && !f.Muted).Select(f => f.AccountId).ToListAsync(cancellation);
            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        foreach (var follower in listening)
        {
            connections.Send(follower, Events.Articles, new ArticlesEvent(name, send!.Id));
        }

        return TypedResults.Created((string?)null, new Sent(send!.Id, send.SentAt));
    }

    private static async Task<Results<Ok<SendAllowance>, ProblemHttpResult>> AllowanceAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, EditorRole.Editor, cancellation);
        return seen is null ? refusal! : TypedResults.Ok(await AllowanceOfAsync(seen.Account, db, clock, cancellation));
    }

    private static async Task<Results<Ok<List<InboxSend>>, ProblemHttpResult>> ListAsync(
        string handle, Caller caller, OfficialEntrance entrance, WeirDb db, CancellationToken cancellation, DateTimeOffset? before = null)
    {
        var (seen, refusal) = await entrance.EnterAsync(handle, caller, null, cancellation);
        if (seen is null)
        {
            return refusal!;
        }

        var until = (before ?? DateTimeOffset.MaxValue.AddDays(-1)).ToUniversalTime();
        var sends = await db.ArticleSends.Include(s => s.Items).AsNoTracking()
            .Where(s => s.OfficialAccountId == seen.Account.Id && s.SentAt < until)
            .OrderByDescending(s => s.SentAt).Take(20).ToListAsync(cancellation);
        return TypedResults.Ok(await WithCardsAsync(sends, db, caller.Id, cancellation));
    }

    private static async Task<Ok<Inbox>> InboxAsync(Caller caller, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.Now();
        var followed = await (
            from follower in db.Followers
            where follower.AccountId == caller.Id
            join account in db.OfficialAccounts on follower.OfficialAccountId equals account.Id
            where account.ClosedAt == null
            select new
            {
                account.Id,
                account.Handle,
                account.Name,
                account.AvatarId,
                follower.Muted,
                follower.SeenAt,
                // One that a clock that was ahead dated later does not cover up what was sent since.
                Last = db.ArticleSends.Where(s => s.OfficialAccountId == account.Id && s.SentAt <= now).OrderByDescending(s => s.SentAt).Select(s => (Guid?)s.Id).FirstOrDefault()
                    ?? db.ArticleSends.Where(s => s.OfficialAccountId == account.Id).OrderByDescending(s => s.SentAt).Select(s => (Guid?)s.Id).FirstOrDefault(),
            }).AsNoTracking().Take(MaxInbox * 5).ToListAsync(cancellation);
        var lastIds = followed.Select(f => f.Last).OfType<Guid>().ToList();
        var sends = await db.ArticleSends.Include(s => s.Items).AsNoTracking().Where(s => lastIds.Contains(s.Id)).ToListAsync(cancellation);
        var last = (await WithCardsAsync(sends, db, caller.Id, cancellation)).Where(s => s.Articles.Count > 0).ToDictionary(s => s.Id);
        var entries = followed.Select(f =>
        {
            var send = f.Last is { } id ? last.GetValueOrDefault(id) : null;
            return new InboxEntry(new OfficialRef(f.Id, f.Handle, f.Name, f.AvatarId), f.Muted, send?.SentAt > f.SeenAt, send);
        }).OrderByDescending(e => e.Last?.SentAt ?? DateTimeOffset.MinValue).ThenBy(e => e.Account.Name, StringComparer.Ordinal).Take(MaxInbox).ToList();
        return TypedResults.Ok(new Inbox(entries.Count(e => e.Unread && !e.Muted), entries));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SeenAsync(
        string handle, SeenRequest request, Caller caller, OfficialEntrance entrance, WeirDb db, TimeProvider clock, CancellationToken cancellation)
    {
        var fault = await entrance.ChangeAsync(handle, caller, null, async account =>
        {
            if (await db.Followers.SingleOrDefaultAsync(f => f.OfficialAccountId == account.Id && f.AccountId == caller.Id, cancellation) is { } follower)
            {
                var until = request.Until.ToUniversalTime();
                var now = clock.Now();
                until = until > now ? now : until;
                follower.SeenAt = until > follower.SeenAt ? until : follower.SeenAt;
            }

            return null;
        }, cancellation);
        return fault is null ? TypedResults.NoContent() : fault;
    }

    private static async Task<List<InboxSend>> WithCardsAsync(List<ArticleSend> sends, WeirDb db, Guid viewer, CancellationToken cancellation)
    {
        var ids = sends.SelectMany(s => s.Items).Select(i => i.ArticleId).ToList();
        var cards = (await db.Articles.Where(a => ids.Contains(a.Id)).WhereReadable(db, signedIn: true).ToCardsAsync(db, viewer, cancellation)).ToDictionary(c => c.Id);
        return sends.ConvertAll(s => new InboxSend(
            s.Id, s.SentAt, [.. s.Items.OrderBy(i => i.Position).Select(i => cards.GetValueOrDefault(i.ArticleId)).OfType<ArticleCard>()]));
    }
}
