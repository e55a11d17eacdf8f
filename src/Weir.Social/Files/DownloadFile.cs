using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Files;

/// <summary>
/// <c>GET /api/files/{id}</c>, of a picture also <c>?size=thumb</c>. Pictures are shown with their true type; everything else is only ever saved. No answer of this can
/// run anything: nothing is sniffed, and what is opened as a page is in a sandbox without rights.
/// </summary>
internal static class DownloadFile
{
    public static void Map(RouteGroupBuilder files) => files.MapGet("/{id}", HandleAsync).AllowAnonymous().WithCallLimit(CallLimit.Files);

    private static async Task<Results<PhysicalFileHttpResult, ProblemHttpResult>> HandleAsync(
        string id, Caller? caller, FileStore store, WeirDb db, TimeProvider clock, HttpContext context, ILogger<StoredFile> log, CancellationToken cancellation, string? size = null)
    {
        Ids.TryParse(id, out var wanted);
        var file = await FileReading.Readable(db, caller.IdOrNone(), clock.Now()).AsNoTracking().SingleOrDefaultAsync(f => f.Id == wanted, cancellation);
        if (file is null)
        {
            return Problems.NotFound();
        }

        var isPicture = file.Kind != FileKind.File;
        if (size is not null && !(isPicture && size == "thumb"))
        {
            return Problems.Field("size", "size-shape", "Pictures have the size thumb.");
        }

        var path = store.PathOf(file.Id, thumb: size is not null);
        if (!File.Exists(path))
        {
            log.LogError("The file {Id} is not in the files' directory", file.Id);
            return Problems.NotFound();
        }

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        var disposition = new ContentDispositionHeaderValue(isPicture ? "inline" : "attachment");
        disposition.SetHttpFileName(file.Name);
        headers.ContentDisposition = disposition.ToString();
        // The bytes behind an id never change. A file that may be read no longer must not be kept by the browser, though: it asks each time.
        headers.CacheControl = isPicture ? "private, max-age=31536000, immutable" : "private, no-cache";
        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{file.Id:N}{(size is null ? "" : "-thumb")}\"");
        return TypedResults.PhysicalFile(
            path, isPicture ? file.Type : "application/octet-stream", lastModified: file.CreatedAt, entityTag: new EntityTagHeaderValue(tag), enableRangeProcessing: true);
    }
}

/// <summary>Who may read a file: its owner, and whoever sees a place where it is used.</summary>
internal static class FileReading
{
    public static IQueryable<StoredFile> Readable(WeirDb db, Guid viewer, DateTimeOffset now)
    {
        var moments = db.Moments.AsSeenBy(viewer).WhereVisible(db, now);
        return db.Files.Where(f =>
            (viewer != Guid.Empty && f.OwnerId == viewer)
            || db.FileUses.Any(u => u.FileId == f.Id
                && ((u.Place == FilePlace.Message && db.ConversationMembers.Any(m => m.ConversationId == u.PlaceId && m.AccountId == viewer && u.Seq > m.FromSeq))
                    || (u.Place == FilePlace.Moment && moments.Any(m => m.Item.Id == u.PlaceId))
                    || (u.Place == FilePlace.Report && db.Accounts.Any(a => a.Id == viewer && a.IsAdmin))
                    || (u.Place == FilePlace.Avatar && (viewer != Guid.Empty || db.OfficialAccounts.Any(o => o.Id == u.PlaceId && o.Open && o.ClosedAt == null)))
                    || ((u.Place == FilePlace.Article || u.Place == FilePlace.PublishedArticle)
                        && db.Articles.Any(a => a.Id == u.PlaceId && a.DeletedAt == null
                        && db.OfficialAccounts.Any(o => o.Id == a.OfficialAccountId && o.ClosedAt == null
                            && ((u.Place == FilePlace.PublishedArticle && a.IsPublished && (o.Open || viewer != Guid.Empty))
                                || db.OfficialEditors.Any(e => e.OfficialAccountId == o.Id && e.AccountId == viewer && e.AcceptedAt != null))))))));
    }
}
