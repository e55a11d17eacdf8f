using System.Buffers;
using System.IO.Pipelines;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;

namespace Weir.Media.Rtmp;

/// <summary>
/// The sending side of a connection, taken in turns: answers to the peer and a player's frames come from two tasks and
/// must not mix within a message. Once a sender has the socket, answers go through the player's feed.
/// </summary>
internal sealed class RtmpOutput(PipeWriter pipe, TimeSpan writeTimeout, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private FrameFeed? _feed;
    private FanOutFlow _flow;

    public async ValueTask<FlushOutcome> SendAsync(ReadOnlyMemory<byte> chunks, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation);
        if (_feed is { } feed)
        {
            var taken = feed.Reply(chunks.ToArray());
            _flow.Nudge();
            return taken ? FlushOutcome.Flushed : FlushOutcome.TimedOut;
        }

        pipe.Write(chunks.Span);
        return await pipe.FlushAsync(writeTimeout, clock, cancellation);
    }

    /// <summary>Sends a player's feed between the answers.</summary>
    public Task<FlowEnd> PlayAsync(FrameFeed feed, LagPolicy policy, CancellationToken closing) =>
        PipeFlow.RunAsync(feed, pipe, policy, clock, TakeTurnAsync, closing);

    /// <summary>Has a sender write to the socket from now on; what is sent here goes that way too. What was sent before is with the kernel then.</summary>
    public async Task<FanOutFlow> GiveAsync(FrameFeed feed, DirectSocket socket, LagPolicy policy, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation);
        _flow = socket.FanOut.Begin(feed, socket.Socket, policy);
        _feed = feed;
        return _flow;
    }

    public void Dispose() => _turn.Dispose();

    private async ValueTask<IDisposable> TakeTurnAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        return new Turn(_turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
