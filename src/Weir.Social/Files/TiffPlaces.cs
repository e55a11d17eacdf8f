using System.Buffers.Binary;

namespace Weir.Social.Files;

/// <summary>The positions in a TIFF structure: a TIFF file, many RAW files, and what Exif is.</summary>
internal static class TiffPlaces
{
    private const int MaxDirectory = 512;
    private const ushort GpsDirectory = 0x8825;

    private static ReadOnlySpan<byte> ExifMark => "Exif\0\0"u8;

    public static bool IsTiff(ReadOnlySpan<byte> start) =>
        start.StartsWith("II*\0"u8) || start.StartsWith("MM\0*"u8);

    /// <summary>Every structure behind the mark of Exif.</summary>
    public static bool CleanMarked(Span<byte> bytes, RemovalBudget budget)
    {
        var removed = false;
        for (var at = 0; !budget.Exceeded && bytes[at..].IndexOf(ExifMark) is >= 0 and var found;)
        {
            at += found + ExifMark.Length;
            removed |= Clean(bytes[at..], budget);
        }

        return removed;
    }

    /// <summary>TIFF 6.0: the directory that the first one names under <see cref="GpsDirectory"/> is emptied, and what its entries point
    /// to.</summary>
    public static bool Clean(Span<byte> tiff, RemovalBudget budget)
    {
        if (tiff.Length < 8 || !IsTiff(tiff) || !budget.TakeStructure())
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
            if (Short(entry, little) == GpsDirectory
                && TryDirectory(tiff, Number(entry[8..], little), little, out var gps, out var places))
            {
                return CleanPositions(tiff, gps, places, little, budget);
            }
        }

        return false;
    }

    private static bool CleanPositions(Span<byte> tiff, int first, int entries, bool little, RemovalBudget budget)
    {
        for (var i = 0; i < entries; i++)
        {
            var value = tiff.Slice(first + (i * 12), 12);
            var size = (long)Number(value[4..], little) * SizeOf(Short(value[2..], little));
            var target = Number(value[8..], little);
            if (size <= 4 || target + size > tiff.Length)
            {
                continue;
            }

            if (!budget.TakeValue(size))
            {
                return false;
            }

            tiff.Slice((int)target, (int)size).Clear();
        }

        // A directory without entries, and with none after it.
        tiff.Slice(first - sizeof(ushort), sizeof(ushort) + (entries * 12)).Clear();
        return entries > 0;
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

    private static ushort Short(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Number(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static int SizeOf(ushort type) => type switch { 3 or 8 => 2, 4 or 9 or 11 => 4, 5 or 10 or 12 => 8, _ => 1 };
}
