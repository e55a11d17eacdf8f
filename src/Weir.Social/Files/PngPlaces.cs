using System.Buffers.Binary;

namespace Weir.Social.Files;

/// <summary>The places in the chunks of a PNG. It checks each chunk: what changed gets its sum anew (W3C PNG 5.3).</summary>
internal static class PngPlaces
{
    private static readonly uint[] Sums = [.. Enumerable.Range(0, 256).Select(SumOf)];

    public static ReadOnlySpan<byte> Mark => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool Clean(Span<byte> head, RemovalBudget budget)
    {
        var removed = false;
        var at = Mark.Length;
        while (at + 12 <= head.Length && !budget.Exceeded)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(head[at..]);
            if (length > head.Length - at - 12)
            {
                break;
            }

            var chunk = head.Slice(at + 4, (int)length + 4);
            var changed = XmpPlaces.Clean(chunk, budget) | TiffPlaces.CleanMarked(chunk, budget);
            if (chunk.StartsWith("eXIf"u8))
            {
                changed |= TiffPlaces.Clean(chunk[4..], budget);
            }
            else if (IsPacked(chunk))
            {
                // Nothing can be taken out of it in place, so it goes as a whole: a comment without words.
                "tEXtComment\0"u8.CopyTo(chunk);
                chunk[12..].Fill((byte)' ');
                changed = true;
            }

            if (changed)
            {
                BinaryPrimitives.WriteUInt32BigEndian(head[(at + 8 + (int)length)..], Crc(chunk));
                removed = true;
            }

            at += 12 + (int)length;
        }

        // What is no chunk has no sum either.
        return removed | XmpPlaces.Clean(head[at..], budget) | TiffPlaces.CleanMarked(head[at..], budget);
    }

    /// <summary>Exif, IPTC or XMP as compressed or hexadecimal text: ImageMagick's profiles, and XMP in a compressed chunk.</summary>
    private static bool IsPacked(ReadOnlySpan<byte> chunk)
    {
        var isText = chunk.StartsWith("zTXt"u8) || chunk.StartsWith("tEXt"u8) || chunk.StartsWith("iTXt"u8);
        var text = isText ? chunk[4..] : [];
        return text.StartsWith("Raw profile type exif\0"u8) || text.StartsWith("Raw profile type APP1\0"u8)
            || text.StartsWith("Raw profile type xmp\0"u8) || text.StartsWith("Raw profile type iptc\0"u8)
            || text.StartsWith("XML:com.adobe.xmp\0\x01"u8);
    }

    /// <summary>W3C PNG, annex D.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = Sums[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint SumOf(int value)
    {
        var sum = (uint)value;
        for (var bit = 0; bit < 8; bit++)
        {
            sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB88320;
        }

        return sum;
    }
}
