using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Weir.Contracts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

internal enum WatchDenied
{
    None,

    /// <summary>No such broadcast for this ticket; the asker learns no more than that.</summary>
    NotFound,

    /// <summary>The ticket is good and has all its sessions open.</summary>
    TooManySessions,
}

/// <summary>Decides by the tickets and the lists alone who may publish and who may watch. Default: nobody.</summary>
internal sealed class LiveAdmission : IAdmission
{
    private readonly BroadcastDirectory _broadcasts;
    private readonly HostShares _shares;
    private readonly NodeKey _key;
    private readonly TimeProvider _clock;
    private readonly Counter<long> _denied;
    private readonly Counter<long> _refused;
    private long _anonymous;

    public LiveAdmission(BroadcastDirectory broadcasts, NodeKey key, TimeProvider clock, LiveMetrics metrics)
    {
        _broadcasts = broadcasts;
        _shares = new HostShares(broadcasts);
        _key = key;
        _clock = clock;
        _denied = metrics.WatchDenied;
        _refused = metrics.PublishRefused;
    }

    public bool TryPublish(string key, PublisherInfo info, [NotNullWhen(true)] out Publisher? publisher, out PublishRefusal refusal)
    {
        publisher = null;
        refusal = PublishRefusal.UnknownKey;
        var hash = Convert.ToHexString(PublishKey.Hash(key));
        if (_broadcasts.HasLists && _broadcasts.FindByKey(hash) is { } rules)
        {
            refusal = _broadcasts.LiveIsOn ? PublishRefusal.Ended : PublishRefusal.LiveIsOff;
            if (_broadcasts.LiveIsOn && !_broadcasts.HasEnded(rules))
            {
                publisher = _shares.Publish(rules, () => _broadcasts.GetOrStart(rules)?.Publish(info, hash), out var hadRoom);
                if (!hadRoom)
                {
                    refusal = PublishRefusal.TooManyOnAir;
                    _broadcasts.FindRunning(rules.Broadcast)?.Broadcast.Health.TooManyOnAir();
                }

                if (!_broadcasts.LiveIsOn)
                {
                    // Switched off at this moment, and perhaps too early to have found this publisher.
                    publisher?.Dismiss();
                }
            }
        }

        if (publisher is null)
        {
            CountRefused(refusal);
        }

        return publisher is not null;
    }

    public void CountRefused(PublishRefusal refusal) => _refused.Add(1, new KeyValuePair<string, object?>("reason", refusal.ToString()));

    /// <summary>Whether the key is one of this very broadcast. If so, <paramref name="refusal"/> says why it may nevertheless not publish now.</summary>
    public bool MayPublish(ReadOnlySpan<char> broadcast, string key, out PublishRefusal? refusal)
    {
        refusal = null;
        if (!_broadcasts.HasLists || !Ids.TryParse(broadcast, out var id)
            || _broadcasts.FindByKey(Convert.ToHexString(PublishKey.Hash(key))) is not { } rules || rules.Broadcast != id)
        {
            CountRefused(PublishRefusal.UnknownKey);
            return false;
        }

        refusal = !_broadcasts.LiveIsOn ? PublishRefusal.LiveIsOff
            : _broadcasts.HasEnded(rules) ? PublishRefusal.Ended
            : !_shares.HasRoom(rules) ? PublishRefusal.TooManyOnAir
            : null;
        return true;
    }

    bool IAdmission.TryWatch(ReadOnlySpan<char> broadcast, string? ticket, Outlet outlet, [NotNullWhen(true)] out Viewer? viewer)
    {
        TryWatch(broadcast, ticket, outlet, out var live);
        viewer = live;
        return live is not null;
    }

    /// <summary>Opens a session at a broadcast that runs or may still begin.</summary>
    public WatchDenied TryWatch(ReadOnlySpan<char> broadcast, string? ticket, Outlet outlet, out LiveViewer? viewer)
    {
        viewer = null;
        if (!TryCheck(broadcast, ticket, out var rules, out var verified) || _broadcasts.GetOrStart(rules) is not { } running)
        {
            return Denied(WatchDenied.NotFound);
        }

        var candidate = new LiveViewer(running, verified, verified?.Id ?? (ulong)Interlocked.Increment(ref _anonymous), outlet);
        if (!running.Viewers.TryAdd(candidate))
        {
            return Denied(WatchDenied.TooManySessions);
        }

        // A cut that was applied between the check and the registration would have missed this session.
        if (_broadcasts.Find(rules.Broadcast) is not { } now || !Allows(now, verified))
        {
            candidate.Dispose();
            return Denied(WatchDenied.NotFound);
        }

        viewer = candidate;
        return WatchDenied.None;
    }

    /// <summary>Whether a single request (a playlist, a replay, its events) may be answered. The ticket is null for a public broadcast only.</summary>
    public bool TryCheck(ReadOnlySpan<char> broadcast, string? ticket, [NotNullWhen(true)] out Rules? rules, out Ticket? verified)
    {
        rules = null;
        verified = null;
        if (!_broadcasts.HasLists || !Ids.TryParse(broadcast, out var id))
        {
            return false;
        }

        if (ticket is { Length: > 0 }
            && (!Ticket.TryVerify(_key, ticket, out verified) || verified.Broadcast != id || verified.Expires <= _clock.GetUtcNow()))
        {
            verified = null;
            return false;
        }

        if (_broadcasts.Find(id) is not { } found || !Allows(found, verified))
        {
            return false;
        }

        rules = found;
        return true;
    }

    /// <summary>
    /// Whether what <see cref="TryCheck"/> allowed still holds after a wait. The signature was right then, and is not looked at again; the rules
    /// and the clock are.
    /// </summary>
    public bool StillAllows(Rules checkedBy, Ticket? verified) =>
        (verified is null || verified.Expires > _clock.GetUtcNow())
        && _broadcasts.Find(checkedBy.Broadcast) is { } now && Allows(now, verified);

    public WatchDenied Denied(WatchDenied reason)
    {
        _denied.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        return reason;
    }

    private bool Allows(Rules rules, Ticket? ticket) =>
        ticket is null ? rules.Public : rules.Allows(ticket.Account, ticket.Epoch) && _broadcasts.Sessions?.Allows(ticket) != false;
}
