using System.Buffers.Binary;
using System.Text;

namespace Weir.Social.Files;

/// <summary>
/// The places in ISO and QuickTime files: <c>©xyz</c> and <c>loci</c> (3GPP TS 26.244 8.13) of the user data, and the metadata item whose key is <c>com.apple.quicktime.location.*</c>. Each box
/// becomes one of free space of the same size, so that no offset in the file changes.
/// </summary>
internal static class IsoPlaces
{
    private const int MaxMovie = 64 << 20;
    private const string Key = "com.apple.quicktime.location.";
    private const int MaxDepth = 6;

    public static bool Remove(FileStream file)
    {
        var header = new byte[16];
        for (long at = 0; at + 8 <= file.Length;)
        {
            file.Position = at;
            var read = file.ReadAtLeast(header, (int)Math.Min(16, file.Length - at), throwOnEndOfStream: false);
            long size = BinaryPrimitives.ReadUInt32BigEndian(header);
            size = size switch { 0 => file.Length - at, 1 when read == 16 => (long)BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)), _ => size };
            if (size < 8 || size > file.Length - at)
            {
                return false;
            }

            if (header.AsSpan(4, 4).SequenceEqual("moov"u8) && size <= MaxMovie)
            {
                var movie = new byte[size];
                file.Position = at;
                file.ReadExactly(movie);
                if (!Clean(movie.AsSpan(8), 0))
                {
                    return false;
                }

                file.Position = at;
                file.Write(movie);
                return true;
            }

            at += size;
        }

        return false;
    }

    private static bool Clean(Span<byte> boxes, int depth)
    {
        var removed = false;
        var keys = new List<int>();
        while (Next(boxes, out var box))
        {
            var type = box.Slice(4, 4);
            if (type.SequenceEqual("loci"u8) || type.SequenceEqual((ReadOnlySpan<byte>)[0xA9, (byte)'x', (byte)'y', (byte)'z']))
            {
                Free(box);
                removed = true;
            }
            else if (type.SequenceEqual("keys"u8))
            {
                keys = Located(box[8..]);
            }
            else if (type.SequenceEqual("ilst"u8))
            {
                removed |= CleanItems(box[8..], keys);
            }
            else if (depth < MaxDepth && (type.SequenceEqual("udta"u8) || type.SequenceEqual("trak"u8) || type.SequenceEqual("meta"u8)))
            {
                // QuickTime's meta is a plain box, ISO's a full one, with four bytes before the first box in it.
                var inside = box[8..];
                removed |= Clean(type.SequenceEqual("meta"u8) && inside.Length > 12 && !inside.Slice(4, 4).SequenceEqual("hdlr"u8) ? inside[4..] : inside, depth + 1);
            }

            boxes = boxes[box.Length..];
        }

        return removed;
    }

    private static bool CleanItems(Span<byte> items, List<int> keys)
    {
        var removed = false;
        while (Next(items, out var item))
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
    private static List<int> Located(ReadOnlySpan<byte> keys)
    {
        var found = new List<int>();
        var rest = keys.Length < 8 ? [] : keys[8..];
        for (var number = 1; rest.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(rest) is >= 8 and var size && size <= rest.Length; number++)
        {
            if (Encoding.ASCII.GetString(rest[8..(int)size]).StartsWith(Key, StringComparison.Ordinal))
            {
                found.Add(number);
            }

            rest = rest[(int)size..];
        }

        return found;
    }

    private static bool Next(Span<byte> boxes, out Span<byte> box)
    {
        box = default;
        if (boxes.Length < 8 || BinaryPrimitives.ReadUInt32BigEndian(boxes) is < 8 or > int.MaxValue)
        {
            return false;
        }

        var size = (int)BinaryPrimitives.ReadUInt32BigEndian(boxes);
        if (size > boxes.Length)
        {
            return false;
        }

        box = boxes[..size];
        return true;
    }

    private static void Free(Span<byte> box)
    {
        "free"u8.CopyTo(box[4..]);
        box[8..].Clear();
    }
}
