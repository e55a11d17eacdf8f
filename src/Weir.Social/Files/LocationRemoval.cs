using System.Buffers.Binary;

namespace Weir.Social.Files;

/// <summary>
/// Takes where it was made out of a picture or a video that is sent as a file: cameras write it down, and hardly anybody knows.
/// In place, so that nothing else of the file changes: the positions of Exif, XMP and IPTC in JPEG, PNG, WebP, TIFF and HEIF,
/// the place of ISO and QuickTime files. Pictures that are sent as pictures are made anew and have none.
/// </summary>
/// <remarks>What is left as it is, docs/protocol.md says.</remarks>
internal static class LocationRemoval
{
    private const int MagicLength = 16;

    /// <summary>Whether its first bytes are of a kind in which something is looked for.</summary>
    public static bool MayHave(string path)
    {
        Span<byte> start = stackalloc byte[MagicLength];
        using var file = File.OpenRead(path);
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        return IsBoxes(start) || IsPicture(start);
    }

    /// <summary>
    /// Whether something was taken out. What is not such a file, is broken or is more than <see cref="RemovalBudget"/> allows
    /// stays as it is.
    /// </summary>
    public static bool Remove(string path, CancellationToken cancellation)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        return Remove(file, cancellation);
    }

    /// <summary>As above, in a file that is open for reading and writing.</summary>
    internal static bool Remove(Stream file, CancellationToken cancellation)
    {
        file.Position = 0;
        var head = new byte[(int)Math.Min(file.Length, RemovalBudget.MaxHead)];
        file.ReadExactly(head);
        var isBoxes = IsBoxes(head);
        if (!isBoxes && !IsPicture(head))
        {
            return false;
        }

        // What is taken out can change what else there is, where structures overlap: until nothing is found any more.
        var budget = new RemovalBudget(head.Length, cancellation);
        var (fromHead, passes) = (false, 0);
        while (CleanHead(head, isBoxes, budget) && !budget.Exceeded && budget.TakePass(++passes))
        {
            fromHead = true;
            budget = new RemovalBudget(head.Length, cancellation);
        }

        var movie = isBoxes ? IsoPlaces.Clean(file, head, budget) : null;
        if (budget.Exceeded)
        {
            SocialMetrics.LocationBounds.Add(1);
            return false;
        }

        if (fromHead)
        {
            file.Position = 0;
            file.Write(head);
        }

        if (movie is not null)
        {
            file.Position = movie.At;
            file.Write(movie.Bytes);
        }

        return fromHead || movie is not null;
    }

    private static bool IsBoxes(ReadOnlySpan<byte> head) => head.Length > 12 && head.Slice(4, 4).SequenceEqual("ftyp"u8);

    private static bool IsPicture(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || head.StartsWith(PngPlaces.Mark) || TiffPlaces.IsTiff(head)
        || (head.Length > 12 && head.StartsWith("RIFF"u8) && head.Slice(8, 4).SequenceEqual("WEBP"u8));

    private static bool CleanHead(Span<byte> head, bool isBoxes, RemovalBudget budget) =>
        isBoxes ? CleanBoxes(head, budget)
        : head.StartsWith(PngPlaces.Mark) ? PngPlaces.Clean(head, budget)
        : TiffPlaces.Clean(head, budget) | CleanExif(head, budget) | XmpPlaces.Clean(head, budget) | CleanIptc(head);

    /// <summary>Exif and XMP inside of each box, so that nothing in one reaches into another.</summary>
    private static bool CleanBoxes(Span<byte> head, RemovalBudget budget)
    {
        var removed = false;
        for (var rest = head; rest.Length > 8 && budget.TakeBox();)
        {
            var size = BinaryPrimitives.ReadUInt32BigEndian(rest);
            var large = size == 1 && rest.Length >= 16;
            var whole = large ? BinaryPrimitives.ReadUInt64BigEndian(rest[8..]) : size;
            var start = large ? 16 : 8;
            var box = rest[..(whole >= (ulong)start && whole < (ulong)rest.Length ? (int)whole : rest.Length)];
            removed |= XmpPlaces.Clean(box[start..], budget) | TiffPlaces.CleanMarked(box[start..], budget);
            rest = rest[box.Length..];
        }

        return removed;
    }

    /// <summary>Every TIFF structure behind the mark of Exif: JPEG, HEIF, and WebP where its writer kept the mark.</summary>
    private static bool CleanExif(Span<byte> head, RemovalBudget budget)
    {
        var removed = TiffPlaces.CleanMarked(head, budget);

        // WebP's chunk mostly begins with the structure itself.
        if (head.StartsWith("RIFF"u8))
        {
            for (var at = 12; at + 8 <= head.Length && !budget.Exceeded;)
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 4)..]);
                if (head.Slice(at, 4).SequenceEqual("EXIF"u8))
                {
                    removed |= TiffPlaces.Clean(head[(at + 8)..], budget);
                }

                at = (int)Math.Min(head.Length, at + 8L + length + (length & 1));
            }
        }

        return removed;
    }

    /// <summary>IPTC IIM 4.2, record 2 in a JPEG's APP13: city, sublocation, state, country.</summary>
    private static bool CleanIptc(Span<byte> head)
    {
        var removed = false;
        var isJpeg = head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]);
        for (var at = 2; isJpeg && at + 4 <= head.Length && head[at] == 0xFF && head[at + 1] is not (0xDA or 0xD9);)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]);
            var end = Math.Min(head.Length, at + 2 + Math.Max((ushort)2, length));
            if (head[at + 1] == 0xED && head[(at + 4)..end].StartsWith("Photoshop 3.0\0"u8))
            {
                for (var data = at + 18; data + 5 <= end; data++)
                {
                    if (head[data] != 0x1C || head[data + 1] != 2 || head[data + 2] is not (90 or 92 or 95 or 100 or 101))
                    {
                        continue;
                    }

                    var value = head[(data + 5)..Math.Min(end, data + 5 + BinaryPrimitives.ReadUInt16BigEndian(head[(data + 3)..]))];
                    removed |= value.ContainsAnyExcept((byte)' ');
                    value.Fill((byte)' ');
                }
            }

            at = end;
        }

        return removed;
    }
}
