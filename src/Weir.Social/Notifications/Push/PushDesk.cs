using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Notifications.Push;

/// <summary>
/// Decides what is pushed. Everything waits here for a moment under what it is about: a message that is read meanwhile, or a thing that is gone, is never pushed, and more of the same goes
/// as one. At most <see cref="MaxWaiting"/> things wait; of more none is pushed, the app has them.
/// </summary>
internal sealed class PushDesk(
    IServiceScopeFactory scopes, PushAudience audience, PushSender sender, PushLimits limits, TimeProvider clock, ILogger<PushDesk> log) : BackgroundService
{
    private const int MaxWaiting = 10_000;
    private const int MaxAtOnce = 200;
    private static readonly TimeSpan AudienceAge = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Account, Guid Subject, bool Said), Waiting> _waiting = [];

    private bool _deciding;

    /// <param name="Since">A <see cref="TimeProvider.GetTimestamp"/>: a clock that is set back does not hold up a conversation's pushes till it is there again.</param>
    private sealed record Waiting(Happened Happened, int Count, long Since);

    /// <summary>Nothing waits to be decided.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count == 0 && !_deciding;
            }
        }
    }

    /// <summary>Never waits.</summary>
    public void Offer(Happened happened)
    {
        if (!audience.Contains(happened.Account))
        {
            return;
        }

        var said = IsSaid(happened.Kind);
        var key = (happened.Account, happened.Subject, said);
        lock (_lock)
        {
            if (_waiting.TryGetValue(key, out var there))
            {
                // A mention is not covered up by what is said after it.
                var main = said && Weight(there.Happened.Kind) > Weight(happened.Kind) ? there.Happened : happened;
                var same = there.Happened.Detail == happened.Detail;
                _waiting[key] = there with { Happened = main, Count = there.Count + (same ? 0 : 1) };
            }
            else if (_waiting.Count < MaxWaiting)
            {
                _waiting.Add(key, new Waiting(happened, 1, clock.GetTimestamp()));
            }
            else
            {
                SocialMetrics.PushesDropped.Add(1);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(limits.Interval, clock);
        long? read = null;
        try
        {
            do
            {
                try
                {
                    if (read is not { } last || clock.GetElapsedTime(last) > AudienceAge)
                    {
                        await audience.ReadAsync(stoppingToken);
                        read = clock.GetTimestamp();
                    }

                    foreach (var person in TakeDue().GroupBy(w => w.Happened.Account))
                    {
                        foreach (var push in await DecideAsync(person.Key, [.. person], null, stoppingToken))
                        {
                            sender.Enqueue(push);
                        }
                    }

                    _deciding = false;
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogError(fault, "Pushes could not be made");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private static bool IsSaid(NoticeKind kind) => kind is NoticeKind.DirectMessage or NoticeKind.GroupMessage or NoticeKind.Mention or NoticeKind.Reply;

    private static int Weight(NoticeKind kind) => kind is NoticeKind.Mention or NoticeKind.Reply ? 1 : 0;

    private List<Waiting> TakeDue()
    {
        lock (_lock)
        {
            var due = _waiting.Where(w => !w.Key.Said || clock.GetElapsedTime(w.Value.Since) >= limits.MessageDelay).Take(MaxAtOnce).ToList();
            due.ForEach(w => _waiting.Remove(w.Key));
            _deciding = due.Count > 0;
            return due.ConvertAll(w => w.Value);
        }
    }

    /// <param name="only">The one browser that they are for; null: all of the account's.</param>
    private async Task<List<Push>> DecideAsync(Guid account, List<Waiting> waiting, PushSubscription? only, CancellationToken cancellation)
    {
        var made = new List<Push>();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var now = clock.Now();
        var subscriptions = await (
            from subscription in db.PushSubscriptions.AsNoTracking()
            join session in db.Sessions.StillGood(now) on subscription.SessionId equals session.Id
            where session.AccountId == account && session.Account!.SuspendedAt == null && session.Account.DeletedAt == null
            where only == null || (subscription.SessionId == only.SessionId && subscription.Endpoint == only.Endpoint)
            select subscription).ToListAsync(cancellation);
        var settings = await db.NoticeSettings.AsNoTracking().SingleOrDefaultAsync(s => s.AccountId == account, cancellation) ?? new NoticeSettings();
        if (subscriptions.Count == 0 || settings.IsQuiet(now))
        {
            return made;
        }

        // Whether it stands is asked now and of the same reader as the list.
        var rows = waiting.ConvertAll(w => new Notification
        {
            Id = w.Happened.Kind == NoticeKind.Summary ? w.Happened.Subject : Guid.NewGuid(),
            AccountId = account,
            Kind = w.Happened.Kind,
            ActorId = w.Happened.Actor,
            SubjectId = w.Happened.Subject,
            DetailId = w.Happened.Detail,
            Seq = w.Happened.Seq,
            At = now,
        });
        var standing = (await scope.ServiceProvider.GetRequiredService<NoticeReader>().StandingAsync(account, rows, cancellation)).ToDictionary(s => s.Notice.Id);
        foreach (var (one, row) in waiting.Zip(rows))
        {
            if (!standing.TryGetValue(row.Id, out var found) || found.Read)
            {
                continue;
            }

            var kind = row.Kind;
            if (kind != NoticeKind.Summary && settings.For(kind).Push != PushChoice.Now)
            {
                continue;
            }

            var counts = kind == NoticeKind.Summary ? await DailySummary.CountsAsync(scope.ServiceProvider, account, row.Id, cancellation) : null;
            if (counts is { Count: 0 })
            {
                continue;
            }

            var tag = IsSaid(kind) ? $"said {row.SubjectId:N}" : kind == NoticeKind.Summary ? "summary" : $"{kind} {row.SubjectId:N}";
            foreach (var subscription in subscriptions)
            {
                made.Add(new Push(
                    subscription,
                    PushText.Topic(account, tag),
                    PushText.Urgency(kind),
                    now + PushText.Lifetime(kind),
                    new PushText(
                        kind, tag, PushText.UrlOf(kind, found.Place), subscription.Language, now, found.Actor?.Name, one.Count,
                        settings.Previews ? found.Place?.Name : null, settings.Previews ? found.Text : null, counts).ToBytes(),
                    clock.GetTimestamp(),
                    async stopping => (await DecideAsync(account, [one], subscription, stopping)).SingleOrDefault()?.Text));
            }
        }

        return made;
    }
}
