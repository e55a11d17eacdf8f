using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;

namespace Weir.Live.Http;

/// <summary>
/// How many requests a live node answers. A player of LL-HLS with parts of 300 ms makes about eight a second: playlists and parts of
/// picture and sound. A school of three hundred of them behind one address makes 2,400.
/// </summary>
internal sealed record RequestRates
{
    /// <summary>What begins something counts as so many: a stream, a session, a replay, a page of comments.</summary>
    public const int Beginning = 20;

    /// <summary>With tickets, of one account: the players of all its devices.</summary>
    public Rate WithTicket { get; init; } = new(4000, TimeSpan.FromMilliseconds(4));

    /// <summary>
    /// Right ones without an account, of one address: media, which have unguessable addresses instead, and public broadcasts. And
    /// connections to the RTMP port, each a beginning.
    /// </summary>
    public Rate WithoutTicket { get; init; } = new(40_000, TimeSpan.FromMicroseconds(200));

    /// <summary>Those that find nothing, of one address: wrong tickets and keys, old addresses after a cut.</summary>
    public Rate Wrong { get; init; } = new(2000, TimeSpan.FromMilliseconds(20));
}

/// <summary>
/// Turns away whoever asks too often: 429 with <c>Retry-After</c>, before anything is made for them. Who it is comes first, because that
/// costs a microsecond: the signature of a ticket, or a look for an address. So nobody is turned away for what others behind their address
/// get wrong. An IPv6 /48 as a whole has <see cref="AddressKey.TimesForSite"/> times what one address has. This machine's own programs are
/// not counted, as their connections are not.
/// </summary>
internal sealed class RequestLimits(
    RequestRates rates, LiveAdmission admission, TimeProvider clock, LiveMetrics metrics, ILoggerFactory loggers)
{
    private readonly AttemptLimiter<Guid> _withTicket = new(clock, rates.WithTicket.Burst, rates.WithTicket.Refill);
    private readonly AddressLimiter<ulong> _withoutTicket = ByAddress(clock, rates.WithoutTicket);
    private readonly AddressLimiter<ulong> _wrong = ByAddress(clock, rates.Wrong);
    private readonly RefusalLog _log = new(loggers, clock);

    /// <summary>Whether somebody with this ticket may have what they ask for; otherwise the answer for them.</summary>
    /// <param name="cost">1, or <see cref="RequestRates.Beginning"/>.</param>
    public bool TryEnter(
        HttpContext context,
        string id,
        string? ticket,
        int cost,
        [NotNullWhen(true)] out Rules? rules,
        out Ticket? verified,
        [NotNullWhen(false)] out IResult? refusal)
    {
        if (!admission.TryCheck(id, ticket, out rules, out verified))
        {
            admission.Denied(WatchDenied.NotFound);
            refusal = NotFound(context);
            return false;
        }

        refusal = Take(context, verified, cost);
        return refusal is null;
    }

    /// <summary>Counts a request that is right. Null: it may go on.</summary>
    public ProblemHttpResult? Take(HttpContext context, Ticket? ticket, int cost = 1) =>
        ticket is { IsAnonymous: false } ? Take(context, ticket.Account, cost) : Take(context, _withoutTicket, cost);

    /// <summary>The same with a key that publishes a broadcast.</summary>
    public ProblemHttpResult? Take(HttpContext context, Guid key, int cost) =>
        AddressKey.IsThisMachine(AddressOf(context)) || _withTicket.TryTake(cost, key, out var retryAfter)
            ? null
            : Refuse(context, retryAfter);

    /// <summary>The answer for what is not there, or not for them; and when they get it too often another one.</summary>
    public ProblemHttpResult NotFound(HttpContext context)
    {
        _log.Note(context);
        return Take(context, _wrong, 1) ?? Problems.NotFound();
    }

    /// <summary>Whether this address may begin a connection of a protocol without answers of this kind.</summary>
    public bool MayConnect(IPAddress? address)
    {
        var number = AddressKey.NumberOf(address);
        if (AddressKey.IsThisMachine(number) || _withoutTicket.TryTake(out _, number, RequestRates.Beginning))
        {
            return true;
        }

        metrics.RequestsRefused.Add(1);
        _log.NoteLimit("RTMP", address);
        return false;
    }

    /// <summary>A connection was closed because its address has too many.</summary>
    public void NoteConnection(IPAddress? address) => _log.NoteLimit("to connect", address);

    /// <summary>An RTMP connection was refused for its key or its ticket.</summary>
    public void NoteRtmp(IPAddress? address) => _log.Note("RTMP", address);

    private ProblemHttpResult? Take(HttpContext context, AddressLimiter<ulong> limiter, int cost)
    {
        var address = AddressOf(context);
        return AddressKey.IsThisMachine(address) || limiter.TryTake(out var retryAfter, address, cost) ? null : Refuse(context, retryAfter);
    }

    private static AddressLimiter<ulong> ByAddress(TimeProvider clock, Rate rate) => new(
        rate,
        one => new AttemptLimiter<ulong>(clock, one.Burst, one.Refill),
        static (address, out site) =>
        {
            var found = AddressKey.SiteOf(address);
            site = found.GetValueOrDefault();
            return found.HasValue;
        });

    private ProblemHttpResult Refuse(HttpContext context, TimeSpan retryAfter)
    {
        metrics.RequestsRefused.Add(1);
        _log.NoteLimit(context);
        var headers = context.Response.Headers;
        // HLS is answered before CORS, and a cache must not answer others with it.
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Retry-After";
        headers.CacheControl = "no-store";
        return Problems.Throttled(context, retryAfter);
    }

    private static ulong AddressOf(HttpContext context) => AddressKey.NumberOf(context.Connection.RemoteIpAddress);
}

/// <summary>
/// Says in the security log who was refused: one line a minute for each address, and for what a limit refused for each address and call;
/// <see cref="RefusalLines.Burst"/> at once of all. Never the path, which may have a ticket in it.
/// </summary>
internal sealed partial class RefusalLog(ILoggerFactory loggers, TimeProvider clock)
{
    private readonly ILogger _log = loggers.CreateLogger("Weir.Security");

    /// <summary>The call is null where nothing was found: all of these are the same.</summary>
    private readonly RefusalLines<(ulong Address, string? Call)> _lines = new(clock);

    public void Note(HttpContext context)
    {
        if (MayNote(context.Connection.RemoteIpAddress))
        {
            Refused($"{context.Request.Method} {RouteOf(context)}", Text(context.Connection.RemoteIpAddress));
        }
    }

    /// <summary>A limit refused it.</summary>
    public void NoteLimit(HttpContext context)
    {
        // Anything may stand for the method, so lines are told apart by the route alone.
        if (MayNoteLimit(RouteOf(context), context.Connection.RemoteIpAddress))
        {
            TooMuch($"{context.Request.Method} {RouteOf(context)}", Text(context.Connection.RemoteIpAddress));
        }
    }

    public void NoteLimit(string what, IPAddress? address)
    {
        if (MayNoteLimit(what, address))
        {
            TooMuch(what, Text(address));
        }
    }

    public void Note(string what, IPAddress? address)
    {
        if (MayNote(address))
        {
            Refused(what, Text(address));
        }
    }

    private bool MayNote(IPAddress? address) => _lines.MayWrite((AddressKey.NumberOf(address), null));

    private bool MayNoteLimit(string call, IPAddress? address) => _lines.MayWrite((AddressKey.NumberOf(address), call));

    private static string RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";

    private static string Text(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None).ToString();

    [LoggerMessage(19, LogLevel.Information, "Refused, not found or not for them: {Call}, from {Address}")]
    private partial void Refused(string call, string address);

    [LoggerMessage(20, LogLevel.Information, "Refused, too much from one account or address: {Call}, from {Address}")]
    private partial void TooMuch(string call, string address);
}
