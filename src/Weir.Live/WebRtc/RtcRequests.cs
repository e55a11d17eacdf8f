using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Weir.Hosting;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary>What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) have in common as HTTP.</summary>
internal static partial class RtcRequests
{
    public const string Sdp = "application/sdp";
    public const string Fragment = "application/trickle-ice-sdpfrag";

    public static bool HasType(HttpRequest request, string type) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var given)
        && given.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>The body as text; null when it is longer than allowed or no UTF-8.</summary>
    public static async Task<string?> ReadAsync(HttpContext context, int most)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(most + 1);
        try
        {
            var length = await context.Request.Body.ReadAtLeastAsync(buffer.AsMemory(0, most + 1), most + 1, throwOnEndOfStream: false, context.RequestAborted);
            return length > most ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static ProblemHttpResult WrongType(HttpContext context, string accepted)
    {
        context.Response.Headers[accepted == Sdp ? "Accept-Post" : "Accept-Patch"] = accepted;
        return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", $"The body must be {accepted}.");
    }

    public static ProblemHttpResult Unreadable() => Problems.Of(StatusCodes.Status400BadRequest, "offer-unreadable", "This is no session description.");

    /// <summary>This broadcast, ticket or address has all the sessions it may have; others go on.</summary>
    public static ProblemHttpResult TooMany(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "5";
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-sessions", "There are too many sessions of this kind. Close one, or try again in a moment.");
    }

    /// <summary>No place for another session.</summary>
    public static ProblemHttpResult Full(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "5";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "There are too many WebRTC sessions.");
    }

    public static ProblemHttpResult Refuse(OfferRefusal refusal) => refusal switch
    {
        OfferRefusal.Malformed => Unreadable(),
        OfferRefusal.NoH264 => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-h264", "The offer has no H.264 with packetization mode 1."),
        OfferRefusal.NoMedia => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-media", "Nothing in the offer can be sent in this direction."),
        OfferRefusal.NoBundle => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-bundle", "The media must be bundled."),
        OfferRefusal.NoRtcpMux => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-rtcp-mux", "RTCP must be multiplexed."),
        OfferRefusal.NoFingerprint => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-fingerprint", "The offer has no SHA-256 fingerprint."),
        OfferRefusal.DtlsRole => Problems.Of(StatusCodes.Status422UnprocessableEntity, "offer-no-setup", "The offer does not say who begins the handshake."),
        _ => Problems.Of(StatusCodes.Status406NotAcceptable, "offer-no-ice", "The offer has no name and password of ICE."),
    };

    public static RtcLocal Local(RtcEndpoint endpoint, IceCredentials ice) => new(ice, endpoint.Fingerprint, endpoint.Candidates);

    /// <summary>201 with the answer.</summary>
    public static async Task CreatedAsync(HttpContext context, OpenSession session, string answer, string location, IReadOnlyList<string> iceServers)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.ContentType = Sdp;
        context.Response.Headers.Location = location;
        context.Response.Headers.ETag = session.ETag;
        context.Response.Headers.CacheControl = "no-store";
        if (iceServers.Count > 0)
        {
            // RFC 9725 4.6.
            context.Response.Headers.Link = iceServers.Select(server => $"<{server}>; rel=\"ice-server\"").ToArray();
        }

        await context.Response.WriteAsync(answer, context.RequestAborted);
    }

    /// <summary>Plain OPTIONS; those of a browser's preflight CORS has answered already.</summary>
    public static Ok Options(HttpContext context, string header, string value, string methods)
    {
        context.Response.Headers[header] = value;
        context.Response.Headers.Allow = methods;
        return TypedResults.Ok();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A {Role} offer for broadcast {Broadcast} was refused: {Reason}")]
    public static partial void LogRefused(ILogger log, RtcRole role, string broadcast, string reason);
}
