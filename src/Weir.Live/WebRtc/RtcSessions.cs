using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Weir.Hosting;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary>A session as its URL knows it: what PATCH and DELETE need.</summary>
/// <param name="openly">The address of somebody who watches without a ticket.</param>
internal sealed class OpenSession(string name, Guid broadcast, RtcOffer offer, RtcPeer peer, IceCredentials local, string? openly = null)
{
    private readonly Lock _lock = new();
    private IceCredentials _local = local;
    private IceCredentials _remote = offer.Ice;

    /// <summary>The unguessable last part of its URL: knowing it is the right to it.</summary>
    public string Name => name;

    public Guid Broadcast => broadcast;

    public string? Openly => openly;

    /// <summary>The IPv6 /48 of that address.</summary>
    public string? OpenlyFromSite { get; } = openly is null ? null : AddressKey.SiteOf(openly);

    public RtcRole Role => offer.Role;

    public string Mid => (offer.Video ?? offer.Audio)!.Mid;

    /// <summary>Names the ICE session (RFC 9725 4.3.1), so it changes with each restart.</summary>
    public string ETag
    {
        get
        {
            lock (_lock)
            {
                return $"\"{_local.Ufrag}\"";
            }
        }
    }

    public void Close() => peer.Close();

    /// <summary>Whether these credentials are other ones than the session's: a restart.</summary>
    public bool IsRestart(IceCredentials? remote)
    {
        lock (_lock)
        {
            return remote is not null && remote != _remote;
        }
    }

    /// <summary>Restarts ICE. The session's new credentials.</summary>
    public IceCredentials Restart(IceCredentials remote)
    {
        lock (_lock)
        {
            (_local, _remote) = (IceCredentials.Create(), remote);
            peer.RestartIce(_local, _remote);
            return _local;
        }
    }
}

/// <summary>A session that was offered to a player and not answered yet.</summary>
/// <param name="Until">Later answers come too late.</param>
internal sealed record PendingSession(string Name, Guid Broadcast, string Ticket, IceCredentials Local, RtcSources Sources, DateTimeOffset Until);

/// <summary>The open WHIP and WHEP sessions of the node by the names in their URLs. Bounded by what the endpoint takes.</summary>
internal sealed class RtcSessions
{
    /// <summary>Sessions of one broadcast's publishers: one publishes, the others are about to be replaced, or begin. Each costs a
    /// handshake.</summary>
    public const int MostPublishers = 8;

    /// <summary>Sessions of one address (a /64 of IPv6) without tickets, and <see cref="AddressKey.TimesForSite"/> times as many of an
    /// IPv6 /48; with a ticket it is <see cref="LiveOptions.SessionsPerTicket"/>.</summary>
    public const int MostOpenly = 200;

    /// <summary>Of older ones it is forgotten why they ended.</summary>
    private const int MostReplaced = 256;

    private readonly ConcurrentDictionary<string, OpenSession> _open = new(StringComparer.Ordinal);
    private readonly Queue<string> _replaced = new();

    /// <summary>Unanswered offers at most; the oldest go.</summary>
    private const int MostPending = 256;
    private readonly OrderedDictionary<string, PendingSession> _pending = new(StringComparer.Ordinal);

    public RtcSessions(LiveMetrics metrics)
    {
        metrics.Meter.CreateObservableGauge(
            "weir_rtc_sessions",
            () => new[] { RtcRole.Publish, RtcRole.Play }.Select(role => new Measurement<int>(
                _open.Values.Count(session => session.Role == role), new KeyValuePair<string, object?>("role", role == RtcRole.Publish ? "whip" : "whep"))),
            description: "Open WebRTC sessions");
    }

    public static string NewName() => RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 24);

    public void Add(OpenSession session, RtcPeer peer)
    {
        _open[session.Name] = session;
        if (peer.State == RtcPeerState.Closed)
        {
            // It ended while this request was still on its way, which a busy machine can make long.
            Remove(session.Name);
        }
    }

    /// <param name="replaced">Another publisher took over: whoever was sent away must be able to tell it from a fault, and not take it back by itself.</param>
    public void Remove(string name, bool replaced = false)
    {
        _open.TryRemove(name, out _);
        if (replaced)
        {
            lock (_replaced)
            {
                _replaced.Enqueue(name);
                if (_replaced.Count > MostReplaced)
                {
                    _replaced.Dequeue();
                }
            }
        }
    }

    public void Await(PendingSession pending)
    {
        lock (_pending)
        {
            if (_pending.Count == MostPending)
            {
                _pending.RemoveAt(0);
            }

            _pending[pending.Name] = pending;
        }
    }

    /// <summary>Takes it out: it can be answered, or given up, once.</summary>
    public PendingSession? TakePending(string name, Guid broadcast)
    {
        lock (_pending)
        {
            return _pending.TryGetValue(name, out var pending) && pending.Broadcast == broadcast && _pending.Remove(name) ? pending : null;
        }
    }

    public bool WasReplaced(string name)
    {
        lock (_replaced)
        {
            return _replaced.Contains(name);
        }
    }

    public bool MayPublishMore(Guid broadcast) => _open.Values.Count(session => session.Role == RtcRole.Publish && session.Broadcast == broadcast) < MostPublishers;

    /// <param name="openly">An address as <see cref="AddressKey.Of"/> gives it.</param>
    public bool MayWatchMore(string openly)
    {
        var site = AddressKey.SiteOf(openly);
        var (mine, ofSite) = (0, 0);
        foreach (var session in _open.Values)
        {
            mine += session.Openly == openly ? 1 : 0;
            ofSite += site is not null && session.OpenlyFromSite == site ? 1 : 0;
        }

        return mine < MostOpenly && ofSite < MostOpenly * AddressKey.TimesForSite;
    }

    public OpenSession? Find(string name, Guid broadcast, RtcRole role) =>
        _open.TryGetValue(name, out var session) && session.Broadcast == broadcast && session.Role == role ? session : null;
}
