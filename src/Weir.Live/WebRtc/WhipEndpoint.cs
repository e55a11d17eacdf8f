using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Http;
using Weir.Media.Broadcasting;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary><c>POST /whip/ID</c>: publishing by WebRTC (RFC 9725).</summary>
internal sealed class WhipEndpoint(
    LiveAdmission admission,
    RequestLimits limits,
    LiveOptions options,
    RtcHost host,
    RtcSessions sessions,
    IHostApplicationLifetime node,
    TimeProvider clock,
    ILogger<WhipEndpoint> log)
{
    private const string Scheme = "Bearer ";
    private static readonly WhipLimits Limits = new();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/whip/{id}", (HttpContext context, string id, WhipEndpoint endpoint) => endpoint.PostAsync(context, id));
        routes.MapGet("/whip/{id}", (HttpContext context, string id, LiveAdmission admission, RequestLimits limits) =>
            Token(context) is { } token && Ids.TryParse(id, out var broadcast) && admission.MayPublish(id, token, out _)
                ? limits.Take(context, broadcast, 1) ?? (IResult)TypedResults.NoContent()
                : limits.NotFound(context));
        routes.MapMethods("/whip/{id}", [HttpMethods.Options], (HttpContext context) => RtcRequests.Options(context, "Accept-Post", RtcRequests.Sdp, "GET, POST, OPTIONS"));
    }

    private async Task PostAsync(HttpContext context, string id)
    {
        if (await AnswerAsync(context, id) is { } problem)
        {
            await problem.ExecuteAsync(context);
        }
    }

    /// <summary>Null when the answer was written.</summary>
    private async Task<IResult?> AnswerAsync(HttpContext context, string id)
    {
        if (Token(context) is not { } token || !Ids.TryParse(id, out var broadcast) || !admission.MayPublish(id, token, out var refusal))
        {
            return limits.NotFound(context);
        }

        if (limits.Take(context, broadcast, RequestRates.Beginning) is { } throttled)
        {
            return throttled;
        }

        switch (refusal)
        {
            case PublishRefusal.Ended:
                return Problems.Conflict("ended", "The broadcast is over.");
            case PublishRefusal.LiveIsOff:
                return Problems.Forbidden("live-off", "Going live is switched off.");
            case PublishRefusal.TooManyOnAir:
                admission.CountRefused(PublishRefusal.TooManyOnAir);
                return Problems.Conflict(
                    "too-many-on-air", "Too many broadcasts of this account are on air or interrupted. End one first.");
        }

        if (!sessions.MayPublishMore(broadcast))
        {
            return RtcRequests.TooMany(context);
        }

        if (!RtcRequests.HasType(context.Request, RtcRequests.Sdp))
        {
            return RtcRequests.WrongType(context, RtcRequests.Sdp);
        }

        if (await RtcRequests.ReadAsync(context, Media.Formats.Sdp.SessionDescription.MaxLength) is not { } text)
        {
            return RtcRequests.Unreadable();
        }

        var offer = RtcOffer.Read(text, RtcRole.Publish, null, out var reason);
        if (offer is null)
        {
            return Refuse(id, reason);
        }

        var name = RtcSessions.NewName();
        var local = IceCredentials.Create();
        var info = new PublisherInfo("WHIP", PublisherInfo.Shorten(context.Request.Headers.UserAgent.ToString()));
        var whip = new WhipPeer(
            host.Endpoint, offer, () => admission.TryPublish(token, info, out var publisher, out _) ? publisher : null, Limits, clock, log,
            (closed, replaced) =>
            {
                // A node that stops dismisses its publishers too, and takes them again when it is back.
                sessions.Remove(name, replaced && !node.ApplicationStopping.IsCancellationRequested);
                log.LogInformation("A WHIP publisher of broadcast {Broadcast} is gone: {Reason}", id, closed);
            });
        var peer = host.Endpoint.AddPeer(
            new RtcPeerOptions { Local = local, Remote = offer.Ice, RemoteFingerprint = offer.Fingerprint, Role = offer.Dtls }, whip);
        if (peer is null)
        {
            return RtcRequests.Full(context);
        }

        whip.Peer = peer;
        var session = new OpenSession(name, broadcast, offer, peer, local);
        sessions.Add(session, peer);
        var answer = RtcAnswer.Write(offer, RtcRequests.Local(host.Endpoint, local), null, clock.GetUtcNow().ToUnixTimeMilliseconds());
        await RtcRequests.CreatedAsync(context, session, answer.ToString(), $"/whip/{id}/{name}", options.IceServers);
        return null;
    }

    private IResult Refuse(string id, OfferRefusal reason)
    {
        RtcRequests.LogRefused(log, RtcRole.Publish, id, reason.ToString());
        RtcOffer.CountRefusal(RtcRole.Publish, reason);
        return RtcRequests.Refuse(reason);
    }

    private static string? Token(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return header.Length > Scheme.Length && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }
}
