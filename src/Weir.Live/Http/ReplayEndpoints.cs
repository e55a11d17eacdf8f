using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Recordings;
using Weir.Media.Broadcasting;
using Weir.Media.Recording;

namespace Weir.Live.Http;

/// <summary>Replays: a playlist for whoever has a ticket, media for whoever has the address out of it, the comments and their deletion.</summary>
internal static class ReplayEndpoints
{
    public static void MapReplay(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/live/{id}/replay.m3u8", Playlist);
        routes.MapGet("/live/{id}/r/{path}/{file}", MediaAsync);
        routes.MapGet("/live/{id}/events", Events);
        routes.MapDelete("/live/{id}/comments/{comment}", DeleteAsync);
        routes.MapPost("/live/{id}/comments/{comment}/statement", State);
    }

    /// <summary>The path element of media that needs no ticket.</summary>
    private const string Open = "public";

    private static IResult Playlist(
        HttpContext context, string id, string? ticket, RequestLimits limits, BroadcastDirectory broadcasts, ReplayStore replays)
    {
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out var rules, out _, out var refusal))
        {
            return refusal;
        }

        if (!HasReplay(broadcasts, rules) || !replays.TryOpen(rules.Broadcast, out var lease))
        {
            return Problems.NotFound();
        }

        using (lease)
        {
            context.Response.Headers.CacheControl = rules.Public ? "public, max-age=60" : "private, no-store";

            // Players read a VOD playlist once. An address for all that a cut re-keys would stop everybody who stays, so
            // each viewer's carries their ticket.
            return Results.Bytes(lease.Replay.Playlist(rules.Public || ticket is null ? Open : ticket), "application/vnd.apple.mpegurl");
        }
    }

    private static async Task MediaAsync(
        HttpContext context,
        string id,
        string path,
        string file,
        LiveAdmission admission,
        RequestLimits limits,
        BroadcastDirectory broadcasts,
        ReplayStore replays)
    {
        var ticket = path == Open ? null : path;
        if (!limits.TryEnter(context, id, ticket, 1, out var rules, out _, out var refusal))
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        if (!HasReplay(broadcasts, rules) || !RecordingFiles.TryParseMedia(file, out _)
            || Path.Combine(replays.DirectoryOf(rules.Broadcast), file) is var media && !File.Exists(media))
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        // A file may be hours long and its reader slow: a cut ends what is under way too.
        using var watch = new AudienceWatch(broadcasts, rules.Broadcast, () => admission.TryCheck(id, ticket, out _, out _), context.Abort);
        context.Response.Headers.CacheControl = rules.Public ? "public, max-age=300" : "private, max-age=3600";
        await Results.File(media, "video/mp4", enableRangeProcessing: true).ExecuteAsync(context);
    }

    private static IResult Events(
        HttpContext context,
        string id,
        string? ticket,
        long? from,
        long? to,
        RequestLimits limits,
        BroadcastDirectory broadcasts,
        ReplayStore replays)
    {
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out var rules, out _, out var refusal))
        {
            return refusal;
        }

        context.Response.Headers.CacheControl = "private, no-store";
        var (first, end) = (from ?? 0, to ?? long.MaxValue);
        if (broadcasts.FindRunning(rules.Broadcast)?.Outputs.Events is { } events)
        {
            return Results.Bytes(events.Page(first, end, rules.Names).Json, "application/json");
        }

        if (!replays.TryOpen(rules.Broadcast, out var lease))
        {
            return Results.Bytes("""{"events":[],"next":null}"""u8.ToArray(), "application/json");
        }

        using (lease)
        {
            return Results.Bytes(lease.Replay.Events.Page(first, end, rules.Names).Json, "application/json");
        }
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context, string id, string comment, string? ticket, RequestLimits limits, CommentRemoval comments)
    {
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out var rules, out var verified, out var refusal))
        {
            return refusal;
        }

        return verified is { IsAnonymous: false } && await comments.RemoveAsync(rules.Broadcast, comment, verified.Account, verified.IsHost)
            ? Results.NoContent()
            : limits.NotFound(context);
    }

    /// <summary>For whoever reports a comment: signed, so that the social plane believes it.</summary>
    private static IResult State(
        HttpContext context,
        string id,
        string comment,
        string? ticket,
        NodeKey key,
        RequestLimits limits,
        BroadcastDirectory broadcasts,
        ReplayStore replays)
    {
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out var rules, out _, out var refusal))
        {
            return refusal;
        }

        var running = broadcasts.FindRunning(rules.Broadcast);
        var found = running?.Broadcast.Comments.Find(comment) ?? running?.Outputs.Events?.Find(comment);
        if (found is null && running is null && replays.TryOpen(rules.Broadcast, out var lease))
        {
            using (lease)
            {
                found = lease.Replay.Events.Find(comment);
            }
        }

        if (found is null || !Ids.TryParse(found.Account, out var account))
        {
            return limits.NotFound(context);
        }

        context.Response.Headers.CacheControl = "private, no-store";
        var name = rules.Names.GetValueOrDefault(account, found.Name);
        var statement = new CommentStatement(rules.Broadcast, found.Id, account, name, found.Text, found.At, found.Time);
        return Results.Json(new { statement = statement.Sign(key) });
    }

    private static bool HasReplay(BroadcastDirectory broadcasts, Rules rules) =>
        broadcasts.FindRunning(rules.Broadcast) is { } running ? running.Outputs.HasReplay : broadcasts.HasEnded(rules);
}
