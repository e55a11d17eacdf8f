using System.Buffers.Binary;
using System.Text;
using Weir.Social.Files;

namespace Weir.Fuzz;

/// <summary>
/// Where it was made, taken out of files that strangers send. What is left has the size that it had and holds no place; its parts stand
/// where they stood, and can be read as before.
/// </summary>
internal static class LocationTargets
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A file of any kind.</summary>
    public static void Remove(ReadOnlyMemory<byte> bytes)
    {
        var before = bytes.ToArray();
        var file = new MemoryStream();
        file.Write(before);
        var removed = LocationRemoval.Remove(file, CancellationToken.None);
        var after = file.ToArray();
        Check(after.Length == before.Length, "The size changed.");
        Check(removed || after.AsSpan().SequenceEqual(before), "Something changed, and it was not said.");
        Check(AreSame(Parts(before), Parts(after)), "Its parts stand elsewhere, or a sum is wrong that was right.");
        Check(!LocationRemoval.Remove(file, CancellationToken.None), "A place was left, which the next removal found.");
        Check(file.ToArray().AsSpan().SequenceEqual(after), "A file without a place was changed.");
    }

    /// <summary>A JPEG whose Exif this is, and a TIFF file of its own.</summary>
    public static void RemoveFromTiff(ReadOnlyMemory<byte> bytes)
    {
        Remove(bytes);
        Remove(new byte[] { 0xFF, 0xD8, 0xFF, 0xE1, 0, 0 }.Concat("Exif\0\0"u8.ToArray()).Concat(bytes.ToArray()).ToArray());
    }

    public static void RemoveFromXmp(ReadOnlyMemory<byte> bytes)
    {
        byte[] start = [0xFF, 0xD8, 0xFF, .. "<x:xmpmeta>"u8];
        Remove(start.Concat(bytes.ToArray()).Concat("</x:xmpmeta>"u8.ToArray()).ToArray());
    }

    /// <summary>Chunks behind the mark of a PNG.</summary>
    public static void RemoveFromPng(ReadOnlyMemory<byte> bytes) => Remove(Png.Concat(bytes.ToArray()).ToArray());

    /// <summary>Boxes behind the type of a file.</summary>
    public static void RemoveFromIso(ReadOnlyMemory<byte> bytes) => Remove(Box("ftyp", "qt  \0\0\0\0"u8).Concat(bytes.ToArray()).ToArray());

    public static IReadOnlyList<byte[]> Seeds(string target) => target switch
    {
        "location-tiff" => [Tiff(little: true), Tiff(little: false)],
        "location-xmp" =>
        [
            Xmp(),
            Encoding.UTF8.GetBytes("<Iptc4xmpExt:City\n>X</Iptc4xmpExt:City><photoshop:State/><exif:GPSLatitude><rdf:Alt>"),
        ],
        "location-png" => [PngChunks()],
        "location-iso" => [Movie(), Heif()],
        _ =>
        [
            Jpeg(), [.. Png, .. PngChunks()], WebP(), Tiff(little: true),
            [.. Box("ftyp", "isom\0\0\0\0"u8), .. Movie()], [.. Box("ftyp", "heic\0\0\0\0"u8), .. Heif()],
        ],
    };

    private static bool AreSame(List<(int At, bool IsWhole)> before, List<(int At, bool IsWhole)> after) => before.Count == after.Count
        && before.Zip(after).All(parts => parts.First.At == parts.Second.At && (parts.Second.IsWhole || !parts.First.IsWhole));

    /// <summary>Where the chunks of a PNG, or boxes, begin, and whether what ends a chunk is its sum.</summary>
    private static List<(int At, bool IsWhole)> Parts(ReadOnlySpan<byte> file)
    {
        List<(int, bool)> parts = [];
        if (file.StartsWith(Png))
        {
            for (var at = 8; at + 12 <= file.Length && BinaryPrimitives.ReadUInt32BigEndian(file[at..]) <= file.Length - at - 12;)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
                var sum = BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + length)..]);
                parts.Add((at, sum == Sum(file.Slice(at + 4, length + 4))));
                at += 12 + length;
            }
        }
        else if (file.Length > 12 && file.Slice(4, 4).SequenceEqual("ftyp"u8))
        {
            for (var at = 0; at + 8 <= file.Length && BinaryPrimitives.ReadUInt32BigEndian(file[at..]) is >= 8 and var size
                && size <= file.Length - at; at += (int)size)
            {
                parts.Add((at, true));
            }
        }

        return parts;
    }

    private static byte[] Jpeg()
    {
        byte[] iptc = [.. "Photoshop 3.0\0"u8, .. "8BIM"u8, 4, 4, 0, 0, 0, 0, 0, 16, 0x1C, 2, 90, 0, 6, .. "Berlin"u8, 0x1C, 2, 101, 0, 2,
            .. "DE"u8];
        return
        [
            0xFF, 0xD8, .. Segment(0xE1, [.. "Exif\0\0"u8, .. Tiff(little: true)]),
            .. Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. Xmp()]), .. Segment(0xED, iptc), 0xFF, 0xDA, 0, 2, 0xFF, 0xD9,
        ];
    }

    private static byte[] Segment(byte marker, byte[] body) =>
        [0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body];

    private static byte[] Xmp() =>
        [
            .. "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:Description exif:GPSLatitude=\"52,31N\" photoshop:City = 'Berlin'>"u8,
            .. "<exif:GPSLongitude>13,24E</exif:GPSLongitude></rdf:Description></x:xmpmeta>"u8,
        ];

    private static byte[] PngChunks() =>
    [
        .. Chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        .. Chunk("eXIf", Tiff(little: false)),
        .. Chunk("eXIf", [.. "Exif\0\0"u8, .. Tiff(little: true)]),
        .. Chunk("iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. Xmp()]),
        .. Chunk("tEXt", [.. "XML:com.adobe.xmp\0"u8, .. Xmp()]),
        .. Chunk("iTXt", [.. "XML:com.adobe.xmp\0\x01\0\0\0"u8, 1, 2, 3]),
        .. Chunk("zTXt", [.. "Raw profile type exif\0\0"u8, 1, 2]),
        .. Chunk("IDAT", [0x78, 0x9C, 0x62, 0x60, 0, 0]), .. Chunk("IEND", []),
    ];

    private static byte[] Chunk(string type, byte[] body)
    {
        byte[] chunk = [.. Encoding.ASCII.GetBytes(type), .. body];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Sum(chunk));
        return [.. length, .. chunk, .. sum];
    }

    /// <summary>W3C PNG, annex D.</summary>
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }

    private static byte[] WebP()
    {
        var tiff = Tiff(little: true);
        byte[] riff = [.. "RIFF\0\0\0\0WEBPVP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. "EXIF"u8, (byte)tiff.Length, 0, 0, 0,
            .. tiff];
        BinaryPrimitives.WriteInt32LittleEndian(riff.AsSpan(4), riff.Length - 8);
        return riff;
    }

    /// <summary>An orientation, and a directory of positions with a letter and three fractions.</summary>
    private static byte[] Tiff(bool little)
    {
        var tiff = new byte[94];
        (little ? "II*\0"u8 : "MM\0*"u8).CopyTo(tiff);
        void U16(int at, ushort value) => (little ? (Action)(() => BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(at), value))
            : () => BinaryPrimitives.WriteUInt16BigEndian(tiff.AsSpan(at), value))();
        void U32(int at, uint value) => (little ? (Action)(() => BinaryPrimitives.WriteUInt32LittleEndian(tiff.AsSpan(at), value)) : () =>
            BinaryPrimitives.WriteUInt32BigEndian(tiff.AsSpan(at), value))();
        void Entry(int at, ushort tag, ushort type, uint count, uint value)
        {
            U16(at, tag);
            U16(at + 2, type);
            U32(at + 4, count);
            U32(at + 8, value);
        }

        U32(4, 8);
        U16(8, 2);
        Entry(10, 0x0112, 3, 1, 1);
        Entry(22, 0x8825, 4, 1, 38);
        U16(38, 2);
        Entry(40, 1, 2, 2, 'N');
        Entry(52, 2, 5, 3, 70);
        foreach (var (at, value) in new[] { (70, 52u), (74, 1u), (78, 31u), (82, 1u), (86, 12u), (90, 1u) })
        {
            U32(at, value);
        }

        return tiff;
    }

    private static byte[] Movie()
    {
        byte[] keys = [0, 0, 0, 0, 0, 0, 0, 2, .. Box("mdta", "com.apple.quicktime.make"u8), .. Box("mdta",
            "com.apple.quicktime.location.ISO6709"u8)];
        byte[] items = [.. Item(1, "A-CAMERA"), .. Item(2, "+52.3676+004.9041/")];
        byte[] meta = [.. Box("hdlr", new byte[25]), .. Box("keys", keys), .. Box("ilst", items)];
        byte[] user = [.. Box("\u00a9xyz", [0, 18, 0x15, 0xC7, .. "+52.3676+004.9041/"u8]), .. Box("loci", new byte[20])];
        return [.. Box("free", []), .. Box("moov", [.. Box("mvhd", new byte[20]), .. Box("meta", meta), .. Box("trak", Box("udta", user)),
            .. Box("udta", [.. user, .. Box("meta", [0, 0, 0, 0, .. meta])])]), .. Box("mdat", new byte[8])];
    }

    private static byte[] Item(int key, string value)
    {
        var item = Box("....", Box("data", [0, 0, 0, 1, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(value)]));
        BinaryPrimitives.WriteInt32BigEndian(item.AsSpan(4), key);
        return item;
    }

    private static byte[] Heif() => [.. Box("meta", [0, 0, 0, 0, .. Box("hdlr", new byte[25]), .. Box("iloc", new byte[16])]),
        .. Box("mdat", [0, 0, 0, 6, .. "Exif\0\0"u8, .. Tiff(little: false)])];

    private static byte[] Box(string type, ReadOnlySpan<byte> body)
    {
        var box = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        Encoding.Latin1.GetBytes(type).CopyTo(box, 4);
        body.CopyTo(box.AsSpan(8));
        return box;
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
