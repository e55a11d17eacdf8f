using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Exports;

/// <summary><c>/api/me/export</c>: ask for a copy of everything I have written, see how far it is, download it, delete it. Only its owner's session finds it.</summary>
internal static class ExportCalls
{
    internal sealed record Request(string? Language);

    internal sealed record Status(ExportState State, int Done, int Total, long Size, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string? Fault);

    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<ExportFiles>().AddSingleton<ExportDesk>();
        services.AddHostedService(provider => provider.GetRequiredService<ExportDesk>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        var export = api.MapGroup("/me/export").WithTags("Export");
        export.MapPost("", BeginAsync);
        export.MapGet("", async Task<Results<Ok<Status>, ProblemHttpResult>> (Caller caller, WeirDb db, CancellationToken cancellation) =>
            await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.AccountId == caller.Id, cancellation) is { } found ? TypedResults.Ok(Of(found)) : Problems.NotFound());
        export.MapGet("/file", DownloadAsync).TakesLong();
        export.MapDelete("", DeleteAsync);
    }

    private static async Task<Results<Created<Status>, ProblemHttpResult>> BeginAsync(
        Request request,
        Caller caller,
        WriteScope write,
        WeirDb db,
        ExportDesk desk,
        ExportFiles files,
        DiskRoom room,
        Limits limits,
        DearCalls dear,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        var now = clock.Now();
        if (await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.AccountId == caller.Id && (e.State == ExportState.Waiting || e.State == ExportState.Working), cancellation) is { } running)
        {
            return TypedResults.Created("/api/me/export", Of(running));
        }

        if (!dear.TryTake(DearCall.Exports, limits.Exports, caller.Handle, context.Connection.RemoteIpAddress, out var retryAfter))
        {
            return Problems.Throttled(context, retryAfter);
        }

        // Pictures and files are most of it.
        var size = await db.Files.Where(f => f.OwnerId == caller.Id && f.ExpiresAt == null).SumAsync(f => f.Size, cancellation);
        if (!room.MayWrite(size))
        {
            return Problems.DiskFull();
        }

        var (export, old) = await write.RunAsync(async () =>
        {
            var before = await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.AccountId == caller.Id, cancellation);
            await db.Exports.Where(e => e.AccountId == caller.Id).ExecuteDeleteAsync(cancellation);
            var made = new Export
            {
                AccountId = caller.Id,
                FileId = Guid.NewGuid(),
                Language = request.Language == "zh" ? "zh" : "en",
                CreatedAt = now,
            };
            db.Exports.Add(made);
            return (made, before);
        }, cancellation);
        if (old is not null)
        {
            files.Delete(old.FileId);
        }

        desk.Wake();
        return TypedResults.Created("/api/me/export", Of(export));
    }

    private static async Task<Results<PhysicalFileHttpResult, ProblemHttpResult>> DownloadAsync(
        Caller caller, WeirDb db, ExportFiles files, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        var found = await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.AccountId == caller.Id && e.State == ExportState.Ready, cancellation);
        if (found is not { ReadyAt: { } ready } || clock.Now() - ready > Export.KeptFor || !File.Exists(files.PathOf(found.FileId)))
        {
            return Problems.NotFound();
        }

        context.Response.Headers.CacheControl = "private, no-store";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
        return TypedResults.PhysicalFile(
            files.PathOf(found.FileId), "application/zip", $"weir-{caller.Handle}-{ready:yyyy-MM-dd}.zip", lastModified: ready, enableRangeProcessing: true);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Caller caller, WriteScope write, WeirDb db, ExportFiles files, CancellationToken cancellation)
    {
        if (await RemoveAsync(db, write, caller.Id, cancellation) is not { } file)
        {
            return Problems.NotFound();
        }

        files.Delete(file);
        return TypedResults.NoContent();
    }

    private static async Task<Guid?> RemoveAsync(WeirDb db, WriteScope write, Guid account, CancellationToken cancellation) => await write.RunAsync(async () =>
    {
        var found = await db.Exports.SingleOrDefaultAsync(e => e.AccountId == account, cancellation);
        if (found is not null)
        {
            db.Exports.Remove(found);
        }

        return found?.FileId;
    }, cancellation);

    private static Status Of(Export export) => new(
        export.State, export.Done, export.Total, export.Size, export.CreatedAt, export.ReadyAt is { } ready ? ready + Export.KeptFor : null, export.Fault);
}
