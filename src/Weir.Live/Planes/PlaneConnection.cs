using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;

namespace Weir.Live.Planes;

/// <summary>
/// Keeps the one stream to the social plane open: reports go out until acknowledged, commands come in and are applied
/// in order. While it is down the node goes on with what it knows.
/// </summary>
internal sealed class PlaneConnection(
    LiveOptions options,
    NodeKey key,
    BroadcastDirectory broadcasts,
    CommentRemoval comments,
    NameRemoval names,
    ReportQueue reports,
    TimeProvider clock,
    ILogger<PlaneConnection> log)
    : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);
    private readonly long _startedAt = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
    private int _connections;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(2),
            KeepAlivePingDelay = TimeSpan.FromSeconds(5),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        };
        using var channel = GrpcChannel.ForAddress(options.SocialAddress, new GrpcChannelOptions { HttpHandler = handler });
        var client = new Contracts.Planes.Planes.PlanesClient(channel);
        var retry = FirstRetry;
        while (!stoppingToken.IsCancellationRequested)
        {
            var connectedAt = clock.GetTimestamp();
            try
            {
                await TalkAsync(client, stoppingToken);
                log.LogInformation("The social plane closed the stream; connecting again");
            }
            catch (RpcException fault) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogInformation("No stream to the social plane ({Status}); trying again", fault.StatusCode);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            // A stream that held for a while failed for a new reason: begin with short pauses again.
            retry = clock.GetElapsedTime(connectedAt) > TimeSpan.FromSeconds(10) ? FirstRetry : retry;
            await Task.Delay(retry * (0.75 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
        }
    }

    private async Task TalkAsync(Contracts.Planes.Planes.PlanesClient client, CancellationToken stopping)
    {
        var headers = new Metadata { { "authorization", $"Bearer {key.StreamToken}" }, { "weir-node", options.NodeName } };
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var call = client.Connect(headers, cancellationToken: ended.Token);
        reports.Restart();
        await call.RequestStream.WriteAsync(
            new Report
            {
                Sequence = reports.NextSequence(),
                Hello = new NodeHello { Node = options.NodeName, Version = ThisVersion, StartedAt = _startedAt },
            },
            ended.Token);
        broadcasts.ReportAll();
        var sending = SendAsync(call.RequestStream, ended.Token);
        try
        {
            await ReceiveAsync(call.ResponseStream, ended.Token);
        }
        finally
        {
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(IClientStreamWriter<Report> stream, CancellationToken cancellation)
    {
        while (true)
        {
            while (reports.TryTake(out var report))
            {
                await stream.WriteAsync(report, cancellation);
            }

            await reports.WaitAsync(cancellation);
        }
    }

    private async Task ReceiveAsync(IAsyncStreamReader<Command> stream, CancellationToken cancellation)
    {
        broadcasts.BeginLists();
        await foreach (var command in stream.ReadAllAsync(cancellation))
        {
            switch (command.BodyCase)
            {
                case Command.BodyOneofCase.Rules:
                    var rules = new Rules(command.Rules);
                    broadcasts.Apply(rules);
                    names.Apply(rules);
                    await comments.ApplyAsync(rules);
                    break;
                case Command.BodyOneofCase.ListsComplete:
                    broadcasts.CompleteLists();
                    // Of a child, `weir up` says that it is ready; a later connection is news.
                    log.Log(options.EndWithParent && _connections++ == 0 ? LogLevel.Debug : LogLevel.Information, "Connected to the social plane; {Broadcasts} broadcasts known", broadcasts.Known);
                    break;
                case Command.BodyOneofCase.Forget:
                    await broadcasts.ForgetAsync(Ids.FromWire(command.Forget.Broadcast));
                    break;
                case Command.BodyOneofCase.TicketSessions:
                    broadcasts.Apply(new Broadcasts.TicketSessions(command.TicketSessions));
                    break;
                case Command.BodyOneofCase.LiveSwitch:
                    broadcasts.Switch(command.LiveSwitch.Enabled);
                    break;
                case Command.BodyOneofCase.Acknowledge:
                    reports.Acknowledged(command.Acknowledge.Sequence);
                    continue;
                default:
                    log.LogWarning("The social plane sent a command this version does not know; it is skipped");
                    break;
            }

            reports.Acknowledge(command.Sequence);
        }
    }

    private static string ThisVersion => typeof(PlaneConnection).Assembly.GetName().Version?.ToString(3) ?? "0";
}
