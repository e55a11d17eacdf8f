using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Realtime;

namespace Weir.Social.Broadcasts;

/// <summary>
/// Tells those who watch a broadcast which of their friends come and go, and its host of everybody: at most once in
/// <see cref="Interval"/> a broadcast, however often the live node says who is there. Nobody hears of a broadcast by it: who is told
/// watches it, or is its host.
/// </summary>
internal sealed class FriendsWatching(
    LiveLink link, Connections connections, IServiceScopeFactory scopes, TimeProvider clock, ILogger<FriendsWatching> log) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Of how many the host hears.</summary>
    public const int MaxNamed = 1000;

    /// <summary>How many who came, and as many who went, are looked at at once; the others are next.</summary>
    private const int MaxChanges = 500;

    /// <summary>A node says of each broadcast who watches at least every ten seconds.</summary>
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // Of this service's one loop.
    private readonly Dictionary<Guid, Told> _told = [];
    private readonly HashSet<Guid> _due = [];
    private object? _node;
    private long _connectedAt;

    /// <summary>A node that is away, or back since a moment, has not said who watches: nobody has gone by that.</summary>
    private bool IsUnknown => !link.Available || clock.GetElapsedTime(_connectedAt) < ReportLimit;

    /// <param name="Came">Who watches now; some of them may be known already.</param>
    /// <param name="Gone">Who watches no longer.</param>
    /// <param name="Count">Everybody who watches, guests too; the host's alone.</param>
    internal sealed record WatchingEvent(Guid Broadcast, IReadOnlyCollection<Person> Came, IReadOnlyCollection<Guid> Gone, int? Count = null);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    internal async Task LookAsync(CancellationToken cancellation)
    {
        if (link.Connection != _node)
        {
            (_node, _connectedAt) = (link.Connection, clock.GetTimestamp());
        }

        link.TakeChanged(_due);
        foreach (var broadcast in _due.ToArray())
        {
            var told = _told.GetValueOrDefault(broadcast);
            if ((told is not null && clock.GetElapsedTime(told.At) < Interval) || (link.WhoWatches(broadcast) is null && IsUnknown))
            {
                continue;
            }

            _due.Remove(broadcast);
            try
            {
                await TellAsync(broadcast, told ?? new Told(), cancellation);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // The database is away for a moment: what nobody was told stays to be told.
                log.LogWarning(fault, "Those who watch {Broadcast} could not be told of each other", broadcast);
                _told[broadcast] = (told ?? new Told()) with { At = clock.GetTimestamp() };
                _due.Add(broadcast);
            }
        }
    }

    private async Task TellAsync(Guid broadcast, Told before, CancellationToken cancellation)
    {
        var watching = link.WhoWatches(broadcast);
        var now = watching?.Accounts ?? Told.Nobody;
        var count = now.Count + (watching?.Anonymous ?? 0);
        var changes = new Changes([.. now.Except(before.Accounts).Take(MaxChanges)], [.. before.Accounts.Except(now).Take(MaxChanges)]);
        if (changes.None && count == before.Count)
        {
            if (count == 0)
            {
                _told.Remove(broadcast);
            }

            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var host = before.Host
            ?? await db.Broadcasts.Where(b => b.Id == broadcast).Select(b => (Guid?)b.OwnerId).SingleOrDefaultAsync(cancellation);
        if (host is { } owner)
        {
            await SendAsync(db, broadcast, owner, now, count, before.Accounts.Count, changes, cancellation);
        }

        var after = before.Accounts.Union(changes.Came).Except(changes.Gone).ToHashSet();
        _told[broadcast] = new Told { Host = host, Accounts = after, Count = count, At = clock.GetTimestamp() };
        if (count == 0 || !after.SetEquals(now))
        {
            // More changed than was looked at; or nobody is left, and in a while nothing needs to be kept of it.
            _due.Add(broadcast);
        }
    }

    private async Task SendAsync(
        WeirDb db, Guid broadcast, Guid host, IReadOnlySet<Guid> now, int count, int known, Changes changes, CancellationToken cancellation)
    {
        var listening = now.Where(connections.Has).ToHashSet();
        var toHost = connections.Has(host);
        var friends = listening.Count == 0 || changes.None ? [] : await FriendsAsync(db, changes, now, cancellation);
        // Whoever listens hears of those who came or went; whoever came, of all who are there.
        var news = friends.Select(pair => (Listener: pair.Friend, Other: pair.Changed))
            .Concat(friends.Where(pair => changes.Came.Contains(pair.Changed)).Select(pair => (Listener: pair.Changed, Other: pair.Friend)))
            .Where(pair => listening.Contains(pair.Listener))
            .ToLookup(pair => pair.Listener, pair => pair.Other);
        var forHost = toHost ? changes.Came.Take(Math.Max(0, MaxNamed - known)).ToList() : [];
        var wanted = news.SelectMany(of => of).Concat(forHost).Where(now.Contains).ToHashSet();
        var people = wanted.Count == 0 ? [] : await db.Accounts
            .Where(a => wanted.Contains(a.Id) && a.SuspendedAt == null && a.DeletedAt == null)
            .Select(a => new Person(a.Id, a.UserName!, a.Name, a.AvatarId)).ToDictionaryAsync(a => a.Id, cancellation);

        void Say(Guid to, IEnumerable<Guid> others, int? total)
        {
            var (came, gone) = (new Dictionary<Guid, Person>(), new HashSet<Guid>());
            foreach (var other in others)
            {
                if (!now.Contains(other))
                {
                    gone.Add(other);
                }
                else if (people.TryGetValue(other, out var person))
                {
                    came[other] = person;
                }
            }

            if (came.Count > 0 || gone.Count > 0 || total is not null)
            {
                connections.Send(to, Events.Watching, new WatchingEvent(broadcast, came.Values, gone, total));
            }
        }

        foreach (var of in news.Where(of => of.Key != host))
        {
            Say(of.Key, of, null);
        }

        if (toHost)
        {
            Say(host, forHost.Concat(changes.Gone), count);
        }
    }

    /// <summary>Friends of those who changed, among those who watch: one holds the other both ways, and neither blocked the other.</summary>
    private static async Task<List<(Guid Changed, Guid Friend)>> FriendsAsync(
        WeirDb db, Changes changes, IReadOnlySet<Guid> now, CancellationToken cancellation)
    {
        // Who watches is compared here: a database that was given both lists might look up every pair of them.
        var changed = changes.Came.Concat(changes.Gone).ToList();
        var found = await db.Friendships
            .Where(f => changed.Contains(f.OwnerId)
                && db.Friendships.Any(o => o.OwnerId == f.FriendId && o.FriendId == f.OwnerId)
                && !db.Blocks.Any(b => (b.OwnerId == f.OwnerId && b.BlockedId == f.FriendId)
                    || (b.OwnerId == f.FriendId && b.BlockedId == f.OwnerId)))
            .Select(f => new { f.OwnerId, f.FriendId })
            .ToListAsync(cancellation);
        return [.. found.Where(pair => now.Contains(pair.FriendId)).Select(pair => (pair.OwnerId, pair.FriendId))];
    }

    private sealed record Changes(HashSet<Guid> Came, HashSet<Guid> Gone)
    {
        public bool None => Came.Count == 0 && Gone.Count == 0;
    }

    /// <summary>Of whom those who watch a broadcast know, and since when.</summary>
    private sealed record Told
    {
        public static readonly HashSet<Guid> Nobody = [];

        public Guid? Host { get; init; }

        public HashSet<Guid> Accounts { get; init; } = Nobody;

        public int Count { get; init; }

        public long At { get; init; }
    }
}
