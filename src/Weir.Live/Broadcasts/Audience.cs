using System.Net;
using Weir.Contracts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>Who watches a broadcast at the moment.</summary>
/// <param name="Count">Viewers without the host; several sessions of one ticket are one viewer.</param>
internal readonly record struct AudienceNow(int Count, IReadOnlyList<Guid> Accounts, int Anonymous);

/// <summary>A viewer by HLS, as the last playlist request showed them.</summary>
internal readonly record struct Polling(Guid Account, uint Epoch, bool HasTicket, bool IsHost, long LastSeen = 0, Ticket? Ticket = null)
{
    public static Polling Of(Ticket? ticket) =>
        new(ticket?.Account ?? Guid.Empty, ticket?.Epoch ?? 0, ticket is not null, ticket?.IsHost ?? false, Ticket: ticket);
}

/// <summary>
/// The open sessions of one broadcast, and those who watch by HLS, who have no connection of their own: they are seen
/// by the playlists they ask for and forgotten when they stop asking.
/// </summary>
internal sealed class Audience(TimeProvider clock, int sessionsPerTicket, LiveMetrics metrics)
{
    private const int MaxPolling = 100_000;
    private static readonly TimeSpan PollingLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly HashSet<LiveViewer> _open = [];
    private readonly Dictionary<ulong, int> _sessions = [];
    private readonly Dictionary<(ulong Session, IPAddress Place), Polling> _polling = [];
    private int _peak;
    private Farewell? _farewell;

    public int Peak => Volatile.Read(ref _peak);

    /// <summary>False when the ticket has all the sessions it may have.</summary>
    public bool TryAdd(LiveViewer viewer)
    {
        lock (_lock)
        {
            var sessions = _sessions.GetValueOrDefault(viewer.Session);
            if (viewer.HasTicket && sessions >= sessionsPerTicket)
            {
                return false;
            }

            _sessions[viewer.Session] = sessions + 1;
            _open.Add(viewer);
            if (_farewell is { } farewell)
            {
                Tell(viewer, farewell);
            }

            return true;
        }
    }

    /// <summary>The broadcast has ended: everybody with a socket is told of the replay, as is whoever comes back after that.</summary>
    public void Tell(Farewell farewell)
    {
        lock (_lock)
        {
            _farewell = farewell = farewell with { Viewers = _sessions.Count };
            foreach (var viewer in _open)
            {
                Tell(viewer, farewell);
            }
        }
    }

    public void Remove(LiveViewer viewer)
    {
        lock (_lock)
        {
            if (!_open.Remove(viewer))
            {
                return;
            }

            Release(viewer.Session);
        }
    }

    /// <summary>
    /// Notes a viewer who asked for a playlist. False when the ticket has all the sessions it may have: those who ask from
    /// one address are one session, for more cannot be told of them.
    /// </summary>
    public bool TrySee(Polling viewer, ulong session, IPAddress place)
    {
        lock (_lock)
        {
            if (!_polling.ContainsKey((session, place)))
            {
                var sessions = _sessions.GetValueOrDefault(session);
                if (viewer.HasTicket && sessions >= sessionsPerTicket)
                {
                    return false;
                }

                if (_polling.Count >= MaxPolling)
                {
                    return true;
                }

                _sessions[session] = sessions + 1;
            }

            _polling[(session, place)] = viewer with { LastSeen = clock.GetTimestamp() };
            return true;
        }
    }

    /// <summary>Closes the sessions the rules no longer allow, everybody's where <paramref name="all"/> says why.</summary>
    public void Close(Rules? rules, ViewerEnd all = ViewerEnd.None)
    {
        LiveViewer[] open;
        lock (_lock)
        {
            open = [.. _open];
            foreach (var (who, polling) in _polling.ToArray())
            {
                var stays = all == ViewerEnd.None && (rules is null || (polling.HasTicket ? rules.Allows(polling.Account, polling.Epoch) : rules.Public));
                if (!stays)
                {
                    Forget(who);
                    metrics.Cuts.Add(all is ViewerEnd.None or ViewerEnd.Cut ? 1 : 0);
                }
            }
        }

        foreach (var viewer in open)
        {
            if (all != ViewerEnd.None)
            {
                viewer.Close(all);
            }
            else if (rules is not null && !(viewer.HasTicket ? rules.Allows(viewer.Account, viewer.Epoch) : rules.Public))
            {
                viewer.Close(ViewerEnd.Cut);
                metrics.Cuts.Add(1);
            }
        }
    }

    /// <summary>Closes what is open with tickets whose session ended.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Close(TicketSessions sessions)
    {
        LiveViewer[] ended;
        var polled = false;
        lock (_lock)
        {
            ended = [.. _open.Where(viewer => !sessions.Allows(viewer.Ticket))];
            foreach (var (who, polling) in _polling.Where(one => !sessions.Allows(one.Value.Ticket)).ToArray())
            {
                Forget(who);
                metrics.Cuts.Add(1);
                polled = true;
            }
        }

        foreach (var viewer in ended)
        {
            viewer.Close(ViewerEnd.Cut);
            metrics.Cuts.Add(1);
        }

        return polled || ended.Length > 0;
    }

    /// <summary>Tells an account's sessions that it may not, or may again, comment.</summary>
    public void SetMuted(Guid account, bool muted)
    {
        LiveViewer[] concerned;
        lock (_lock)
        {
            concerned = [.. _open.Where(viewer => viewer.Account == account)];
        }

        foreach (var viewer in concerned)
        {
            viewer.OnMuted?.Invoke(muted);
        }
    }

    public AudienceNow Now()
    {
        lock (_lock)
        {
            foreach (var (who, polling) in _polling.ToArray())
            {
                if (clock.GetElapsedTime(polling.LastSeen) > PollingLimit)
                {
                    Forget(who);
                }
            }

            Dictionary<ulong, Guid> watching = [];
            foreach (var viewer in _open)
            {
                if (!viewer.Person.IsHost)
                {
                    watching[viewer.Session] = viewer.Account;
                }
            }

            foreach (var ((session, _), polling) in _polling)
            {
                if (!polling.IsHost)
                {
                    watching[session] = polling.Account;
                }
            }

            if (watching.Count > _peak)
            {
                Volatile.Write(ref _peak, watching.Count);
            }

            var accounts = watching.Values.Where(account => account != Guid.Empty).Distinct().ToArray();
            return new AudienceNow(watching.Count, accounts, watching.Values.Count(account => account == Guid.Empty));
        }
    }

    /// <summary>Other players are told by their own protocols, and have no page that goes on to a replay.</summary>
    private static void Tell(LiveViewer viewer, Farewell farewell)
    {
        if (viewer.Outlet == Outlet.WebSocket)
        {
            viewer.Close(farewell.To(Random.Shared.NextDouble()));
        }
    }

    private void Forget((ulong Session, IPAddress Place) who)
    {
        if (_polling.Remove(who))
        {
            Release(who.Session);
        }
    }

    private void Release(ulong session)
    {
        if (--_sessions[session] == 0)
        {
            _sessions.Remove(session);
        }
    }
}
