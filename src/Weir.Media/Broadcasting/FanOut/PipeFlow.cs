using System.Buffers;
using System.IO.Pipelines;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>Drives one feed into a pipe: for TLS and whatever else stands between a session and its socket.</summary>
internal static class PipeFlow
{
    /// <summary>Written before a flush; keeps a joining viewer's burst in pieces.</summary>
    private const int FlushThreshold = 128 << 10;

    /// <param name="turn">Taken for each burst where others write to the pipe too; null: nobody does.</param>
    public static async Task<FlowEnd> RunAsync(
        Feed feed, PipeWriter output, LagPolicy policy, TimeProvider clock, Func<CancellationToken, ValueTask<IDisposable>>? turn, CancellationToken closing)
    {
        while (true)
        {
            var state = FeedState.Bytes;
            while (state == FeedState.Bytes)
            {
                using var mine = turn is null ? null : await turn(closing);
                var written = 0;
                while (written < FlushThreshold && (state = feed.Take(null, out var bytes)) == FeedState.Bytes)
                {
                    output.Write(bytes.Span);
                    written += bytes.Length;
                }

                if (written == 0)
                {
                    break;
                }

                switch (await output.FlushAsync(policy.WriteTimeout, clock, closing))
                {
                    case FlushOutcome.Closed:
                        return FlowEnd.PeerClosed;
                    case FlushOutcome.TimedOut:
                        return FlowEnd.TooSlow;
                    default:
                        break;
                }
            }

            if (state != FeedState.Nothing)
            {
                return state == FeedState.Ended ? FlowEnd.Ended : FlowEnd.TooSlow;
            }

            await feed.WaitAsync(closing);
        }
    }
}
