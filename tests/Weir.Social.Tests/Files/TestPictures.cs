using System.Buffers.Binary;
using System.Text;
using NetVips;

namespace Weir.Social.Tests;

/// <summary>Pictures as cameras and enemies make them.</summary>
internal static class TestPictures
{
    /// <summary>Fifty-two degrees, thirty-one minutes and twelve seconds, as <see cref="Exif"/> writes them.</summary>
    public static readonly byte[] Position = [52, 0, 0, 0, 1, 0, 0, 0, 31, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0];

    /// <summary>Left half red, right half blue.</summary>
    public static Image Halves(int width, int height)
    {
        using var red = Image.Black(width / 2, height) + new double[] { 220, 20, 20 };
        using var blue = Image.Black(width - (width / 2), height) + new double[] { 20, 20, 220 };
        using var both = red.Join(blue, Enums.Direction.Horizontal);
        using var bytes = both.Cast(Enums.BandFormat.Uchar);
        return bytes.Copy(interpretation: Enums.Interpretation.Srgb);
    }

    public static byte[] Jpeg(int width = 400, int height = 300)
    {
        using var image = Halves(width, height);
        return image.JpegsaveBuffer(q: 92);
    }

    public static byte[] Png(int width = 400, int height = 300, bool transparent = false)
    {
        using var image = Halves(width, height);
        using var alpha = image.Bandjoin(transparent ? 100 : 255);
        return alpha.PngsaveBuffer();
    }

    /// <summary>With an orientation, a place, a camera, a city, a comment: everything a picture says about who took it.</summary>
    public static byte[] WithMetadata(byte[] jpeg, ushort orientation = 6)
    {
        byte[][] segments =
        [
            Segment(0xE1, [.. "Exif\0\0"u8, .. Exif(orientation)]),
            Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><exif:GPSLatitude>SECRET-XMP</exif:GPSLatitude></x:xmpmeta>"u8]),
            Segment(0xED, [.. "Photoshop 3.0\0"u8, .. "8BIM"u8, 4, 4, 0, 0, 0, 0, 0, 16, 0x1C, 2, 90, 0, 11, .. "SECRET-CITY"u8]),
            Segment(0xFE, [.. "SECRET-COMMENT"u8]),
        ];
        return [.. jpeg[..2], .. segments.SelectMany(s => s), .. jpeg[2..]];
    }

    private static byte[] Segment(byte marker, byte[] body)
    {
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(body.Length + 2));
        return [0xFF, marker, .. length, .. body];
    }

    // TIFF 6.0, little-endian: orientation, maker and a GPS directory.
    public static byte[] Exif(ushort orientation)
    {
        var maker = "SECRET-CAMERA\0"u8.ToArray();
        using var stream = new MemoryStream();
        using var write = new BinaryWriter(stream, Encoding.ASCII);
        write.Write("II*\0"u8);
        write.Write(8);
        write.Write((ushort)3);
        Entry(write, 0x010F, 2, maker.Length, 50);
        Entry(write, 0x0112, 3, 1, orientation);
        Entry(write, 0x8825, 4, 1, 50 + maker.Length);
        write.Write(0);
        write.Write(maker);
        write.Write((ushort)2);
        Entry(write, 0x0001, 2, 2, 'N');
        Entry(write, 0x0002, 5, 3, 50 + maker.Length + 30);
        write.Write(0);
        foreach (var part in (ReadOnlySpan<int>)[52, 31, 12])
        {
            write.Write(part);
            write.Write(1);
        }

        write.Flush();
        return stream.ToArray();

        static void Entry(BinaryWriter write, ushort tag, ushort type, int count, int value)
        {
            write.Write(tag);
            write.Write(type);
            write.Write(count);
            write.Write(value);
        }
    }
}
