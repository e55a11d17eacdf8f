using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Http;
using Weir.Media.Broadcasting;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary><c>POST /live/ID/whep?ticket=T</c>: watching by WebRTC (draft-ietf-wish-whep).</summary>
internal sealed class WhepEndpoint(
    LiveAdmission admission,
    RequestLimits limits,
    LiveOptions options,
    RtcHost host,
    RtcSessions sessions,
    TimeProvider clock,
    ILogger<WhepEndpoint> log)
{
    private static readonly WhepLimits Limits = new();

    /// <summary>So long a player may take to answer our offer.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/live/{id}/whep", (HttpContext context, string id, string? ticket, WhepEndpoint endpoint) => endpoint.PostAsync(context, id, ticket));
        routes.MapGet("/live/{id}/whep", (HttpContext context, string id, string? ticket, RequestLimits limits) =>
            limits.TryEnter(context, id, ticket, 1, out _, out _, out var refusal) ? TypedResults.NoContent() : refusal);
        routes.MapMethods("/live/{id}/whep", [HttpMethods.Options], (HttpContext context) => RtcRequests.Options(context, "Accept-Post", RtcRequests.Sdp, "GET, POST, OPTIONS"));
    }

    private async Task PostAsync(HttpContext context, string id, string? ticket)
    {
        if (await AnswerAsync(context, id, ticket) is { } problem)
        {
            await problem.ExecuteAsync(context);
        }
    }

    /// <summary>Null when the answer was written.</summary>
    private async Task<IResult?> AnswerAsync(HttpContext context, string id, string? ticket)
    {
        // The ticket first: a stranger learns nothing, not even what a right request looks like.
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out _, out _, out var refusal))
        {
            return refusal;
        }

        if (string.IsNullOrEmpty(ticket) && !sessions.MayWatchMore(AddressKey.Of(context.Connection.RemoteIpAddress)))
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

        var denied = admission.TryWatch(id, ticket, Outlet.Whep, out var viewer);
        if (viewer is null)
        {
            return denied == WatchDenied.TooManySessions
                ? Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-sessions", "This ticket has all the sessions it may have.")
                : Problems.NotFound();
        }

        var kept = false;
        try
        {
            var problem = await ConnectAsync(context, id, text, viewer, () => kept = true);
            return problem;
        }
        finally
        {
            if (!kept)
            {
                viewer.Dispose();
            }
        }
    }

    private async Task<IResult?> ConnectAsync(HttpContext context, string id, string text, LiveViewer viewer, Action keep)
    {
        var fit = WhepSession.CanPlay(viewer.Broadcast.Timeline);
        if (fit != WhepEnd.None)
        {
            return fit == WhepEnd.UnsupportedCodec
                ? Problems.Of(StatusCodes.Status406NotAcceptable, "unsupported", "The picture of this broadcast does not go by WebRTC.")
                : Problems.Of(StatusCodes.Status406NotAcceptable, "reordered", "The encoder sends B-frames, which do not go by WebRTC.");
        }

        var offer = RtcOffer.Read(text, RtcRole.Play, viewer.Broadcast.Timeline.Video, out var reason);
        if (offer is null)
        {
            RtcRequests.LogRefused(log, RtcRole.Play, id, reason.ToString());
            RtcOffer.CountRefusal(RtcRole.Play, reason);
            if (reason is not (OfferRefusal.NoH264 or OfferRefusal.NoMedia or OfferRefusal.NoBundle or OfferRefusal.NoRtcpMux))
            {
                return RtcRequests.Refuse(reason);
            }

            await CounterAsync(context, id, viewer);
            return null;
        }

        var name = RtcSessions.NewName();
        var local = IceCredentials.Create();
        var sources = WhepSession.NewSources();
        offer = WithoutSoundThatDoesNotGo(offer, viewer);
        keep();
        if (Open(context, id, viewer, offer, name, local, sources) is not { } session)
        {
            return RtcRequests.Full(context);
        }

        var answer = RtcAnswer.Write(offer, RtcRequests.Local(host.Endpoint, local), sources, clock.GetUtcNow().ToUnixTimeMilliseconds());
        await RtcRequests.CreatedAsync(context, session, answer.ToString(), $"/live/{id}/whep/{name}", options.IceServers);
        return null;
    }

    /// <summary>The player's offer had nothing that fits, but it may take ours: 406 with an offer, which a PATCH of the session answers. Until then nobody watches.</summary>
    private async Task CounterAsync(HttpContext context, string id, LiveViewer viewer)
    {
        var pending = new PendingSession(
            RtcSessions.NewName(), viewer.Broadcast.Id, context.Request.Query["ticket"].ToString(), IceCredentials.Create(), WhepSession.NewSources(), clock.GetUtcNow() + AnswerTime);
        sessions.Await(pending);
        var local = RtcRequests.Local(host.Endpoint, pending.Local);
        var counter = RtcCounterOffer.Write(viewer.Broadcast.Timeline.Video, local, pending.Sources, clock.GetUtcNow().ToUnixTimeMilliseconds());
        context.Response.StatusCode = StatusCodes.Status406NotAcceptable;
        context.Response.ContentType = RtcRequests.Sdp;
        context.Response.Headers.Location = $"/live/{id}/whep/{pending.Name}";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(counter.ToString(), context.RequestAborted);
    }

    /// <summary>The answer to our offer. The ticket is looked at again: it is this moment from which on somebody watches.</summary>
    public async Task<IResult> AnsweredAsync(HttpContext context, string id, PendingSession pending)
    {
        if (pending.Until < clock.GetUtcNow() || admission.TryWatch(id, pending.Ticket, Outlet.Whep, out var viewer) != WatchDenied.None || viewer is null)
        {
            return Problems.NotFound();
        }

        var kept = false;
        try
        {
            if (await RtcRequests.ReadAsync(context, Media.Formats.Sdp.SessionDescription.MaxLength) is not { } text)
            {
                return RtcRequests.Unreadable();
            }

            var answer = RtcOffer.Read(text, RtcRole.Play, viewer.Broadcast.Timeline.Video, out var reason);
            if (answer is null)
            {
                RtcOffer.CountRefusal(RtcRole.Play, reason);
                return RtcRequests.Refuse(reason);
            }

            kept = true;
            if (Open(context, id, viewer, WithoutSoundThatDoesNotGo(answer, viewer), pending.Name, pending.Local, pending.Sources) is not { } session)
            {
                return RtcRequests.Full(context);
            }

            context.Response.Headers.ETag = session.ETag;
            return TypedResults.NoContent();
        }
        finally
        {
            if (!kept)
            {
                viewer.Dispose();
            }
        }
    }

    /// <summary>
    /// Where nothing makes Opus of an encoder's AAC (there is no ffmpeg, or as many of its processes run as may) the answer refuses the
    /// sound, so that the player knows. No process is started yet: whoever asked may be nobody.
    /// </summary>
    private static RtcOffer WithoutSoundThatDoesNotGo(RtcOffer offer, LiveViewer viewer) =>
        viewer.Broadcast.Timeline.Audio is { Codec: not Codec.Opus } && offer.Video is not null
        && !viewer.Live.Renditions.CanTranscode(Codec.Opus) ? offer with { Audio = null } : offer;

    /// <summary>Null when the endpoint takes no more; the viewer is the session's in any case.</summary>
    private OpenSession? Open(HttpContext context, string id, LiveViewer viewer, RtcOffer offer, string name, IceCredentials local, RtcSources sources)
    {
        var whep = new WhepPeer(host.Endpoint, host.Senders, viewer, offer, sources, Limits, clock, (closed, end) =>
        {
            sessions.Remove(name);
            log.LogDebug("A WHEP viewer of broadcast {Broadcast} is gone: {Reason}, {End}", id, closed, end);
        });
        var peer = host.Endpoint.AddPeer(
            new RtcPeerOptions { Local = local, Remote = offer.Ice, RemoteFingerprint = offer.Fingerprint, Role = offer.Dtls }, whep);
        if (peer is null)
        {
            whep.OnClosed(RtcClosed.Here);
            return null;
        }

        var session = new OpenSession(
            name, viewer.Broadcast.Id, offer, peer, local, viewer.HasTicket ? null : AddressKey.Of(context.Connection.RemoteIpAddress));
        sessions.Add(session, peer);
        whep.Peer = peer;
        return session;
    }
}
