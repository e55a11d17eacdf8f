using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>
/// Refuses what would write for somebody while the disk has no room for it: 507. Reading and deleting always work, and so does what has
/// <see cref="NeedsNoRoom"/>. On PostgreSQL the database has a disk of its own, which says for itself when it is full
/// (<see cref="Data.FullDisks"/>); there only calls ask that write files.
/// </summary>
internal sealed class RoomForWrites(DiskRoom room, SocialOptions options, ILogger<RoomForWrites> log)
{
    private bool _refusing;

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (!NeedsRoom(context.Request.Method, context.GetEndpoint()))
        {
            await next(context);
            return;
        }

        if (room.MayWrite(context.Request.ContentLength ?? 0))
        {
            if (Interlocked.Exchange(ref _refusing, false))
            {
                log.LogInformation("There is room on the disk of {Directory} again", options.DataDirectory);
            }

            await next(context);
            return;
        }

        if (!room.MayWrite() && !Interlocked.Exchange(ref _refusing, true))
        {
            log.LogError("The disk of {Directory} is full: nothing is written for people until there is room. Reading, ending and deleting work", options.DataDirectory);
        }

        SocialMetrics.DiskFull.Add(1);
        await Problems.DiskFull().ExecuteAsync(context);
    });

    private bool NeedsRoom(string method, Endpoint? endpoint) =>
        (HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method))
        && endpoint is RouteEndpoint { RoutePattern.RawText: { } path } && path.TrimStart('/').StartsWith("api/", StringComparison.Ordinal)
        && options.Database == DatabaseProvider.Sqlite
        && endpoint.Metadata.GetMetadata<NeedsNoRoom>() is null;
}

/// <summary>
/// This call works on a full disk: it writes nothing, or little and for a good reason: it ends something, takes something away, or keeps
/// somebody out or safe. docs/limits.md lists them.
/// </summary>
internal sealed class NeedsNoRoom
{
    public static readonly NeedsNoRoom Mark = new();
}

internal static class NeedsNoRoomExtensions
{
    public static TBuilder OnFullDisks<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(NeedsNoRoom.Mark);
}
