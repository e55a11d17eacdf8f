using System.Threading.RateLimiting;

namespace Weir.Social.Broadcasts;

/// <summary>
/// Who may be looked at for a ticket now. A storm of viewers is work for the processors before it is work for the disk: it takes a part of
/// them and waits for it, so that the rest is there for messages. First come, first served; with too many before them they are refused.
/// </summary>
internal sealed class TicketTurns(AdmissionLimits limits) : IDisposable
{
    private readonly ConcurrencyLimiter _turns = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = limits.MaxLooking,
        QueueLimit = limits.MaxWaitingToLook,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Disposing the result ends the turn; there is none when too many wait.</summary>
    public ValueTask<RateLimitLease> EnterAsync(CancellationToken cancellation) => _turns.AcquireAsync(1, cancellation);

    public void Dispose() => _turns.Dispose();
}
