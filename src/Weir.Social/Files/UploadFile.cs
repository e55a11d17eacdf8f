using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Files;

/// <summary>
/// <c>POST /api/files?name=NAME&amp;as=picture|file|avatar</c> with the bytes as the body. It goes to the disk as it comes; a picture is made anew before it is answered. Whatever
/// is uploaded and not used is deleted. What is sent as a file keeps where it was made only with <c>location=keep</c>.
/// </summary>
internal static class UploadFile
{
    private const string KeepLocation = "keep";
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    /// <param name="LocationRemoved">Something that says where a picture or a video was made was taken out of the file.</param>
    internal sealed record Answer(Guid Id, FileKind Kind, string Name, long Size, string Type, int? Width, int? Height, string? Color, bool LocationRemoved);

    public static void Map(RouteGroupBuilder files) => files.MapPost("", HandleAsync).TakesLong()
        .Accepts<byte[]>("*/*").WithMetadata(CountedElsewhere.Mark);

    private static async Task<Results<Created<Answer>, ProblemHttpResult>> HandleAsync(
        Caller caller,
        FileLimits limits,
        UploadThrottle throttle,
        DearCalls dear,
        FileStore store,
        DiskRoom room,
        Pictures pictures,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation,
        string? name = null,
        string? @as = null,
        string? crop = null,
        string? location = null)
    {
        // This call counts by itself. The listener's own limit would cut the connection, and who sends too much would never read why.
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        // Nor does the listener's own rate know how large a place this takes (FileLimits.MinBytesPerSecond).
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (!Enum.TryParse<FileKind>(@as, ignoreCase: true, out var kind) || !Enum.IsDefined(kind) || char.IsAsciiDigit(@as[0]))
        {
            return Problems.Field("as", "as-shape", "A file is uploaded as picture, file or avatar.");
        }

        if (FileName.Parse(name, kind == FileKind.File ? "file" : "picture") is not { } safe)
        {
            return Problems.Field("name", "file-name-shape", "The name is not UTF-8.");
        }

        if (!TryParseCrop(crop, out var part))
        {
            return Problems.Field("crop", "crop-shape", "The crop is x,y,size in pixels of the upright picture.");
        }

        var limit = kind == FileKind.File ? limits.MaxFile : limits.MaxPicture;
        if (context.Request.ContentLength > limit)
        {
            return TooLarge(limit);
        }

        var address = AddressKey.Of(context.Connection.RemoteIpAddress);
        if (!dear.TryTake(DearCall.Uploads, throttle.Uploads, caller.Id.ToText(), address, out var retryAfter))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (!room.MayWrite(context.Request.ContentLength ?? 0))
        {
            return Problems.DiskFull();
        }

        switch (throttle.Places.TryEnter(caller.Id.ToText(), address, out var place))
        {
            case PlaceRefusal.YoursAreTaken:
                return Problems.Throttled(context, Later);
            case PlaceRefusal.AllAreTaken:
                return Busy.Problem(context, "Too many uploads at once. Try again in a moment.", Later);
        }

        using var taken = place;
        if (await UsedByAsync(db, caller.Id, cancellation) + (context.Request.ContentLength ?? 0) > limits.PerPerson)
        {
            return OverQuota();
        }

        string? received = null;
        try
        {
            (received, var length) = await store.ReceiveAsync(context.Request.Body, limit, cancellation);
            if (length <= 0)
            {
                return length < 0 ? TooLarge(limit) : Problems.Field("file", "empty", "There are no bytes in this file.");
            }

            var now = clock.Now();
            StoredFile file;
            var withoutLocation = false;
            if (kind == FileKind.File)
            {
                withoutLocation = location != KeepLocation && await pictures.RemoveLocationAsync(caller.Id, received, cancellation);
                file = new StoredFile
                {
                    Id = Guid.NewGuid(), OwnerId = caller.Id, Kind = kind, Name = safe, Type = FileName.TypeOf(safe), Size = length, CreatedAt = now, ExpiresAt = now + limits.UnusedFor,
                };
                store.Keep(received, file.Id);
            }
            else
            {
                var (picture, fault) = await pictures.MakeAsync(caller.Id, received, kind, part, cancellation);
                if (picture is null)
                {
                    return Pictures.Problem(fault);
                }

                file = await KeepAsync(store, picture, kind, caller.Id, safe, now, now + limits.UnusedFor, cancellation);
            }

            return await AddAsync(file, withoutLocation, limits, store, write, db, cancellation);
        }
        catch (TooSlowException)
        {
            return Problems.Of(StatusCodes.Status408RequestTimeout, "too-slow", "The bytes came too slowly. Try again with a better connection.");
        }
        finally
        {
            if (received is not null)
            {
                FileStore.Discard(received);
            }
        }
    }

    /// <summary>A made picture on disk, with the row that is to be added for it.</summary>
    public static async Task<StoredFile> KeepAsync(
        FileStore store, MadePicture picture, FileKind kind, Guid owner, string name, DateTimeOffset now, DateTimeOffset? expires, CancellationToken cancellation)
    {
        var id = Guid.NewGuid();
        store.Keep(await store.WriteAsync(picture.Thumb, cancellation), id, thumb: true);
        store.Keep(await store.WriteAsync(picture.Bytes, cancellation), id);
        return new StoredFile
        {
            Id = id,
            OwnerId = owner,
            Kind = kind,
            // The extension says what it is now.
            Name = Path.GetFileNameWithoutExtension(name) + (picture.Type == "image/webp" ? ".webp" : ".jpg"),
            Type = picture.Type,
            Size = picture.Bytes.Length,
            ThumbSize = picture.Thumb.Length,
            Width = picture.Width,
            Height = picture.Height,
            Color = picture.Color,
            CreatedAt = now,
            ExpiresAt = expires,
        };
    }

    private static async Task<Results<Created<Answer>, ProblemHttpResult>> AddAsync(
        StoredFile file, bool withoutLocation, FileLimits limits, FileStore store, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        var added = false;
        try
        {
            added = await write.RunAsync(async () =>
            {
                // Asked again: others of the same person came in meanwhile.
                if (await UsedByAsync(db, file.OwnerId, cancellation) + file.Size + file.ThumbSize > limits.PerPerson)
                {
                    return false;
                }

                db.Files.Add(file);
                return true;
            }, cancellation);
        }
        finally
        {
            if (!added)
            {
                store.Delete(file.Id);
            }
        }

        return added
            ? TypedResults.Created($"/api/files/{file.Id:N}", new Answer(file.Id, file.Kind, file.Name, file.Size, file.Type, file.Width, file.Height, file.Color, withoutLocation))
            : OverQuota();
    }

    /// <summary>What a person's files take of the disk.</summary>
    public static Task<long> UsedByAsync(WeirDb db, Guid person, CancellationToken cancellation) =>
        db.Files.Where(f => f.OwnerId == person).SumAsync(f => f.Size + f.ThumbSize, cancellation);

    private static ProblemHttpResult TooLarge(long limit) => Problems.Of(
        StatusCodes.Status413PayloadTooLarge, "file-too-large", string.Create(CultureInfo.InvariantCulture, $"At most {limit >> 20} MB."));

    private static ProblemHttpResult OverQuota() => Problems.Conflict("quota", "Your files take all the space that you have here.");

    private static bool TryParseCrop(string? typed, out Crop? crop)
    {
        crop = null;
        if (typed is null)
        {
            return true;
        }

        var parts = typed.Split(',');
        if (parts.Length != 3)
        {
            return false;
        }

        Span<int> numbers = stackalloc int[3];
        for (var i = 0; i < 3; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] > 1_000_000)
            {
                return false;
            }
        }

        crop = new Crop(numbers[0], numbers[1], numbers[2]);
        return numbers[2] > 0;
    }
}
