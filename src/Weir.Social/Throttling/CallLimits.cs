using Microsoft.AspNetCore.Http.Features;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Throttling;

/// <summary>
/// How many calls the server answers: without knowing who asks, for each address (<see cref="AddressLimiter"/>), and for each account. A
/// school or a company is one address: two thousand people who open the page and sign in within a minute come through, and what they do
/// once they are signed in is counted by account.
/// </summary>
internal sealed record CallRates
{
    /// <summary>Calls a second of one account; see <see cref="Calls"/>.</summary>
    internal const int CallsPerSecond = 100;

    /// <summary>
    /// So many bytes of an answer count as one call of <see cref="Calls"/> more. A page of ordinary messages is far below; one of the
    /// longest that there can be is some forty calls.
    /// </summary>
    public const int AnswerBytes = 64 * 1024;

    /// <summary>
    /// What is read counts afterwards, so whoever asks for much at once owes it. Times of all that <see cref="Calls"/> gives at once: the
    /// most that is owed, with the default ten minutes.
    /// </summary>
    public const int MostOwed = 60;

    /// <summary>
    /// Every call of somebody who is signed in, but for those with a limit of their own: tickets and messages. A page asks for some ten,
    /// and shows pictures that the browser keeps; several devices and tabs are one account.
    /// </summary>
    public Rate Calls { get; init; } = CallsFor(CallsPerSecond);

    /// <summary>Tickets of one account: a player asks for one when it begins, and again when it has lost its connection.</summary>
    public Rate Tickets { get; init; } = new(2000, TimeSpan.FromMilliseconds(100));

    /// <summary>Tickets for an address of people who are not signed in.</summary>
    public Rate OpenTickets { get; init; } = new(600, TimeSpan.FromMilliseconds(100));

    /// <summary>Pictures and files that anybody may see: a page shows many.</summary>
    public Rate OpenFiles { get; init; } = new(10_000, TimeSpan.FromMilliseconds(5));

    /// <summary>Every other call without an account, those that need one too, and articles' pages.</summary>
    public Rate OpenCalls { get; init; } = new(5000, TimeSpan.FromMilliseconds(10));

    /// <summary>All of these together, of everybody: what people who are signed in do goes on beside it.</summary>
    public Rate OpenInAll { get; init; } = new(200_000, TimeSpan.FromMicroseconds(250));

    /// <summary>Bytes that one account writes, all kinds together: 16 MB at once, and as many an hour.</summary>
    public Rate WrittenBytes { get; init; } = new(16 << 20, TimeSpan.FromHours(1) / (16 << 20));

    /// <summary>
    /// What all connections of one account to <c>/api/hub</c> say, with a keep-alive of each every fifteen seconds: a tab says very little
    /// there.
    /// </summary>
    public Rate HubMessages { get; init; } = new(200, TimeSpan.FromMilliseconds(100));

    /// <summary>Sessions that have to be looked up and are not there; those that are do not count.</summary>
    public Rate UnknownSessions { get; init; } = new(500, TimeSpan.FromMilliseconds(100));

    /// <summary>Those of ten seconds at once.</summary>
    public static Rate CallsFor(int perSecond) => new(10 * perSecond, TimeSpan.FromSeconds(1) / perSecond);
}

/// <summary>
/// Which limit an endpoint has. One that says nothing has that of <see cref="CallRates.OpenCalls"/> without an account, and with one that
/// of <see cref="CallRates.Calls"/>.
/// </summary>
internal enum CallLimit
{
    Calls,
    Tickets,
    Files,

    /// <summary>Counted where it is answered, by a wider limit.</summary>
    Own,
}

/// <summary>
/// Turns away whoever asks too often, before anything is read for them: 429 with <c>Retry-After</c>. After authentication, because what
/// people do who are signed in counts for their account and not for their address; sessions that have to be looked up for that have a limit
/// of their own.
/// </summary>
internal sealed class CallLimits(CallRates rates, TimeProvider clock)
{
    private readonly CountedCalls _calls = new(clock, rates.Calls);
    private readonly AttemptLimiter _tickets = new(clock, rates.Tickets.Burst, rates.Tickets.Refill);
    private readonly AddressLimiter _openTickets = ByAddress(clock, rates.OpenTickets);
    private readonly AddressLimiter _openFiles = ByAddress(clock, rates.OpenFiles);
    private readonly AddressLimiter _openCalls = ByAddress(clock, rates.OpenCalls);
    private readonly AttemptLimiter _openInAll = new(clock, rates.OpenInAll.Burst, rates.OpenInAll.Refill);

    public AddressLimiter UnknownSessions { get; } = ByAddress(clock, rates.UnknownSessions);

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (!MayCall(context, out var retryAfter))
        {
            await Problems.Throttled(context, retryAfter).ExecuteAsync(context);
        }
        else if (context.Features.Get<Caller>() is { } caller && LimitOf(context.GetEndpoint()?.Metadata) == CallLimit.Calls)
        {
            await AnswerAsync(context, caller, next);
        }
        else
        {
            await next(context);
        }
    });

    /// <summary>For what answers before routing.</summary>
    public bool MayCallOpenly(HttpContext context, out TimeSpan retryAfter) =>
        TryTake(_openCalls, context, out retryAfter);

    /// <summary>A long answer counts as several calls, once it is known how long it is.</summary>
    private async Task AnswerAsync(HttpContext context, Caller caller, RequestDelegate next)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var counted = new CountedAnswer(body);
        context.Features.Set<IHttpResponseBodyFeature>(counted);
        try
        {
            await next(context);
        }
        finally
        {
            context.Features.Set(body);
            if (counted.Bytes >= CallRates.AnswerBytes)
            {
                var more = (int)Math.Min(counted.Bytes / CallRates.AnswerBytes, int.MaxValue / 4);
                _calls.Charge(more, caller.Id, (int)Math.Min((long)rates.Calls.Burst * CallRates.MostOwed, int.MaxValue / 2));
            }
        }
    }

    private static CallLimit LimitOf(EndpointMetadataCollection? metadata) => metadata?.GetMetadata<Limited>()?.Limit ?? CallLimit.Calls;

    private bool MayCall(HttpContext context, out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        if (context.Features.Get<TooManyUnknownSessions>() is { } refused)
        {
            retryAfter = refused.RetryAfter;
            return false;
        }

        if (context.GetEndpoint()?.Metadata is not { } metadata)
        {
            return true;
        }

        var limit = LimitOf(metadata);
        if (context.Features.Get<Caller>() is { } caller)
        {
            return limit switch
            {
                CallLimit.Own => true,
                CallLimit.Tickets => _tickets.TryTake(out retryAfter, caller.Id.ToText()),
                _ => _calls.TryTake(out retryAfter, caller.Id),
            };
        }

        // A call that needs an account counts too: it is answered with 401, and that is an answer.
        // Whoever runs the server may look after it as often as they like.
        if (context.Request.Path == Operations.ReadyPath && Operations.IsFromThisMachine(context))
        {
            return true;
        }

        var limiter = limit switch
        {
            CallLimit.Tickets => _openTickets,
            CallLimit.Files => _openFiles,
            _ => _openCalls,
        };
        return TryTake(limiter, context, out retryAfter);
    }

    // The address first: whoever asks too often by themselves takes nothing of what all have.
    private bool TryTake(AddressLimiter limiter, HttpContext context, out TimeSpan retryAfter) =>
        limiter.TryTake(out retryAfter, AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress)) && _openInAll.TryTake(out retryAfter, "all");

    private static AddressLimiter ByAddress(TimeProvider clock, Rate rate) => new(clock, rate.Burst, rate.Refill);

    internal sealed record Limited(CallLimit Limit);

    /// <summary>By the account itself: at every call, so no text is made of it.</summary>
    private sealed class CountedCalls(TimeProvider clock, Rate rate) : AttemptLimiter<Guid>(clock, rate.Burst, rate.Refill)
    {
        protected override void Refused() => SocialMetrics.Throttled.Add(1);
    }
}

/// <summary>This request's session was not looked up, because too many of its address were not there.</summary>
internal sealed record TooManyUnknownSessions(TimeSpan RetryAfter);

internal static class CallLimitExtensions
{
    public static TBuilder WithCallLimit<TBuilder>(this TBuilder builder, CallLimit limit)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new CallLimits.Limited(limit));
}
