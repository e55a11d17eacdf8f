using System.Buffers;
using System.IO.Pipelines;
using Weir.Media.Broadcasting;

namespace Weir.Media.Rtmp;

/// <summary>
/// The sending side of a connection, taken in turns: answers to the peer and a player's frames come from two tasks and
/// must not mix within a message.
/// </summary>
internal sealed class RtmpOutput(PipeWriter pipe, TimeSpan writeTimeout, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The pipe, until the turn is disposed.</summary>
    public async ValueTask<Turn> TakeTurnAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        return new Turn(this);
    }

    public async ValueTask<FlushOutcome> SendAsync(ReadOnlyMemory<byte> chunks, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation);
        turn.Write(chunks.Span);
        return await turn.FlushAsync(cancellation);
    }

    public void Dispose() => _turn.Dispose();

    public readonly struct Turn(RtmpOutput output) : IDisposable
    {
        public void Write(ReadOnlySpan<byte> chunks) => output.Pipe.Write(chunks);

        public ValueTask<FlushOutcome> FlushAsync(CancellationToken cancellation) =>
            output.Pipe.FlushAsync(output.WriteTimeout, output.Clock, cancellation);

        public void Dispose() => output._turn.Release();
    }

    private PipeWriter Pipe { get; } = pipe;

    private TimeSpan WriteTimeout { get; } = writeTimeout;

    private TimeProvider Clock { get; } = clock;
}
