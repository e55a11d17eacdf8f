using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Http;
using Weir.Media.Formats;
using Weir.Media.WebRtc.Negotiation;

namespace Weir.Live.WebRtc;

/// <summary>What can be done to an open session by its URL: trickle and restart ICE, end it. The URL is unguessable and names nobody's ticket or token.</summary>
internal static class SessionEndpoints
{
    public static void MapRtcSessions(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/whip/{id}/{name}", RtcRole.Publish);
        Map(routes, "/live/{id}/whep/{name}", RtcRole.Play);
    }

    private static void Map(IEndpointRouteBuilder routes, string pattern, RtcRole role)
    {
        routes.MapPatch(pattern, (
            HttpContext context, string id, string name, RtcSessions sessions, RequestLimits limits, RtcHost host, WhepEndpoint whep) =>
            RtcRequests.HasType(context.Request, RtcRequests.Sdp) && TakePending(sessions, id, name, role) is { } pending
                ? whep.AnsweredAsync(context, id, pending)
                : PatchAsync(context, Find(sessions, id, name, role), sessions, limits, name, host));
        routes.MapDelete(pattern, (HttpContext context, string id, string name, RtcSessions sessions, RequestLimits limits) =>
            TakePending(sessions, id, name, role) is null ? Delete(context, Find(sessions, id, name, role), limits) : TypedResults.Ok());

        // RFC 9725 4.1: there is nothing to get, which is no mistake.
        routes.MapGet(pattern, (HttpContext context, string id, string name, RtcSessions sessions, RequestLimits limits) =>
            Find(sessions, id, name, role) is null
                ? Gone(context, sessions, limits, name)
                : limits.Take(context, ticket: null) ?? (IResult)TypedResults.NoContent());
        routes.MapMethods(pattern, [HttpMethods.Options], (HttpContext context) => RtcRequests.Options(context, "Accept-Patch", RtcRequests.Fragment, "GET, PATCH, DELETE, OPTIONS"));
    }

    private static OpenSession? Find(RtcSessions sessions, string id, string name, RtcRole role) =>
        Ids.TryParse(id, out var broadcast) ? sessions.Find(name, broadcast, role) : null;

    private static PendingSession? TakePending(RtcSessions sessions, string id, string name, RtcRole role) =>
        role == RtcRole.Play && Ids.TryParse(id, out var broadcast) ? sessions.TakePending(name, broadcast) : null;

    private static ProblemHttpResult Gone(HttpContext context, RtcSessions sessions, RequestLimits limits, string name) =>
        sessions.WasReplaced(name)
            ? Problems.Of(StatusCodes.Status410Gone, "replaced", "Another publisher took over.")
            : limits.NotFound(context);

    private static IResult Delete(HttpContext context, OpenSession? session, RequestLimits limits)
    {
        if (session is null)
        {
            return limits.NotFound(context);
        }

        session.Close();
        return TypedResults.Ok();
    }

    private static async Task<IResult> PatchAsync(
        HttpContext context, OpenSession? session, RtcSessions sessions, RequestLimits limits, string name, RtcHost host)
    {
        if (session is null)
        {
            return Gone(context, sessions, limits, name);
        }

        if (limits.Take(context, ticket: null) is { } throttled)
        {
            return throttled;
        }

        if (!RtcRequests.HasType(context.Request, RtcRequests.Fragment))
        {
            return RtcRequests.WrongType(context, RtcRequests.Fragment);
        }

        var matches = context.Request.Headers.IfMatch.ToString();
        if (matches.Length == 0)
        {
            return Problems.Of(StatusCodes.Status428PreconditionRequired, "if-match-missing", "If-Match must name the ICE session.");
        }

        IceFragment fragment;
        try
        {
            if (await RtcRequests.ReadAsync(context, IceFragment.MaxLength) is not { } text)
            {
                return RtcRequests.Unreadable();
            }

            fragment = IceFragment.Read(text);
        }
        catch (MalformedException)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "fragment-unreadable", "This is no ICE fragment.");
        }

        if (matches != "*" && !matches.Split(',').Any(tag => tag.Trim() == session.ETag))
        {
            return Problems.Of(StatusCodes.Status412PreconditionFailed, "if-match-stale", "ICE was restarted since.");
        }

        if (!session.IsRestart(fragment.Ice))
        {
            // The candidates of a client are of no use to an ICE-lite agent: it answers where it is asked from.
            return TypedResults.NoContent();
        }

        var local = session.Restart(fragment.Ice!);
        context.Response.Headers.ETag = session.ETag;
        return TypedResults.Text(IceFragment.Write(RtcRequests.Local(host.Endpoint, local), session.Mid), RtcRequests.Fragment);
    }
}
