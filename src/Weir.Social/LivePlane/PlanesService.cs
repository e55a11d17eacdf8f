using Grpc.Core;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.LivePlane;

/// <summary>
/// The stream between the planes, server side. On connect the node gets the switch, the rules of every broadcast and "lists complete"; from then on the
/// rules of each broadcast that changes. It answers on a loopback port of its own (see <c>SocialPlane</c>).
/// </summary>
internal sealed partial class PlanesService(
    LiveLink link,
    ReportWriter writer,
    NodeKey key,
    IServiceScopeFactory scopes,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILogger<PlanesService> log) : Planes.PlanesBase
{
    private const int BatchSize = 100;

    /// <summary>How many deletions may wait for the node's confirmation before we stop sending more.</summary>
    private const int MaxUnconfirmed = 1024;

    /// <summary>
    /// How long a write that has begun may go on after the call is over. gRPC resets a call whose write is cancelled, and the node would not learn why it ended; a node that reads nothing is reset all the same.
    /// </summary>
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(5);

    public override async Task Connect(IAsyncStreamReader<Report> requestStream, IServerStreamWriter<Command> responseStream, ServerCallContext context)
    {
        Authenticate(context);
        var node = context.RequestHeaders.GetValue("weir-node") ?? "";
        var outbox = link.Connect();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, outbox.Replaced, lifetime.ApplicationStopping);
        using var resetting = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var connection = new Connection(outbox, resetting.Token);
        var ordinary = false;
        try
        {
            var sending = SendAsync(connection, responseStream, ending.Token);
            var receiving = ReceiveAsync(connection, requestStream, ending.Token);
            var first = await Task.WhenAny(sending, receiving);
            ordinary = ending.IsCancellationRequested;
            await ending.CancelAsync();
            using var limit = new CancellationTokenSource(LastWrite, clock);
            await using var reset = limit.Token.Register(static source => ((CancellationTokenSource)source!).Cancel(), resetting);
            await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        catch (Exception fault) when (ordinary || fault is OperationCanceledException or IOException)
        {
            // The node went away, a newer connection of it came, or we stop: each is ordinary.
            LogDisconnected(node, fault.Message);
        }
        finally
        {
            await ending.CancelAsync();
            link.Disconnect(outbox);
        }
    }

    private void Authenticate(ServerCallContext context)
    {
        const string scheme = "Bearer ";
        var authorization = context.RequestHeaders.GetValue("authorization") ?? "";
        if (!authorization.StartsWith(scheme, StringComparison.Ordinal) || !key.IsStreamToken(authorization.AsSpan(scheme.Length)))
        {
            LogRefused(context.Peer);
            throw new RpcException(new Status(StatusCode.Unauthenticated, "The node key is not ours."));
        }
    }

    private async Task SendAsync(Connection connection, IServerStreamWriter<Command> commands, CancellationToken cancellation)
    {
        await Task.Yield();
        List<Guid> all;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var reader = scope.ServiceProvider.GetRequiredService<RulesReader>();
            await connection.SendAsync(commands, new Command { LiveSwitch = await reader.SwitchAsync(cancellation) }, cancellation);
            await connection.SendAsync(commands, new Command { TicketSessions = await reader.SessionsAsync(cancellation) }, cancellation);
            all = await reader.AllAsync(cancellation);
        }

        foreach (var batch in all.Chunk(BatchSize))
        {
            await SendRulesAsync(connection, commands, batch, cancellation);
        }

        await connection.SendAsync(commands, new Command { ListsComplete = new ListsComplete() }, cancellation);
        connection.Outbox.Complete = true;

        while (true)
        {
            var due = await connection.Outbox.TakeAsync(BatchSize, cancellation);
            if (due.Acknowledge is { } sequence)
            {
                await connection.SendAsync(commands, new Command { Acknowledge = new Acknowledge { Sequence = sequence } }, cancellation);
            }

            if (due.Switch)
            {
                await using var scope = scopes.CreateAsyncScope();
                var enabled = await scope.ServiceProvider.GetRequiredService<RulesReader>().SwitchAsync(cancellation);
                await connection.SendAsync(commands, new Command { LiveSwitch = enabled }, cancellation);
            }

            if (due.Sessions)
            {
                await using var scope = scopes.CreateAsyncScope();
                var sessions = await scope.ServiceProvider.GetRequiredService<RulesReader>().SessionsAsync(cancellation);
                await connection.SendAsync(commands, new Command { TicketSessions = sessions }, cancellation);
            }

            if (due.Broadcasts.Count > 0)
            {
                await SendRulesAsync(connection, commands, due.Broadcasts, cancellation);
            }

            if (due.Through is { } change)
            {
                connection.Sent(change);
            }
        }
    }

    private async Task SendRulesAsync(Connection connection, IServerStreamWriter<Command> commands, IReadOnlyList<Guid> ids, CancellationToken cancellation)
    {
        List<Command> rules;
        await using (var scope = scopes.CreateAsyncScope())
        {
            rules = await scope.ServiceProvider.GetRequiredService<RulesReader>().ReadAsync(ids, cancellation);
        }

        foreach (var command in rules)
        {
            await connection.SendAsync(commands, command, cancellation);
        }
    }

    private async Task ReceiveAsync(Connection connection, IAsyncStreamReader<Report> reports, CancellationToken cancellation)
    {
        await Task.Yield();
        for (ulong expected = 1; await reports.MoveNext(cancellation); expected++)
        {
            var report = reports.Current;
            if (report.Sequence != expected)
            {
                throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Report {report.Sequence} came where {expected} was due."));
            }

            if ((expected == 1) != (report.BodyCase == Report.BodyOneofCase.Hello))
            {
                throw new RpcException(new Status(StatusCode.FailedPrecondition, "Hello comes first and once."));
            }

            await ApplyAsync(connection, report, cancellation);
        }
    }

    private async Task ApplyAsync(Connection connection, Report report, CancellationToken cancellation)
    {
        switch (report.BodyCase)
        {
            case Report.BodyOneofCase.Broadcast when IsWellFormed(report):
                // Acknowledged when it is on disk.
                await writer.PutAsync(report.Broadcast, report.Sequence, connection.Progress, cancellation);
                return;
            case Report.BodyOneofCase.Presence when IsWellFormed(report):
                link.Watch(connection.Outbox, Ids.FromWire(report.Presence.Broadcast), new Watching(
                    report.Presence.Accounts.Select(Ids.FromWire).ToHashSet(),
                    Math.Max(report.Presence.Anonymous, 0),
                    clock.Now()));
                break;
            case Report.BodyOneofCase.Acknowledge:
                foreach (var forgotten in connection.Confirm(report.Acknowledge.Sequence).Chunk(BatchSize))
                {
                    await using var scope = scopes.CreateAsyncScope();
                    await scope.ServiceProvider.GetRequiredService<Reports>().ForgottenAsync(forgotten, cancellation);
                }

                break;
            case Report.BodyOneofCase.Hello:
                LogHello(report.Hello.Node, report.Hello.Version);
                break;
            case Report.BodyOneofCase.None:
                break; // A newer node may say what we do not know yet.
            default:
                throw new RpcException(new Status(StatusCode.InvalidArgument, $"A {report.BodyCase} report is malformed."));
        }

        connection.Progress.Received(report.Sequence);
    }

    /// <summary>Whether what a node says can be an id or a time wherever one is meant.</summary>
    internal static bool IsWellFormed(Report report) => report.BodyCase switch
    {
        Report.BodyOneofCase.Broadcast => IsId(report.Broadcast.Broadcast) && AreTimes(report.Broadcast),
        Report.BodyOneofCase.Presence => IsId(report.Presence.Broadcast) && report.Presence.Accounts.All(IsId),
        _ => true,
    };

    private static bool IsId(Google.Protobuf.ByteString bytes) => bytes.Length == 16;

    // The year 9999, past which DateTimeOffset cannot go.
    private static bool AreTimes(BroadcastReport report) => report.StartedAt is >= 0 and < 253_000_000_000_000_000
        && report.ChangedAt is >= 0 and < 253_000_000_000_000_000;

    [LoggerMessage(LogLevel.Information, "Live node {Node} disconnected: {Reason}")]
    private partial void LogDisconnected(string node, string reason);

    [LoggerMessage(LogLevel.Information, "Live node {Node} connected, version {Version}")]
    private partial void LogHello(string node, string version);

    [LoggerMessage(LogLevel.Warning, "A connection from {Peer} with a wrong node key was refused")]
    private partial void LogRefused(string peer);

    /// <summary>Numbers what is sent, and remembers which deletions the node has not confirmed.</summary>
    /// <param name="resetting">Ends a write that has begun, and the call with it.</param>
    private sealed class Connection(Outbox outbox, CancellationToken resetting)
    {
        private readonly Lock _lock = new();
        private readonly Queue<(ulong Sequence, Guid Broadcast)> _forgets = new();
        private readonly SemaphoreSlim _room = new(MaxUnconfirmed, MaxUnconfirmed);
        private readonly Queue<(ulong Sequence, long Change)> _sent = new();
        private ulong _sequence;

        public Outbox Outbox => outbox;

        /// <summary>Which of its reports are on disk.</summary>
        public ReportProgress Progress { get; } = new(outbox);

        public async Task SendAsync(IServerStreamWriter<Command> commands, Command command, CancellationToken cancellation)
        {
            command.Sequence = ++_sequence;
            if (command.BodyCase == Command.BodyOneofCase.Forget)
            {
                await _room.WaitAsync(cancellation);
                lock (_lock)
                {
                    _forgets.Enqueue((command.Sequence, Ids.FromWire(command.Forget.Broadcast)));
                }
            }

            cancellation.ThrowIfCancellationRequested();
            await commands.WriteAsync(command, resetting);
            SocialMetrics.Commands.Add(1);
        }

        /// <summary>All commands about the changes up to this number are on their way.</summary>
        public void Sent(long change)
        {
            lock (_lock)
            {
                if (_sent.Count == MaxUnconfirmed)
                {
                    // Whoever waits for the oldest is served by the next one.
                    _sent.Dequeue();
                }

                _sent.Enqueue((_sequence, change));
            }
        }

        public List<Guid> Confirm(ulong sequence)
        {
            var confirmed = new List<Guid>();
            lock (_lock)
            {
                while (_sent.TryPeek(out var sent) && sent.Sequence <= sequence)
                {
                    outbox.Applied(_sent.Dequeue().Change);
                }

                while (_forgets.TryPeek(out var forget) && forget.Sequence <= sequence)
                {
                    confirmed.Add(_forgets.Dequeue().Broadcast);
                }
            }

            if (confirmed.Count > 0)
            {
                _room.Release(confirmed.Count);
            }

            return confirmed;
        }
    }
}
