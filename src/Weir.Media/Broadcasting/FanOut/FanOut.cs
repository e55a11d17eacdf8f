using System.Net.Sockets;

namespace Weir.Media.Broadcasting.FanOut;

public sealed record FanOutOptions
{
    /// <summary>Threads that send; by default one a core.</summary>
    public int Senders { get; init; } = Environment.ProcessorCount;

    /// <summary>How old news may get before it is sent; null lets each sender decide by how busy it is.</summary>
    public TimeSpan? MergeAge { get; init; }
}

/// <summary>
/// Sends feeds to plain sockets by a few threads of its own. For connections without TLS on Linux; elsewhere sessions write to their pipes. A viewer
/// costs a socket, a cursor and a few hundred bytes.
/// </summary>
public sealed class FanOut(FanOutOptions options) : IDisposable
{
    /// <summary>
    /// Bytes that the kernel holds for a viewer who does not fetch them, beyond what is under way to them. Without it the kernel takes megabytes: the viewer
    /// is many seconds behind before anybody notices, and a thousand of them fill what the machine has for all its connections. Enough for the network to
    /// be busy until the sender comes back.
    /// </summary>
    internal const int MaxUnsent = 256 << 10;

    private readonly Lazy<Sender[]> _senders = new(() => [.. Enumerable.Range(0, Math.Max(1, options.Senders)).Select(number => new Sender(number, options.MergeAge))]);

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Begins to send. The socket must have nothing of others under way; until the flow is over nobody else writes to it.</summary>
    public FanOutFlow Begin(Feed feed, Socket socket, LagPolicy policy)
    {
        // Whoever joins waits for nothing, least of all for their own kernel's delayed acknowledgement of the greeting.
        socket.NoDelay = true;
        Kernel.LimitUnsent(socket, MaxUnsent);
        var sender = _senders.Value.MinBy(candidate => candidate.Flows)!;
        var flow = new Flow(feed, socket, policy, sender);
        sender.Add(flow);
        return new FanOutFlow(flow);
    }

    public void Dispose()
    {
        if (_senders.IsValueCreated)
        {
            foreach (var sender in _senders.Value)
            {
                sender.Dispose();
            }
        }
    }
}

/// <summary>A viewer who is being sent to.</summary>
public readonly struct FanOutFlow
{
    private readonly Flow _flow;

    internal FanOutFlow(Flow flow) => _flow = flow;

    /// <summary>The feed has something for this viewer alone.</summary>
    public void Nudge() => _flow.Nudge();

    /// <summary>Completes when everything was sent or the viewer is gone.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, here or by the senders' end; nothing is sent any more.</exception>
    public async Task<FlowEnd> CompleteAsync(CancellationToken cancellation)
    {
        var flow = _flow;
        await using var onCancelled = cancellation.UnsafeRegister(static state => ((Flow)state!).Sender.Remove((Flow)state), flow);
        return await flow.Done;
    }
}
