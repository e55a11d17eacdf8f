using System.Threading.RateLimiting;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Throttling;

/// <summary>
/// How many calls one account, or one address without an account, may have under way. What an answer is made of stays in memory until the
/// caller has read it, and whoever reads nothing keeps it there. What is asked for beside them waits its turn, which holds nothing: all the
/// tabs that come back with the network get their answers one after the other.
/// </summary>
internal sealed class CallsUnderWay(TimeProvider clock) : IDisposable
{
    /// <summary>A page asks for some ten at once; several devices and tabs are one account.</summary>
    public const int OfAccount = 50;

    /// <summary>People behind one address who sign in in the same moment, and readers of articles.</summary>
    public const int OfAddress = 200;

    /// <summary>Of each.</summary>
    public const int Waiting = 1000;

    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<(string Key, int Most)> _limiter = PartitionedRateLimiter.Create<(string Key, int Most), string>(
        caller => RateLimitPartition.GetConcurrencyLimiter(caller.Key, _ => new ConcurrencyLimiterOptions
        {
            PermitLimit = caller.Most, QueueLimit = Waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }));

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (!Counts(context))
        {
            await next(context);
            return;
        }

        using var lease = await EnterAsync(
            context.Features.Get<Caller>() is { } caller
                ? (caller.Id.ToText(), OfAccount)
                : (AddressKey.Of(context.Connection.RemoteIpAddress), OfAddress),
            context.RequestAborted);
        if (lease?.IsAcquired == true)
        {
            await next(context);
        }
        else
        {
            SocialMetrics.Throttled.Add(1);
            await Problems.Throttled(context, Soon).ExecuteAsync(context);
        }
    });

    public void Dispose() => _limiter.Dispose();

    /// <summary>Null when its turn did not come in time.</summary>
    private async ValueTask<RateLimitLease?> EnterAsync((string Key, int Most) caller, CancellationToken aborted)
    {
        var lease = _limiter.AttemptAcquire(caller);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        using var limit = new CancellationTokenSource(LongestWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            return await _limiter.AcquireAsync(caller, cancellationToken: either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>
    /// Not what is long under way by its nature and holds nothing in memory: realtime, files in both directions. Nor messages and tickets,
    /// which wait their turn in queues of their own and whose answers are short.
    /// </summary>
    private static bool Counts(HttpContext context) =>
        context.GetEndpoint()?.Metadata is { } metadata
        && metadata.GetMetadata<LongUnderWay>() is null
        && metadata.GetMetadata<CallLimits.Limited>()?.Limit is null or CallLimit.Calls;

    internal sealed class LongUnderWay;
}

internal static class LongCalls
{
    /// <summary>It takes as long as the caller's network wants, and holds little meanwhile.</summary>
    public static TBuilder TakesLong<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new CallsUnderWay.LongUnderWay());
}
