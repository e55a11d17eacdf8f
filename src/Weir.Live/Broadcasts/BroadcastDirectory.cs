using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>
/// Every broadcast this node was told of, and those that run here. Before the lists of the social plane are complete it
/// knows nothing and therefore admits nobody.
/// </summary>
internal sealed class BroadcastDirectory(LiveBroadcastFactory factory, ILogger<BroadcastDirectory> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Rules> _rules = [];
    private readonly Dictionary<string, Guid> _keys = [];
    private readonly Dictionary<Guid, LiveBroadcast> _running = [];
    private readonly Dictionary<Guid, CancellationTokenSource> _awaitsChange = [];

    /// <summary>Ended here, and the social plane has not confirmed it yet: nothing brings them back.</summary>
    private readonly HashSet<Guid> _ended = [];
    private HashSet<Guid>? _listed;
    private TicketSessions? _sessions;
    private bool _stopping;

    /// <summary>The lists were complete once; from then on the node serves with what it knows, whatever the social plane does.</summary>
    public bool HasLists { get; private set; }

    public bool LiveIsOn { get; private set; } = true;

    /// <summary>Null until the social plane has named them; an older one does not.</summary>
    public TicketSessions? Sessions => Volatile.Read(ref _sessions);

    public int Known
    {
        get
        {
            lock (_lock)
            {
                return _rules.Count;
            }
        }
    }

    public LiveBroadcast[] Running
    {
        get
        {
            lock (_lock)
            {
                return [.. _running.Values];
            }
        }
    }

    /// <summary>The social plane starts to send its lists.</summary>
    public void BeginLists()
    {
        lock (_lock)
        {
            _listed = [];
        }
    }

    /// <summary>Takes what the social plane says of one broadcast now, and closes the sessions it no longer allows.</summary>
    public void Apply(Rules rules)
    {
        LiveBroadcast? running;
        CancellationTokenSource? change = null;
        lock (_lock)
        {
            _listed?.Add(rules.Broadcast);
            if (_rules.TryGetValue(rules.Broadcast, out var before))
            {
                ForgetKeys(before);
                rules.KeepKeysOf(before);
                if (before.Epoch != rules.Epoch || before.Public != rules.Public)
                {
                    _awaitsChange.Remove(rules.Broadcast, out change);
                }
            }

            if (rules.Ended)
            {
                _ended.Remove(rules.Broadcast);
            }

            _rules[rules.Broadcast] = rules;
            foreach (var key in rules.PublishKeys)
            {
                if (!rules.Ended || !_keys.ContainsKey(key))
                {
                    _keys[key] = rules.Broadcast; // the host's own encoder key may be a newer broadcast's already
                }
            }

            _running.TryGetValue(rules.Broadcast, out running);
        }

        running?.Apply(rules);
        Announce(change);
        if (rules.Ended && running is not null)
        {
            running.Broadcast.End();
        }
        else if (rules.Ended)
        {
            factory.FinishAbandoned(rules);
        }
        else if (running is null && rules.ExpectsResume)
        {
            if (factory.ReportIfFinished(rules))
            {
                lock (_lock)
                {
                    _ended.Add(rules.Broadcast);
                }
            }
            else
            {
                // Its publisher may come back, and if not it has to end: both need it to exist here.
                GetOrStart(rules);
            }
        }
    }

    /// <summary>Takes which sessions' tickets are good from now on, and ends what is open with others.</summary>
    public void Apply(TicketSessions sessions)
    {
        Volatile.Write(ref _sessions, sessions);
        // Of what runs, the viewers are known, and those who wait for a playlist among them. Who reads a replay is not.
        var unchanged = Running.Where(running => !running.Viewers.Close(sessions)).Select(running => running.Broadcast.Id).ToHashSet();
        List<CancellationTokenSource> changes = [];
        lock (_lock)
        {
            foreach (var id in _awaitsChange.Keys.Where(id => !unchanged.Contains(id)).ToArray())
            {
                _awaitsChange.Remove(id, out var change);
                changes.Add(change!);
            }
        }

        changes.ForEach(Announce);
    }

    /// <summary>All lists are here. What they did not name does not exist any more.</summary>
    public void CompleteLists()
    {
        List<LiveBroadcast> gone = [];
        List<CancellationTokenSource> changes = [];
        lock (_lock)
        {
            foreach (var id in _rules.Keys.Where(id => _listed?.Contains(id) == false).ToArray())
            {
                Remove(id, changes);
                if (_running.TryGetValue(id, out var running))
                {
                    gone.Add(running);
                }
            }

            _listed = null;
            HasLists = true;
        }

        foreach (var running in gone)
        {
            running.Viewers.Close(null, ViewerEnd.Cut);
            running.Broadcast.End();
        }

        changes.ForEach(Announce);
    }

    /// <summary>The broadcast was deleted: nobody watches it any more and its recording goes.</summary>
    public async Task ForgetAsync(Guid id)
    {
        LiveBroadcast? running;
        List<CancellationTokenSource> changes = [];
        lock (_lock)
        {
            Remove(id, changes);
            _running.Remove(id, out running);
        }

        changes.ForEach(Announce);

        if (running is not null)
        {
            running.Viewers.Close(null, ViewerEnd.Cut);
            running.Broadcast.End();
            await running.DisposeAsync();
        }

        factory.DeleteRecording(id);
    }

    /// <summary>The administrator's switch. Off sends every publisher away; the broadcasts then wait, and end, as after any interruption.</summary>
    public void Switch(bool on)
    {
        LiveIsOn = on;
        if (on)
        {
            return;
        }

        foreach (var running in Running)
        {
            running.Broadcast.Publisher?.Dismiss();
        }

        log.LogInformation("Live is switched off; publishers are sent away");
    }

    /// <summary>Null: no broadcast has this key.</summary>
    /// <param name="hash">SHA-256 of the key, as hexadecimal digits.</param>
    public Rules? FindByKey(string hash)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(hash, out var id) ? _rules[id] : null;
        }
    }

    public Rules? Find(Guid id)
    {
        lock (_lock)
        {
            return _rules.GetValueOrDefault(id);
        }
    }

    /// <summary>
    /// Cancelled when the audience of a broadcast changes: whoever waits for something on its behalf asks again whether
    /// they may have it. Already cancelled for one that does not exist.
    /// </summary>
    public CancellationToken AudienceChange(Guid id)
    {
        lock (_lock)
        {
            if (!_rules.ContainsKey(id))
            {
                return new CancellationToken(canceled: true);
            }

            if (!_awaitsChange.TryGetValue(id, out var change))
            {
                _awaitsChange[id] = change = new CancellationTokenSource();
            }

            return change.Token;
        }
    }

    /// <summary>It is over, whether or not the social plane knows already.</summary>
    public bool HasEnded(Rules rules)
    {
        lock (_lock)
        {
            return rules.Ended || _ended.Contains(rules.Broadcast);
        }
    }

    public LiveBroadcast? FindRunning(Guid id)
    {
        lock (_lock)
        {
            return _running.GetValueOrDefault(id);
        }
    }

    /// <summary>The running broadcast, started if need be; null when it is over or the node is going away.</summary>
    public LiveBroadcast? GetOrStart(Rules rules)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(rules.Broadcast, out var running))
            {
                return running;
            }

            if (_stopping || rules.Ended || _ended.Contains(rules.Broadcast))
            {
                return null;
            }

            running = factory.Start(_rules.GetValueOrDefault(rules.Broadcast, rules), BroadcastsOf);
            _running[rules.Broadcast] = running;
            return running;
        }
    }

    /// <summary>Says the state of everything that runs here; for a new connection.</summary>
    public void ReportAll()
    {
        foreach (var running in Running)
        {
            running.Report();
        }
    }

    /// <summary>Lets go of a broadcast that ended a while ago.</summary>
    public async Task RetireAsync(LiveBroadcast ended)
    {
        lock (_lock)
        {
            if (!_running.Remove(ended.Broadcast.Id))
            {
                return;
            }

            if (_rules.TryGetValue(ended.Broadcast.Id, out var rules) && !rules.Ended)
            {
                _ended.Add(ended.Broadcast.Id);
            }
        }

        await ended.DisposeAsync();
    }

    /// <summary>Tells every viewer and publisher that the node goes away; nothing new begins.</summary>
    public void BeginStop()
    {
        lock (_lock)
        {
            _stopping = true;
        }

        foreach (var running in Running)
        {
            running.Viewers.Close(null, ViewerEnd.Stopping);
            running.Broadcast.Publisher?.Dismiss();
        }
    }

    /// <summary>Closes the recordings; the broadcasts themselves go on when the node is back.</summary>
    public Task StopAsync() => Task.WhenAll(Running.Select(running => running.DisposeAsync().AsTask()));

    private Guid[] BroadcastsOf(Guid host)
    {
        lock (_lock)
        {
            return [.. _rules.Values.Where(rules => rules.Host == host).Select(rules => rules.Broadcast)];
        }
    }

    private static void Announce(CancellationTokenSource? change)
    {
        if (change is not null)
        {
            // Off the thread that applies commands for everybody. The source holds no timer and needs no disposal.
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), change, preferLocal: false);
        }
    }

    private void Remove(Guid id, List<CancellationTokenSource> changes)
    {
        if (_rules.Remove(id, out var rules))
        {
            ForgetKeys(rules);
        }

        if (_awaitsChange.Remove(id, out var change))
        {
            changes.Add(change);
        }

        _ended.Remove(id);
    }

    private void ForgetKeys(Rules rules)
    {
        foreach (var key in rules.PublishKeys)
        {
            // The host's own encoder key may have moved on to a newer broadcast already.
            if (_keys.TryGetValue(key, out var owner) && owner == rules.Broadcast)
            {
                _keys.Remove(key);
            }
        }
    }
}
