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

/// <summary>Replays: a playlist for whoever has a ticket, media by its unguessable address, the comments and their deletion.</summary>
internal static class ReplayEndpoints
{
    public static void MapReplay(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/live/{id}/replay.m3u8", Playlist);
        routes.MapGet("/live/{id}/r/{path}/{file}", Media);
        routes.MapGet("/live/{id}/events", Events);
        routes.MapDelete("/live/{id}/comments/{comment}", DeleteAsync);
    }

    private static IResult Playlist(HttpContext context, string id, string? ticket, LiveAdmission admission, BroadcastDirectory broadcasts, ReplayStore replays, NodeKey key)
    {
        if (!admission.TryCheck(id, ticket, out var rules, out _))
        {
            admission.Denied(WatchDenied.NotFound);
            return Problems.NotFound();
        }

        if (!HasReplay(broadcasts, rules) || !replays.TryOpen(rules.Broadcast, out var lease))
        {
            return Problems.NotFound();
        }

        using (lease)
        {
            context.Response.Headers.CacheControl = rules.Public ? "public, max-age=60" : "private, no-store";
            return Results.Bytes(lease.Replay.Playlist(key.MediaPath(rules.Broadcast, rules.Epoch)), "application/vnd.apple.mpegurl");
        }
    }

    private static IResult Media(HttpContext context, string id, string path, string file, BroadcastDirectory broadcasts, ReplayStore replays, NodeKey key)
    {
        if (!Ids.TryParse(id, out var broadcast) || broadcasts.Find(broadcast) is not { } rules
            || !FixedTime.Equal(path, key.MediaPath(broadcast, rules.Epoch)) || !RecordingFiles.TryParseMedia(file, out _))
        {
            return Problems.NotFound();
        }

        var media = Path.Combine(replays.DirectoryOf(broadcast), file);
        if (!File.Exists(media))
        {
            return Problems.NotFound();
        }

        // One address for all viewers, which dies with the audience it was made for: shared caches may keep it.
        context.Response.Headers.CacheControl = "public, max-age=3600, immutable";
        return Results.File(media, "video/mp4", enableRangeProcessing: true);
    }

    private static IResult Events(
        HttpContext context, string id, string? ticket, long? from, long? to, LiveAdmission admission, BroadcastDirectory broadcasts, ReplayStore replays)
    {
        if (!admission.TryCheck(id, ticket, out var rules, out _))
        {
            admission.Denied(WatchDenied.NotFound);
            return Problems.NotFound();
        }

        context.Response.Headers.CacheControl = "private, no-store";
        var (first, end) = (from ?? 0, to ?? long.MaxValue);
        if (broadcasts.FindRunning(rules.Broadcast)?.Outputs.Events is { } events)
        {
            return Results.Bytes(events.Page(first, end).Json, "application/json");
        }

        if (!replays.TryOpen(rules.Broadcast, out var lease))
        {
            return Results.Bytes("""{"events":[],"next":null}"""u8.ToArray(), "application/json");
        }

        using (lease)
        {
            return Results.Bytes(lease.Replay.Events.Page(first, end).Json, "application/json");
        }
    }

    private static async Task<IResult> DeleteAsync(
        string id, string comment, string? ticket, LiveAdmission admission, BroadcastDirectory broadcasts, ReplayStore replays)
    {
        if (!admission.TryCheck(id, ticket, out var rules, out var verified) || verified is null or { IsAnonymous: true })
        {
            admission.Denied(WatchDenied.NotFound);
            return Problems.NotFound();
        }

        var running = broadcasts.FindRunning(rules.Broadcast);
        if (running?.Broadcast.Comments.Delete(comment, verified.Account, verified.IsHost) == true)
        {
            return Results.NoContent();
        }

        // Not among the comments the room remembers: an older one, or the broadcast is over.
        if (running?.Outputs.Events is { } events)
        {
            return await events.DeleteAsync(comment, verified.Account, verified.IsHost) ? Announce(running, comment) : Problems.NotFound();
        }

        if (!replays.TryOpen(rules.Broadcast, out var lease))
        {
            return Problems.NotFound();
        }

        using (lease)
        {
            return await lease.Replay.Events.DeleteAsync(comment, verified.Account, verified.IsHost) ? Results.NoContent() : Problems.NotFound();
        }
    }

    private static IResult Announce(LiveBroadcast running, string comment)
    {
        running.Broadcast.Comments.Announce(comment);
        return Results.NoContent();
    }

    private static bool HasReplay(BroadcastDirectory broadcasts, Rules rules) =>
        broadcasts.FindRunning(rules.Broadcast) is { } running ? running.Outputs.HasReplay : rules.Ended;
}
