using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Weir.Social.Files;

/// <summary>
/// Takes where it was made out of a picture or a video that is sent as a file: cameras write it down, and hardly anybody knows. In place, so that nothing else of the file changes: the positions of
/// Exif, XMP and IPTC in JPEG, PNG, WebP and HEIF, the place of ISO and QuickTime files. Pictures that are sent as pictures are made anew and have none.
/// </summary>
/// <remarks>Left as they are: makers' own notes, and tracks that hold positions all along (action cameras). docs/protocol.md says so.</remarks>
internal static partial class LocationRemoval
{
    /// <summary>Exif and XMP stand at the beginning; HEIF has them among its first items.</summary>
    private const int MaxHead = 4 << 20;
    private const int MaxDirectory = 512;
    private const ushort GpsDirectory = 0x8825;
    private static readonly byte[] ExifMark = "Exif\0\0"u8.ToArray();
    private static readonly byte[] PngMark = [0x89, .. "PNG\r\n"u8, 0x1A, .. "\n"u8];

    /// <summary>Whether something was taken out. What is not such a file, or is broken, stays as it is.</summary>
    public static bool Remove(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var head = new byte[(int)Math.Min(file.Length, MaxHead)];
        file.ReadExactly(head);
        var isBoxes = head.Length > 12 && head.AsSpan(4, 4).SequenceEqual("ftyp"u8);
        var isPicture = head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || head.AsSpan().StartsWith(PngMark)
            || (head.Length > 12 && head.AsSpan().StartsWith("RIFF"u8) && head.AsSpan(8, 4).SequenceEqual("WEBP"u8));
        if (!isBoxes && !isPicture)
        {
            return false;
        }

        var removed = CleanExif(head) | CleanXmp(head) | CleanIptc(head);
        if (head.AsSpan().StartsWith(PngMark))
        {
            removed |= CleanPng(head);
        }

        if (removed)
        {
            file.Position = 0;
            file.Write(head);
        }

        return (isBoxes && IsoPlaces.Remove(file)) | removed;
    }

    /// <summary>Every TIFF structure behind the mark of Exif: JPEG, HEIF, and WebP where its writer kept the mark.</summary>
    private static bool CleanExif(Span<byte> head)
    {
        var removed = false;
        for (var at = 0; head[at..].IndexOf(ExifMark) is >= 0 and var found;)
        {
            at += found + ExifMark.Length;
            removed |= CleanTiff(head[at..]);
        }

        // WebP's chunk mostly begins with the structure itself.
        if (head.StartsWith("RIFF"u8))
        {
            for (var at = 12; at + 8 <= head.Length;)
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 4)..]);
                if (head.Slice(at, 4).SequenceEqual("EXIF"u8))
                {
                    removed |= CleanTiff(head[(at + 8)..]);
                }

                at = (int)Math.Min(head.Length, at + 8L + length + (length & 1));
            }
        }

        return removed;
    }

    /// <summary>PNG checks each chunk: what changed gets its sum anew (W3C PNG 5.3).</summary>
    private static bool CleanPng(Span<byte> head)
    {
        var removed = false;
        for (var at = PngMark.Length; at + 12 <= head.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(head[at..]);
            if (length > head.Length - at - 12)
            {
                break;
            }

            var chunk = head.Slice(at + 4, (int)length + 4);
            if (chunk.StartsWith("eXIf"u8))
            {
                removed |= CleanTiff(chunk[4..]);
            }

            if (chunk.StartsWith("eXIf"u8) || chunk.StartsWith("iTXt"u8))
            {
                BinaryPrimitives.WriteUInt32BigEndian(head[(at + 8 + (int)length)..], Crc(chunk));
            }

            at += 12 + (int)length;
        }

        return removed;
    }

    /// <summary>TIFF 6.0: the directory that the first one names under <see cref="GpsDirectory"/> is emptied, and what its entries point to.</summary>
    private static bool CleanTiff(Span<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return false;
        }

        var little = tiff[0] == (byte)'I';
        if (!TryDirectory(tiff, Number(tiff[4..], little), little, out var first, out var entries))
        {
            return false;
        }

        for (var i = 0; i < entries; i++)
        {
            var entry = tiff.Slice(first + (i * 12), 12);
            if (Short(entry, little) != GpsDirectory || !TryDirectory(tiff, Number(entry[8..], little), little, out var gps, out var places))
            {
                continue;
            }

            for (var place = 0; place < places; place++)
            {
                var value = tiff.Slice(gps + (place * 12), 12);
                var size = (long)Number(value[4..], little) * SizeOf(Short(value[2..], little));
                var target = Number(value[8..], little);
                if (size > 4 && target + size <= tiff.Length)
                {
                    tiff.Slice((int)target, (int)size).Clear();
                }
            }

            // A directory without entries, and with none after it.
            tiff.Slice(gps - sizeof(ushort), sizeof(ushort) + (places * 12)).Clear();
            return places > 0;
        }

        return false;
    }

    private static bool TryDirectory(ReadOnlySpan<byte> tiff, uint at, bool little, out int first, out int entries)
    {
        first = entries = 0;
        if (at < 8 || at + 2L > tiff.Length)
        {
            return false;
        }

        (first, entries) = ((int)at + 2, Short(tiff[(int)at..], little));
        return entries <= MaxDirectory && first + (entries * 12L) <= tiff.Length;
    }

    /// <summary>W3C PNG, annex D.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            }
        }

        return ~crc;
    }

    private static ushort Short(ReadOnlySpan<byte> bytes, bool little) => little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Number(ReadOnlySpan<byte> bytes, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static int SizeOf(ushort type) => type switch { 3 or 8 => 2, 4 or 9 or 11 => 4, 5 or 10 or 12 => 8, _ => 1 };

    /// <summary>XMP is text: the values of its positions and names of places become blanks.</summary>
    private static bool CleanXmp(Span<byte> head)
    {
        var removed = false;
        for (var at = 0; head[at..].IndexOf("<x:xmpmeta"u8) is >= 0 and var found;)
        {
            at += found;
            var length = head[at..].IndexOf("</x:xmpmeta>"u8);
            var packet = length < 0 ? head[at..] : head.Slice(at, length);
            // One character is one byte, so that places in it are places in the file.
            foreach (Match match in Places().Matches(Encoding.Latin1.GetString(packet)))
            {
                var value = match.Groups["value"];
                packet.Slice(value.Index, value.Length).Fill((byte)' ');
                removed |= value.Length > 0;
            }

            at += packet.Length;
        }

        return removed;
    }

    /// <summary>IPTC IIM 4.2, record 2 in a JPEG's APP13: city, sublocation, state, country.</summary>
    private static bool CleanIptc(Span<byte> head)
    {
        var removed = false;
        for (var at = 2; head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) && at + 4 <= head.Length && head[at] == 0xFF && head[at + 1] is not (0xDA or 0xD9);)
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
                    value.Fill((byte)' ');
                    removed |= value.Length > 0;
                }
            }

            at = end;
        }

        return removed;
    }

    [GeneratedRegex(
        @"(?:exif:GPS\w+|photoshop:(?:City|State|Country)|Iptc4xmpCore:(?:Location|CountryCode)|Iptc4xmpExt:(?:City|Sublocation|ProvinceState|CountryName|CountryCode|WorldRegion))"
        + @"(?:\s*=\s*(?<quote>[""'])(?<value>(?:(?!\k<quote>).)*)\k<quote>|\s*>(?<value>[^<]*)<)", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Places();
}
