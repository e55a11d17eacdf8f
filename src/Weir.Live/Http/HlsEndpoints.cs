using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Hls;

namespace Weir.Live.Http;

/// <summary>
/// LL-HLS: playlists for whoever has a ticket, media for whoever has its unguessable address. The answers themselves
/// are <see cref="HlsOrigin"/>'s.
/// </summary>
internal static class HlsEndpoints
{
    public static void MapHls(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/live/{id}/index.m3u8", (HttpContext context, string id, LiveAdmission admission, BroadcastDirectory broadcasts) =>
            PlaylistAsync(context, id, "index.m3u8", admission, broadcasts));
        routes.MapGet("/live/{id}/main.m3u8", (HttpContext context, string id, LiveAdmission admission, BroadcastDirectory broadcasts) =>
            PlaylistAsync(context, id, "main.m3u8", admission, broadcasts));
        routes.MapGet("/live/{id}/audio.m3u8", (HttpContext context, string id, LiveAdmission admission, BroadcastDirectory broadcasts) =>
            PlaylistAsync(context, id, "audio.m3u8", admission, broadcasts));
        routes.MapGet("/live/{id}/m/{path}/{rendition}/{file}", MediaAsync);
    }

    private static async Task PlaylistAsync(HttpContext context, string id, string name, LiveAdmission admission, BroadcastDirectory broadcasts)
    {
        var query = context.Request.Query;
        var ticket = query["ticket"].ToString() is { Length: > 0 } given ? given : null;
        if (!admission.TryCheck(id, ticket, out var rules, out var verified) || Running(broadcasts, rules) is not { } running)
        {
            admission.Denied(WatchDenied.NotFound);
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        running.Viewers.Saw(verified?.Id ?? Anonymous(context), verified?.Account ?? Guid.Empty, verified?.IsHost ?? false);
        var gzip = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        var directives = new HlsDirectives(Value(query, "_HLS_msn"), Value(query, "_HLS_part"), Value(query, "_HLS_skip"));
        var answer = await running.Outputs.Hls.PlaylistAsync(new HlsPlaylistRequest(name, directives, ticket, gzip, rules.Public), context.RequestAborted);

        // It may have waited for seconds: whoever was cut meanwhile gets no newer playlist.
        if (!admission.TryCheck(id, ticket, out _, out _))
        {
            admission.Denied(WatchDenied.NotFound);
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        await WriteAsync(context, answer);
    }

    private static async Task MediaAsync(HttpContext context, string id, string path, string rendition, string file, BroadcastDirectory broadcasts)
    {
        if (!Ids.TryParse(id, out var broadcast) || broadcasts.FindRunning(broadcast) is not { } running)
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        await WriteAsync(context, await running.Outputs.Hls.MediaAsync(path, rendition, file, context.RequestAborted));
    }

    /// <summary>A broadcast that has not begun is started for the first who waits for it; an ended one only lives on for a while.</summary>
    private static LiveBroadcast? Running(BroadcastDirectory broadcasts, Rules rules) =>
        rules.Ended ? broadcasts.FindRunning(rules.Broadcast) : broadcasts.GetOrStart(rules);

    private static async Task WriteAsync(HttpContext context, HlsResponse answer)
    {
        if (answer.Status == StatusCodes.Status404NotFound)
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = answer.CacheControl;
        response.Headers.Vary = "Accept-Encoding";
        if (answer.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (answer.ContentEncoding is { } encoding)
        {
            response.Headers.ContentEncoding = encoding;
        }

        response.ContentType = answer.ContentType;
        response.ContentLength = answer.ContentLength;
        foreach (var piece in answer.Body)
        {
            await response.Body.WriteAsync(piece, context.RequestAborted);
        }
    }

    private static string? Value(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Viewers of a public broadcast without a ticket are told apart by their address, as well as that goes.</summary>
    private static ulong Anonymous(HttpContext context) => (ulong)(uint)HashCode.Combine(context.Connection.RemoteIpAddress, "hls");
}
