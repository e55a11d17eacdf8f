using System.Buffers;
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
    /// <summary>Bytes of a body that are handed to the socket together: what a connection that does not read keeps in memory.</summary>
    private const int WriteBytes = 128 << 10;

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
        var gzip = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        var directives = new HlsDirectives(Value(query, "_HLS_msn"), Value(query, "_HLS_part"), Value(query, "_HLS_skip"));
        while (true)
        {
            var denied = WatchDenied.NotFound;
            if (!admission.TryCheck(id, ticket, out var rules, out var verified) || broadcasts.GetOrStart(rules) is not { } running
                || IsOneTooMany(context, running, verified, out denied))
            {
                admission.Denied(denied);
                await NotFoundAsync(context);
                return;
            }

            // It may wait for seconds: when the audience changes meanwhile, whoever waits is asked for their ticket again.
            var change = broadcasts.AudienceChange(rules.Broadcast);
            using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, change);
            try
            {
                var answer = await running.Outputs.Hls.PlaylistAsync(new HlsPlaylistRequest(name, directives, ticket, gzip, rules.Public), until.Token);
                // The rules change before the addresses do: with this, no new address reaches anybody who was cut.
                if (admission.TryCheck(id, ticket, out _, out _))
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

    private static async Task MediaAsync(HttpContext context, string id, string path, string rendition, string file, BroadcastDirectory broadcasts)
    {
        if (!Ids.TryParse(id, out var broadcast) || broadcasts.Find(broadcast) is null || broadcasts.FindRunning(broadcast) is not { } running)
        {
            await NotFoundAsync(context);
            return;
        }

        await WriteAsync(context, await running.Outputs.Hls.MediaAsync(path, rendition, file, context.RequestAborted));
    }

    private static bool IsOneTooMany(HttpContext context, LiveBroadcast running, Ticket? ticket, out WatchDenied denied)
    {
        var place = context.Connection.RemoteIpAddress?.ToString() ?? "";
        var seen = running.Viewers.TrySee(Polling.Of(ticket), ticket?.Id ?? Anonymous(place), place);
        denied = seen ? WatchDenied.None : WatchDenied.TooManySessions;
        return !seen;
    }

    private static async Task WriteAsync(HttpContext context, HlsResponse answer)
    {
        if (answer.Status == StatusCodes.Status404NotFound)
        {
            await NotFoundAsync(context);
            return;
        }

        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = answer.CacheControl;

        // Caches give one answer to pages and to players; the CORS middleware says this only to requests with an Origin.
        response.Headers.AccessControlAllowOrigin = "*";
        if (answer.ContentType == HlsResponse.PlaylistType)
        {
            // Media has one form; with this a cache would keep it once for every browser's list of encodings.
            response.Headers.Vary = "Accept-Encoding";
        }

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
        await WriteAsync(answer.Body, response.Body, context.RequestAborted);
    }

    /// <summary>A segment is many fragments: each handed on by itself would be a write to the socket, and a wait for it, of its own.</summary>
    private static async Task WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> pieces, Stream to, CancellationToken cancellation)
    {
        if (pieces.Count == 1)
        {
            await to.WriteAsync(pieces[0], cancellation);
            return;
        }

        var together = ArrayPool<byte>.Shared.Rent(WriteBytes);
        try
        {
            var length = 0;
            foreach (var piece in pieces)
            {
                var rest = piece;
                while (rest.Length > 0)
                {
                    var fits = Math.Min(rest.Length, together.Length - length);
                    rest[..fits].CopyTo(together.AsMemory(length));
                    rest = rest[fits..];
                    length += fits;
                    if (length == together.Length)
                    {
                        await to.WriteAsync(together.AsMemory(0, length), cancellation);
                        length = 0;
                    }
                }
            }

            await to.WriteAsync(together.AsMemory(0, length), cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(together);
        }
    }

    // Without a word about it some caches keep a 404 for minutes, and a part or a playlist may be there in a moment.
    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Problems.NotFound().ExecuteAsync(context);
    }

    private static string? Value(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Viewers of a public broadcast without a ticket are told apart by their address, as well as that goes.</summary>
    private static ulong Anonymous(string place) => (uint)HashCode.Combine(place, "hls");
}
