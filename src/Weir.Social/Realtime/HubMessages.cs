using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Connections;
using Weir.Contracts;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Realtime;

/// <summary>
/// Counts what an account's connections to the hub say, before anything of it is parsed: calls, whether the hub has them or not, and
/// keep-alives. A connection that says too much ends; to open another one is a call (<see cref="CallRates.Calls"/>).
/// </summary>
internal sealed class HubMessages(CallRates rates, TimeProvider clock)
{
    // SignalR's protocol in JSON, the only one here, and its handshake: each message ends with this.
    private const byte Separator = 0x1e;

    private readonly AttemptLimiter _limiter = new(clock, rates.HubMessages.Burst, rates.HubMessages.Refill);

    public ConnectionDelegate Count(ConnectionDelegate next) => connection =>
    {
        if (connection.GetHttpContext()?.Features.Get<Caller>() is not { } caller)
        {
            return Task.CompletedTask;
        }

        var key = caller.Id.ToText();
        var transport = connection.Transport;
        var input = new CountedReader(transport.Input, many => _limiter.TryTake(many, key, out _));
        connection.Transport = new CountedPipe(input, transport.Output);
        return next(connection);
    };

    private sealed record CountedPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Reads on as long as it may; then it is as if the other side had ended.</summary>
    private sealed class CountedReader(PipeReader inner, Func<int, bool> mayRead) : PipeReader
    {
        private ReadOnlySequence<byte> _buffer;

        /// <summary>Of the buffer's bytes, those that were there at the read before.</summary>
        private long _counted;
        private bool _refused;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            result = Count(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _counted -= _buffer.Slice(0, consumed).Length;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        private ReadResult Count(ReadResult result)
        {
            _buffer = result.Buffer;
            var messages = 0;
            foreach (var part in _buffer.Slice(_counted))
            {
                messages += part.Span.Count(Separator);
            }

            _counted = _buffer.Length;
            _refused |= messages > 0 && !mayRead(messages);
            return _refused ? new ReadResult(_buffer.Slice(_buffer.End), isCanceled: false, isCompleted: true) : result;
        }
    }
}
