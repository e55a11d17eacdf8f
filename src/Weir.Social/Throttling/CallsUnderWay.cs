using System.Threading.RateLimiting;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Throttling;

/// <summary>
/// How many calls one account, or one address without an account, may have under way. What an answer is made of stays in memory until the
/// caller has read it, and whoever reads nothing keeps it there.
/// </summary>
internal sealed class CallsUnderWay : IDisposable
{
    /// <summary>A page asks for some ten at once; several devices and tabs are one account.</summary>
    public const int OfAccount = 50;

    /// <summary>People behind one address who sign in in the same moment, and readers of articles.</summary>
    public const int OfAddress = 200;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<(string Key, int Most)> _limiter = PartitionedRateLimiter.Create<(string Key, int Most), string>(
        caller => RateLimitPartition.GetConcurrencyLimiter(caller.Key, _ => new ConcurrencyLimiterOptions { PermitLimit = caller.Most }));

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (!Counts(context))
        {
            await next(context);
            return;
        }

        using var lease = _limiter.AttemptAcquire(context.Features.Get<Caller>() is { } caller
            ? (caller.Id.ToText(), OfAccount)
            : (AddressKey.Of(context.Connection.RemoteIpAddress), OfAddress));
        if (lease.IsAcquired)
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
