using System.IO.Pipelines;

namespace Weir.Media.Broadcasting;

public enum FlushOutcome
{
    Flushed,

    /// <summary>The peer reads no more.</summary>
    Closed,

    /// <summary>It took longer than allowed; the pipe must not be written to again.</summary>
    TimedOut,
}

/// <summary>A flush that a peer who stopped reading cannot hold for ever. One writer at a time.</summary>
public static class BoundedFlush
{
    public static async ValueTask<FlushOutcome> FlushAsync(
        this PipeWriter output, TimeSpan limit, TimeProvider clock, CancellationToken cancellation)
    {
        var flush = output.FlushAsync(cancellation);
        if (flush.IsCompletedSuccessfully)
        {
            return flush.Result.IsCompleted ? FlushOutcome.Closed : FlushOutcome.Flushed;
        }

        // The timer exists only while the peer is slow.
        using var timer = clock.CreateTimer(static state => ((PipeWriter)state!).CancelPendingFlush(), output, limit, Timeout.InfiniteTimeSpan);
        var result = await flush;
        return result.IsCanceled ? FlushOutcome.TimedOut : result.IsCompleted ? FlushOutcome.Closed : FlushOutcome.Flushed;
    }
}
