using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Hls;

namespace Weir.Live.Http;

/// <summary>
/// LL-HLS: playlists for whoever has a ticket, media for whoever has its unguessable address. The answers themselves
/// are <see cref="HlsOrigin"/>'s.
/// </summary>
internal sealed class HlsEndpoints(LiveAdmission admission, BroadcastDirectory broadcasts, RequestLimits limits)
{
    /// <summary>Bytes of a body that are handed to the socket together: what a connection that does not read keeps in memory.</summary>
    private const int WriteBytes = 128 << 10;

    // Most of a live plane's requests are these: they leave the pipeline at the routing, and bind what they need by themselves.
    public static void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var hls = new HlsEndpoints(
            services.GetRequiredService<LiveAdmission>(),
            services.GetRequiredService<BroadcastDirectory>(),
            services.GetRequiredService<RequestLimits>());
        routes.MapGet("/live/{id}/index.m3u8", context => hls.PlaylistAsync(context, "index.m3u8")).ShortCircuit();
        routes.MapGet("/live/{id}/main.m3u8", context => hls.PlaylistAsync(context, "main.m3u8")).ShortCircuit();
        routes.MapGet("/live/{id}/audio.m3u8", context => hls.PlaylistAsync(context, "audio.m3u8")).ShortCircuit();
        routes.MapGet("/live/{id}/m/{path}/{rendition}/{file}", hls.MediaAsync).ShortCircuit();
    }

    private async Task PlaylistAsync(HttpContext context, string name)
    {
        var id = Value(context, "id");
        var query = context.Request.Query;
        var ticket = query["ticket"].ToString() is { Length: > 0 } given ? given : null;
        var gzip = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        var directives = new HlsDirectives(Value(query, "_HLS_msn"), Value(query, "_HLS_part"), Value(query, "_HLS_skip"));
        for (var counted = false; ; counted = true)
        {
            if (!admission.TryCheck(id, ticket, out var rules, out var verified))
            {
                admission.Denied(WatchDenied.NotFound);
                await RefuseAsync(context, limits.NotFound(context));
                return;
            }

            if (!counted && limits.Take(context, verified) is { } refusal)
            {
                await RefuseAsync(context, refusal);
                return;
            }

            var denied = WatchDenied.NotFound;
            if (broadcasts.GetOrStart(rules) is not { } running || IsOneTooMany(context, running, verified, out denied))
            {
                admission.Denied(denied);
                await RefuseAsync(context, Problems.NotFound());
                return;
            }

            // It may wait for seconds: when the audience changes meanwhile, whoever waits is asked for their ticket again.
            var change = broadcasts.AudienceChange(rules.Broadcast);
            try
            {
                var answer = await running.Outputs.Hls.PlaylistAsync(new HlsPlaylistRequest(name, directives, ticket, gzip, rules.Public), context.RequestAborted, change);
                // The rules change before the addresses do: with this, no new address reaches anybody who was cut.
                if (admission.StillAllows(rules, verified))
                {
                    await WriteAsync(context, answer);
                    return;
                }
            }
            catch (OperationCanceledException) when (change.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
            {
                // Asked again above.
            }
        }
    }

    private async Task MediaAsync(HttpContext context)
    {
        if (!Ids.TryParse(Value(context, "id"), out var broadcast) || broadcasts.Find(broadcast) is null || broadcasts.FindRunning(broadcast) is not { } running)
        {
            await RefuseAsync(context, limits.NotFound(context));
            return;
        }

        // Before it waits for what is not there yet.
        if (limits.Take(context, ticket: null) is { } refusal)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        await WriteAsync(context, await running.Outputs.Hls.MediaAsync(Value(context, "path"), Value(context, "rendition"), Value(context, "file"), context.RequestAborted));
    }

    private static bool IsOneTooMany(HttpContext context, LiveBroadcast running, Ticket? ticket, out WatchDenied denied)
    {
        var place = context.Connection.RemoteIpAddress ?? IPAddress.None;
        var seen = running.Viewers.TrySee(Polling.Of(ticket), ticket?.Id ?? Anonymous(place), place);
        denied = seen ? WatchDenied.None : WatchDenied.TooManySessions;
        return !seen;
    }

    private async Task WriteAsync(HttpContext context, HlsResponse answer)
    {
        if (answer.Status == StatusCodes.Status404NotFound)
        {
            await RefuseAsync(context, limits.NotFound(context));
            return;
        }

        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = answer.CacheControl;

        AllowPages(response);
        if (answer.ContentType == HlsResponse.PlaylistType)
        {
            // Media has one form; with this a cache would keep it once for every browser's list of encodings.
            response.Headers.Vary = "Accept-Encoding";
        }

        if (answer.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            response.Headers.AccessControlExposeHeaders = "Retry-After";
        }

        if (answer.ContentEncoding is { } encoding)
        {
            response.Headers.ContentEncoding = encoding;
        }

        response.ContentType = answer.ContentType;
        response.ContentLength = answer.ContentLength;
        await WriteAsync(answer.Body, response);
    }

    /// <summary>
    /// A segment is many fragments: each handed on by itself would be a write to the socket, and a wait for it, of its own. They are copied once, to where
    /// Kestrel sends from. What is short it sends by itself, with the headers, when the request is over: nothing waits here, nor in the pipeline around.
    /// </summary>
    private static async Task WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> pieces, HttpResponse response)
    {
        await response.StartAsync();
        var body = response.BodyWriter;
        var (unsent, flushed) = (0, false);
        for (var i = 0; i < pieces.Count; i++)
        {
            var rest = pieces[i];
            while (rest.Length > WriteBytes - unsent)
            {
                body.Write(rest.Span[..(WriteBytes - unsent)]);
                rest = rest[(WriteBytes - unsent)..];
                (unsent, flushed) = (0, true);
                if ((await body.FlushAsync(response.HttpContext.RequestAborted)).IsCompleted)
                {
                    return;
                }
            }

            body.Write(rest.Span);
            unsent += rest.Length;
        }

        if (flushed)
        {
            // Over HTTP/1.1 Kestrel looks only at what it wrote itself since the last flush, and would forget these.
            await body.FlushAsync(response.HttpContext.RequestAborted);
        }
    }

    // Without a word about it some caches keep a 404 for minutes, and a part or a playlist may be there in a moment.
    private static Task RefuseAsync(HttpContext context, IResult refusal)
    {
        context.Response.Headers.CacheControl = "no-store";
        AllowPages(context.Response);
        return refusal.ExecuteAsync(context);
    }

    // The CORS middleware comes later, and would say it only to requests with an Origin: caches give one answer to pages and to players.
    private static void AllowPages(HttpResponse response) => response.Headers.AccessControlAllowOrigin = "*";

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static string? Value(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Viewers of a public broadcast without a ticket are told apart by their address, as well as that goes.</summary>
    private static ulong Anonymous(IPAddress place) => (uint)HashCode.Combine(place, "hls");
}
