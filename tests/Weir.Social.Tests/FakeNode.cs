using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Weir.Contracts;
using Weir.Contracts.Planes;

namespace Weir.Social.Tests;

/// <summary>The live node's end of the stream, spoken by a real gRPC client.</summary>
public sealed class FakeNode : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<Report, Command> _call;
    private readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>();
    private readonly Task _reading;
    private ulong _sequence;

    private FakeNode(GrpcChannel channel, AsyncDuplexStreamingCall<Report, Command> call)
    {
        _channel = channel;
        _call = call;
        _reading = ReadAllAsync();
    }

    /// <summary>What the node was told before "lists complete".</summary>
    public List<Command> Lists { get; } = [];

    public static async Task<FakeNode> ConnectAsync(Server server, string? token = null)
    {
        var channel = GrpcChannel.ForAddress(server.Plane.PlanesAddress);
        var call = new Planes.PlanesClient(channel).Connect(new Metadata
        {
            { "authorization", $"Bearer {token ?? server.Plane.NodeKey.StreamToken}" },
            { "weir-node", "test" },
        });
        var node = new FakeNode(channel, call);
        try
        {
            await node.SendAsync(new Report { Hello = new NodeHello { Node = "test", Version = "0" } });
        }
        catch (RpcException)
        {
            // Refused before we could say hello: EndAsync tells how.
        }

        return node;
    }

    public static async Task<FakeNode> ReadyAsync(Server server)
    {
        var node = await ConnectAsync(server);
        while (await node.NextAsync() is { BodyCase: not Command.BodyOneofCase.ListsComplete } command)
        {
            node.Lists.Add(command);
        }

        return node;
    }

    public Task SendAsync(Report report)
    {
        report.Sequence = ++_sequence;
        return _call.RequestStream.WriteAsync(report);
    }

    public Task AcknowledgeAsync(ulong sequence) => SendAsync(new Report { Acknowledge = new Acknowledge { Sequence = sequence } });

    /// <summary>Sends a report and waits for its acknowledgement.</summary>
    public async Task ReportAsync(BroadcastReport report)
    {
        await SendAsync(new Report { Broadcast = report });
        var sequence = _sequence;
        await NextAsync(command => command.Acknowledge?.Sequence >= sequence);
    }

    public Task ReportAsync(string broadcast, long revision, BroadcastPhase phase) => ReportAsync(new BroadcastReport
    {
        Broadcast = Ids.TryParse(broadcast, out var id) ? id.ToWire() : throw new InvalidOperationException(broadcast),
        Revision = revision,
        Phase = phase,
        StartedAt = 1,
        ChangedAt = 1,
    });

    /// <summary>The next command that is no acknowledgement.</summary>
    public Task<Command> NextAsync() => NextAsync(command => command.BodyCase != Command.BodyOneofCase.Acknowledge);

    public async Task<Command> NextAsync(Func<Command, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var command = await _commands.Reader.ReadAsync(patience.Token);
            if (wanted(command))
            {
                return command;
            }
        }
    }

    public async Task<BroadcastRules> RulesAsync(string broadcast, Func<BroadcastRules, bool>? wanted = null) =>
        (await NextAsync(c => c.Rules is { } rules && Ids.FromWire(rules.Broadcast).ToText() == broadcast && (wanted?.Invoke(rules) ?? true))).Rules;

    /// <summary>How the server ended the call.</summary>
    public async Task<StatusCode> EndAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience.Limit);
            await foreach (var _ in _commands.Reader.ReadAllAsync(patience.Token))
            {
                // What came before the end is not of interest.
            }

            return StatusCode.OK;
        }
        catch (RpcException fault)
        {
            return fault.StatusCode;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading;
        _channel.Dispose();
    }

    private async Task ReadAllAsync()
    {
        try
        {
            ulong expected = 1;
            await foreach (var command in _call.ResponseStream.ReadAllAsync())
            {
                Assert.Equal(expected++, command.Sequence);
                _commands.Writer.TryWrite(command);
            }

            _commands.Writer.TryComplete();
        }
        catch (Exception fault)
        {
            _commands.Writer.TryComplete(fault);
        }
    }
}
