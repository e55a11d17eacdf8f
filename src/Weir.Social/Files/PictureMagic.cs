namespace Weir.Social.Files;

internal enum PictureFormat
{
    None,
    Jpeg,
    Png,
    WebP,
    Gif,

    Avif,

    /// <summary>Where the library can.</summary>
    Heic,
}

/// <summary>What a picture is by its first bytes. Neither its name nor what the client says it is counts.</summary>
internal static class PictureMagic
{
    public const int Length = 64;

    public static PictureFormat Of(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? PictureFormat.Jpeg
        : start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? PictureFormat.Png
        : start.Length >= 16 && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBPVP8"u8) ? PictureFormat.WebP
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? PictureFormat.Gif
        : OfHeif(start);

    // ISO/IEC 23008-12: a file type box whose brands, the major one or a compatible one, say that it holds a still picture.
    private static PictureFormat OfHeif(ReadOnlySpan<byte> start)
    {
        if (start.Length < 16 || !start[4..].StartsWith("ftyp"u8))
        {
            return PictureFormat.None;
        }

        var still = false;
        var size = (int)Math.Min((uint)start.Length, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(start));
        for (var at = 8; at + 4 <= size; at += at == 8 ? 8 : 4)
        {
            var brand = start.Slice(at, 4);
            if (brand.SequenceEqual("avif"u8))
            {
                return PictureFormat.Avif;
            }

            still |= brand.SequenceEqual("heic"u8) || brand.SequenceEqual("heix"u8) || brand.SequenceEqual("mif1"u8);
        }

        return still ? PictureFormat.Heic : PictureFormat.None;
    }
}
