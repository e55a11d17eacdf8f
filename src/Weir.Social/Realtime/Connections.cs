using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Weir.Social.Sessions;

namespace Weir.Social.Realtime;

/// <summary>The names of what the server says without being asked.</summary>
internal static class Events
{
    public const string Message = "message";
    public const string Recalled = "recalled";
    public const string Read = "read";
    public const string Link = "link";
    public const string Conversation = "conversation";
    public const string Asked = "asked";
    public const string Typing = "typing";
    public const string Notification = "notification";
    public const string Articles = "articles";
    public const string Moment = "moment";
    public const string Watching = "watching";
}

/// <summary>
/// Who listens at the moment, and what still has to be said to each. A connection holds at most <see cref="MaxWaiting"/> events; one that falls further behind is closed,
/// and its client comes back and reads what it missed by <c>after=</c>. So nothing is ever silently left out.
/// </summary>
internal sealed class Connections(IHubContext<RealtimeHub> hub, ILogger<Connections> log)
{
    public const int MaxWaiting = 256;
    public const int MaxPerAccount = 20;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Connection> _all = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Connection[]> _ofAccount = new();

    /// <summary>False when this person has too many already.</summary>
    public bool Add(HubCallerContext context, Caller caller)
    {
        var connection = new Connection(context, caller.Id, caller.Session);
        lock (_lock)
        {
            var others = _ofAccount.GetValueOrDefault(caller.Id) ?? [];
            if (others.Length >= MaxPerAccount)
            {
                return false;
            }

            _ofAccount[caller.Id] = [.. others, connection];
        }

        _all[context.ConnectionId] = connection;
        _ = PumpAsync(connection);
        return true;
    }

    public void Remove(string id)
    {
        if (!_all.TryRemove(id, out var connection))
        {
            return;
        }

        connection.Waiting.Writer.TryComplete();
        lock (_lock)
        {
            var rest = _ofAccount[connection.Account].Where(other => other != connection).ToArray();
            if (rest.Length == 0)
            {
                _ofAccount.TryRemove(connection.Account, out _);
            }
            else
            {
                _ofAccount[connection.Account] = rest;
            }
        }
    }

    /// <summary>Somebody listens as this account.</summary>
    public bool Has(Guid account) => _ofAccount.ContainsKey(account);

    /// <summary>To every connection of these accounts. Never waits.</summary>
    public void Send(FrozenSet<Guid> accounts, string name, object body)
    {
        foreach (var account in accounts)
        {
            Send(account, name, body);
        }
    }

    public void Send(Guid account, string name, object body)
    {
        foreach (var connection in _ofAccount.GetValueOrDefault(account) ?? [])
        {
            if (!connection.Waiting.Writer.TryWrite((name, body)) && connection.Waiting.Writer.TryComplete())
            {
                SocialMetrics.SlowConnections.Add(1);
                connection.Context.Abort();
            }
        }
    }

    /// <summary>The sessions that somebody listens with.</summary>
    public IReadOnlyList<Guid> Sessions() => [.. _all.Values.Select(connection => connection.Session).Distinct()];

    /// <summary>These sessions are over.</summary>
    public void Close(IReadOnlySet<Guid> sessions)
    {
        foreach (var connection in _all.Values.Where(connection => sessions.Contains(connection.Session)))
        {
            connection.Waiting.Writer.TryComplete();
            connection.Context.Abort();
        }
    }

    private async Task PumpAsync(Connection connection)
    {
        try
        {
            await foreach (var (name, body) in connection.Waiting.Reader.ReadAllAsync(connection.Context.ConnectionAborted))
            {
                // Completes when the transport has taken it, which a client that does not read keeps from happening.
                await hub.Clients.Client(connection.Context.ConnectionId).SendAsync(name, body, connection.Context.ConnectionAborted);
            }
        }
        catch (OperationCanceledException) when (connection.Context.ConnectionAborted.IsCancellationRequested)
        {
        }
        catch (Exception fault)
        {
            log.LogError(fault, "A connection could not be served");
            connection.Context.Abort();
        }
    }

    private sealed class Connection(HubCallerContext context, Guid account, Guid session)
    {
        public HubCallerContext Context => context;

        public Guid Account => account;

        public Guid Session => session;

        public Channel<(string Name, object Body)> Waiting { get; } =
            Channel.CreateBounded<(string, object)>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    }
}
