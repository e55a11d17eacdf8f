using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Files;

/// <summary>A picture as every answer shows one: enough to leave its place free while it loads.</summary>
internal sealed record PictureRef(Guid Id, int Width, int Height, string Color)
{
    public static PictureRef Of(StoredFile file) => new(file.Id, file.Width ?? 0, file.Height ?? 0, file.Color ?? "#000000");
}

/// <summary>A file as every answer shows one.</summary>
internal sealed record FileRef(Guid Id, string Name, long Size, string Type)
{
    public static FileRef Of(StoredFile file) => new(file.Id, file.Name, file.Size, file.Type);
}

/// <summary>Takes uploaded files into use and gives them back. Every call belongs into the transaction that writes or removes the place.</summary>
internal static class FileUses
{
    /// <summary>
    /// Uses the caller's own uploads at a place, in the given order. Null when one is not there, not the caller's or of another kind: then nothing is taken.
    /// </summary>
    public static async Task<List<StoredFile>?> ClaimAsync(
        WeirDb db, Guid owner, FileKind kind, IReadOnlyList<Guid> ids, FilePlace place, Guid placeId, CancellationToken cancellation, long seq = 0)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        var found = await db.Files.Where(f => ids.Contains(f.Id)).ToDictionaryAsync(f => f.Id, cancellation);
        return Take(db, found, owner, kind, ids, place, placeId, seq);
    }

    /// <summary>The answer for files that cannot be claimed.</summary>
    public static ProblemHttpResult Unknown(string field) => Problems.Field(field, "file-unknown", "One of the uploads is not there, or not yours.");

    /// <summary>The same with files that this transaction has read already, for many places at once. <paramref name="passedOn"/>: those of others that they may use here all the same.</summary>
    public static List<StoredFile>? Take(
        WeirDb db,
        IReadOnlyDictionary<Guid, StoredFile> found,
        Guid owner,
        FileKind kind,
        IReadOnlyList<Guid> ids,
        FilePlace place,
        Guid placeId,
        long seq,
        IReadOnlySet<(Guid Account, Guid File)>? passedOn = null)
    {
        var files = ids.Select(found.GetValueOrDefault).OfType<StoredFile>()
            .Where(f => f.Kind == kind && (f.OwnerId == owner || passedOn?.Contains((owner, f.Id)) == true)).ToList();
        if (files.Count != ids.Count || ids.Distinct().Count() != ids.Count)
        {
            return null;
        }

        foreach (var file in files)
        {
            file.ExpiresAt = null;
            db.FileUses.Add(new FileUse { FileId = file.Id, Place = place, PlaceId = placeId, Seq = seq });
        }

        return files;
    }

    /// <summary>The place is gone or shows other files: what nobody else uses is deleted soon. <paramref name="keep"/> stay in use.</summary>
    public static async Task ReleaseAsync(
        WeirDb db, FilePlace place, Guid placeId, DateTimeOffset now, CancellationToken cancellation, long? seq = null, IReadOnlyCollection<Guid>? keep = null)
    {
        var kept = keep ?? [];
        var uses = await db.FileUses
            .Where(u => u.Place == place && u.PlaceId == placeId && (seq == null || u.Seq == seq) && !kept.Contains(u.FileId))
            .ToListAsync(cancellation);
        if (uses.Count == 0)
        {
            return;
        }

        db.FileUses.RemoveRange(uses);
        var ids = uses.ConvertAll(u => u.FileId).Distinct().ToList();
        var files = await db.Files
            .Where(f => ids.Contains(f.Id) && !db.FileUses.Any(u => u.FileId == f.Id && !(u.Place == place && u.PlaceId == placeId && (seq == null || u.Seq == seq))))
            .ToListAsync(cancellation);
        files.ForEach(file => file.ExpiresAt = now);
    }
}
