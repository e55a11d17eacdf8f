using System.Buffers.Binary;

namespace Weir.Social.Files;

/// <summary>The box of a movie as it is to be.</summary>
/// <param name="At">Where it stands in the file.</param>
internal sealed record CleanMovie(long At, byte[] Bytes);

/// <summary>
/// The places in ISO and QuickTime files: <c>©xyz</c> and <c>loci</c> (3GPP TS 26.244 8.13) of the user data, and the metadata item
/// whose key is <c>com.apple.quicktime.location.*</c>. Each box becomes one of free space of the same size, so that no offset in the
/// file changes.
/// </summary>
internal static class IsoPlaces
{
    private const int MaxDepth = 6;
    private static readonly byte[] Key = "com.apple.quicktime.location."u8.ToArray();

    /// <summary>Null when there is no place in it.</summary>
    /// <param name="head">The first bytes of the file as they are to be; they may hold some of the movie's box.</param>
    public static CleanMovie? Clean(Stream file, ReadOnlySpan<byte> head, RemovalBudget budget)
    {
        var header = new byte[16];
        for (long at = 0; at + 8 <= file.Length && budget.TakeBox();)
        {
            file.Position = at;
            var read = file.ReadAtLeast(header, (int)Math.Min(16, file.Length - at), throwOnEndOfStream: false);
            long size = BinaryPrimitives.ReadUInt32BigEndian(header);
            size = size switch
            {
                0 => file.Length - at,
                1 when read == 16 => (long)BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)),
                _ => size,
            };
            if (size < 8 || size > file.Length - at)
            {
                return null;
            }

            if (header.AsSpan(4, 4).SequenceEqual("moov"u8))
            {
                // A size of 1 says that it stands behind the type, in eight bytes.
                var start = header.AsSpan().StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 1]) ? header.Length : 8;
                return size >= start && budget.TakeMovie(size) ? CleanAt(file, at, start, (int)size, head, budget) : null;
            }

            at += size;
        }

        return null;
    }

    /// <param name="start">Bytes before the first box in it.</param>
    private static CleanMovie? CleanAt(Stream file, long at, int start, int size, ReadOnlySpan<byte> head, RemovalBudget budget)
    {
        var movie = new byte[size];
        file.Position = at;
        file.ReadExactly(movie);
        if (at < head.Length)
        {
            var known = head[(int)at..];
            known[..Math.Min(known.Length, size)].CopyTo(movie);
        }

        return Clean(movie.AsSpan(start), 0, budget) ? new CleanMovie(at, movie) : null;
    }

    private static bool Clean(Span<byte> boxes, int depth, RemovalBudget budget)
    {
        var removed = false;
        HashSet<int> keys = [];
        while (Next(boxes, out var box) && budget.TakeBox())
        {
            var type = box.Slice(4, 4);
            if (type.SequenceEqual("loci"u8) || type.SequenceEqual((ReadOnlySpan<byte>)[0xA9, (byte)'x', (byte)'y', (byte)'z']))
            {
                Free(box);
                removed = true;
            }
            else if (type.SequenceEqual("keys"u8))
            {
                keys = Located(box[8..], budget);
            }
            else if (type.SequenceEqual("ilst"u8))
            {
                removed |= CleanItems(box[8..], keys, budget);
            }
            else if (depth < MaxDepth && (type.SequenceEqual("udta"u8) || type.SequenceEqual("trak"u8) || type.SequenceEqual("meta"u8)))
            {
                // QuickTime's meta is a plain box, ISO's a full one, with four bytes before the first box in it.
                var inside = box[8..];
                var isFull = type.SequenceEqual("meta"u8) && inside.Length > 12 && !inside.Slice(4, 4).SequenceEqual("hdlr"u8);
                removed |= Clean(isFull ? inside[4..] : inside, depth + 1, budget);
            }

            boxes = boxes[box.Length..];
        }

        return removed;
    }

    private static bool CleanItems(Span<byte> items, HashSet<int> keys, RemovalBudget budget)
    {
        var removed = false;
        while (Next(items, out var item) && budget.TakeBox())
        {
            if (keys.Contains(BinaryPrimitives.ReadInt32BigEndian(item[4..])))
            {
                Free(item);
                removed = true;
            }

            items = items[item.Length..];
        }

        return removed;
    }

    /// <summary>QuickTime File Format, metadata item keys: numbers from 1 on.</summary>
    private static HashSet<int> Located(ReadOnlySpan<byte> keys, RemovalBudget budget)
    {
        var found = new HashSet<int>();
        var rest = keys.Length < 8 ? [] : keys[8..];
        for (var number = 1; Next(rest, out int size) && budget.TakeKey(); number++)
        {
            if (rest[8..size].StartsWith(Key))
            {
                found.Add(number);
            }

            rest = rest[size..];
        }

        return found;
    }

    private static bool Next(Span<byte> boxes, out Span<byte> box)
    {
        var found = Next(boxes, out int size);
        box = boxes[..size];
        return found;
    }

    /// <summary>The size of the first box; zero when there is none, or it is broken.</summary>
    private static bool Next(ReadOnlySpan<byte> boxes, out int size)
    {
        var told = boxes.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(boxes);
        size = told >= 8 && told <= boxes.Length ? (int)told : 0;
        return size > 0;
    }

    private static void Free(Span<byte> box)
    {
        "free"u8.CopyTo(box[4..]);
        box[8..].Clear();
    }
}
