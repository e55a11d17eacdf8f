using System.Threading.RateLimiting;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Throttling;

/// <summary>
/// How many calls one account, or one address without an account, may have under way, and how many all together. What an answer is made of
/// stays in memory until the caller has read it, and whoever reads nothing keeps it there; so does the body of a call. What is asked for
/// beside them waits its turn, which holds nothing: all the tabs that come back with the network get their answers one after the other.
/// </summary>
internal sealed class CallsUnderWay(TimeProvider clock, int all = CallsUnderWay.OfAll) : IDisposable
{
    /// <summary>A page asks for some ten at once; several devices and tabs are one account.</summary>
    public const int OfAccount = 50;

    /// <summary>People behind one address who sign in in the same moment, and readers of articles.</summary>
    public const int OfAddress = 200;

    /// <summary>Of each.</summary>
    public const int Waiting = 1000;

    /// <summary>Of everybody. A body has 256 KB at most, and but few answers are longer: half a gigabyte of each.</summary>
    public const int OfAll = 2000;

    /// <summary>Of everybody: the network is back, or the server, and all ask at once.</summary>
    public const int WaitingOfAll = 10_000;

    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<Share> _limiter = PartitionedRateLimiter.Create<Share, string>(
        share => RateLimitPartition.GetConcurrencyLimiter(share.Key, _ => new ConcurrencyLimiterOptions
        {
            PermitLimit = share.Most, QueueLimit = share.Waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }));

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (!Counts(context))
        {
            await next(context);
            return;
        }

        using var own = await EnterAsync(
            context.Features.Get<Caller>() is { } caller
                ? new Share(caller.Id.ToText(), OfAccount, Waiting)
                : new Share(AddressKey.Of(context.Connection.RemoteIpAddress), OfAddress, Waiting),
            context.RequestAborted);
        if (own?.IsAcquired != true)
        {
            SocialMetrics.Throttled.Add(1);
            await Problems.Throttled(context, Soon).ExecuteAsync(context);
            return;
        }

        // Whoever waits here has one of their own, so nobody fills this queue alone.
        using var shared = await EnterAsync(new Share("all", all, WaitingOfAll), context.RequestAborted);
        if (shared?.IsAcquired != true)
        {
            SocialMetrics.Throttled.Add(1);
            await Busy.Problem(context, "Too many calls at once. Try again in a moment.").ExecuteAsync(context);
            return;
        }

        await next(context);
    });

    public void Dispose() => _limiter.Dispose();

    /// <summary>Null when its turn did not come in time.</summary>
    private async ValueTask<RateLimitLease?> EnterAsync(Share share, CancellationToken aborted)
    {
        var lease = _limiter.AttemptAcquire(share);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        using var limit = new CancellationTokenSource(LongestWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            return await _limiter.AcquireAsync(share, cancellationToken: either.Token);
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

    private readonly record struct Share(string Key, int Most, int Waiting);
}

internal static class LongCalls
{
    /// <summary>It takes as long as the caller's network wants, and holds little meanwhile.</summary>
    public static TBuilder TakesLong<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new CallsUnderWay.LongUnderWay());
}
