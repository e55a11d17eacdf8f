using System.Globalization;
using NetVips;

namespace Weir.Social.Files;

/// <summary>A picture made anew: nothing of the original but its pixels is in it.</summary>
internal sealed record MadePicture(byte[] Bytes, byte[] Thumb, string Type, int Width, int Height, string Color);

/// <summary>Which part of the upright picture; a square, in its pixels.</summary>
internal sealed record Crop(int X, int Y, int Size);

/// <summary>Why there is no picture.</summary>
internal enum PictureFault
{
    None,
    NotAPicture,
    TooLarge,
    Broken,
    TooSlow,

    /// <summary>A photograph as phones keep it, for which the library has no decoder.</summary>
    Heic,
}

/// <summary>
/// Decodes what strangers send, with libvips and only those of its decoders that are meant for that, and encodes it anew: upright, at most <see cref="MaxSide"/> pixels on a
/// side, in sRGB, without metadata. JPEG, or WebP when it is transparent somewhere. Of an animation it is the first frame: nothing plays by itself here. The library is loaded at the first picture.
/// </summary>
internal static class PictureCodec
{
    public const int MaxSide = 2048;
    public const int ThumbSide = 480;
    public const int AvatarSide = 512;
    public const int AvatarThumbSide = 128;
    private const int MaxDimension = 30_000;
    private const string Srgb = "srgb";

    private static readonly Lazy<bool> Library = new(Prepare);

    public static (MadePicture? Picture, PictureFault Fault) Make(string path, FileKind kind, Crop? crop, FileLimits limits, CancellationToken cancellation)
    {
        Span<byte> start = stackalloc byte[PictureMagic.Length];
        using (var file = File.OpenRead(path))
        {
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }

        var format = PictureMagic.Of(start);
        if (format == PictureFormat.None)
        {
            return (null, PictureFault.NotAPicture);
        }

        _ = Library.Value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(limits.DecodeTime);
        try
        {
            return IsTooLarge(path, format, limits, out var width, out var height)
                ? (null, PictureFault.TooLarge)
                : (kind == FileKind.Avatar ? MakeAvatar(path, format, width, height, crop, limit.Token) : MakePicture(path, format, limit.Token), PictureFault.None);
        }
        catch (VipsException)
        {
            cancellation.ThrowIfCancellationRequested();
            var unread = format == PictureFormat.Heic ? PictureFault.Heic : PictureFault.Broken;
            return (null, limit.IsCancellationRequested ? PictureFault.TooSlow : unread);
        }
    }

    /// <summary>Reads the header only.</summary>
    private static bool IsTooLarge(string path, PictureFormat format, FileLimits limits, out int width, out int height)
    {
        using var source = Source.NewFromFile(path);
        using var header = Image.NewFromSource(source, access: Enums.Access.Sequential);
        (width, height) = (header.Width, header.Height);
        if (header.Contains("orientation") && Convert.ToInt32(header.Get("orientation"), CultureInfo.InvariantCulture) is >= 5 and <= 8)
        {
            (width, height) = (height, width);
        }

        // The library chose by content too: a file that is one thing to us and another to it is neither.
        var loader = (string)header.Get("vips-loader");
        if (!loader.StartsWith(format switch { PictureFormat.Jpeg => "jpeg", PictureFormat.Png => "png", PictureFormat.WebP => "webp", PictureFormat.Gif => "gif", _ => "heif" }, StringComparison.Ordinal))
        {
            throw new VipsException($"read by {loader}");
        }

        var bytes = header.Format is Enums.BandFormat.Uchar or Enums.BandFormat.Char ? 1 : header.Format is Enums.BandFormat.Ushort or Enums.BandFormat.Short ? 2 : 4;
        var pixels = (long)header.Width * header.Height;
        return header.Width > MaxDimension || header.Height > MaxDimension || pixels > limits.MaxPixels || pixels * header.Bands * bytes > limits.MaxDecoded;
    }

    private static MadePicture MakePicture(string path, PictureFormat format, CancellationToken cancellation)
    {
        using var picture = Load(path, format, MaxSide, MaxSide, cancellation);
        using var thumb = picture.ThumbnailImage(ThumbSide, height: ThumbSide, size: Enums.Size.Down);
        // Photographs are smooth; drawings and screenshots have edges that coarser colour would smear.
        return Encode(picture, thumb, sharp: format is PictureFormat.Png or PictureFormat.Gif);
    }

    private static MadePicture MakeAvatar(string path, PictureFormat format, int width, int height, Crop? wanted, CancellationToken cancellation)
    {
        var crop = wanted ?? new Crop((width - Math.Min(width, height)) / 2, (height - Math.Min(width, height)) / 2, Math.Min(width, height));
        var size = Math.Clamp(crop.Size, 1, Math.Min(width, height));
        var (x, y) = (Math.Clamp(crop.X, 0, width - size), Math.Clamp(crop.Y, 0, height - size));
        // The whole of it at the size at which the part has the size of an avatar: decoders do that cheaply.
        var scale = Math.Min(1.0, (double)AvatarSide / size);
        using var whole = Load(path, format, Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)), cancellation);
        var side = Math.Clamp((int)Math.Round(size * scale), 1, Math.Min(whole.Width, whole.Height));
        using var part = whole.Crop(
            Math.Clamp((int)Math.Round(x * scale), 0, whole.Width - side), Math.Clamp((int)Math.Round(y * scale), 0, whole.Height - side), side, side);
        using var avatar = part.CopyMemory();
        using var thumb = avatar.ThumbnailImage(AvatarThumbSide, height: AvatarThumbSide, size: Enums.Size.Down);
        return Encode(avatar, thumb, sharp: false);
    }

    /// <summary>Upright, in sRGB, no larger than this, in memory.</summary>
    private static Image Load(string path, PictureFormat format, int width, int height, CancellationToken cancellation)
    {
        using var source = Source.NewFromFile(path);
        // Not by the library's thumbnail call, which forgets to fail where the file is cut off.
        var options = format == PictureFormat.Jpeg ? new VOption { { "shrink", Shrink(path, Math.Max(width, height)) } } : null;
        using var whole = Image.NewFromSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error, kwargs: options);
        using var lazy = whole.ThumbnailImage(width, height: height, size: Enums.Size.Down, outputProfile: Srgb, intent: Enums.Intent.Perceptual);
        using var bounded = lazy.Copy();
        // Seen between two rows of tiles; what a decoder does in one piece is bounded by its size.
        using var kill = cancellation.Register(() => bounded.SetKill(true));
        return bounded.CopyMemory();
    }

    /// <summary>A JPEG can be decoded at a half, a quarter or an eighth of its size, for a fraction of the work. What is left is twice what is wanted, so that it is scaled well.</summary>
    private static int Shrink(string path, int wanted)
    {
        using var source = Source.NewFromFile(path);
        using var header = Image.NewFromSource(source, access: Enums.Access.Sequential);
        var largest = Math.Max(header.Width, header.Height);
        // A line has nothing to shrink in its other direction.
        return Math.Min(header.Width, header.Height) < 64 ? 1 : largest >= wanted * 16 ? 8 : largest >= wanted * 8 ? 4 : largest >= wanted * 4 ? 2 : 1;
    }

    private static MadePicture Encode(Image picture, Image thumb, bool sharp)
    {
        var transparent = false;
        if (picture.HasAlpha())
        {
            using var alpha = picture[picture.Bands - 1];
            transparent = alpha.Min() < 255;
        }

        using var dot = picture.HasAlpha() ? picture.Flatten(background: [255, 255, 255]) : picture.Copy();
        using var mean = dot.ThumbnailImage(1, height: 1, size: Enums.Size.Force);
        using var rgb = mean.Colourspace(Enums.Interpretation.Srgb);
        var color = rgb.Getpoint(0, 0).Select(v => (byte)Math.Clamp(Math.Round(v), 0, 255)).ToArray();
        return new MadePicture(
            Save(picture, transparent, sharp ? 90 : 84, sharp),
            Save(thumb, transparent, 76, sharp: false),
            transparent ? "image/webp" : "image/jpeg",
            picture.Width,
            picture.Height,
            string.Create(CultureInfo.InvariantCulture, $"#{color[0]:x2}{color[Math.Min(1, color.Length - 1)]:x2}{color[Math.Min(2, color.Length - 1)]:x2}"));
    }

    private static byte[] Save(Image picture, bool transparent, int quality, bool sharp)
    {
        if (transparent)
        {
            return picture.WebpsaveBuffer(q: quality, keep: Enums.ForeignKeep.None);
        }

        using var opaque = picture.HasAlpha() ? picture.Flatten(background: [255, 255, 255]) : picture.Copy();
        return opaque.JpegsaveBuffer(
            q: quality, optimizeCoding: true, interlace: true, keep: Enums.ForeignKeep.None, subsampleMode: sharp ? Enums.ForeignSubsample.Off : Enums.ForeignSubsample.On);
    }

    private static bool Prepare()
    {
        // Everything that reads is off, then on what the web's pictures need: these decoders are fuzzed by their makers.
        NetVips.NetVips.BlockUntrusted = true;
        Operation.Block("VipsForeignLoad", true);
        foreach (var loader in (ReadOnlySpan<string>)["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadNsgif", "VipsForeignLoadHeif"])
        {
            Operation.Block(loader, false);
        }

        // What is wrong with a picture its sender hears; nobody reads a line for each of its rows.
        _ = Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, static (_, _, _) => { });

        // Nothing is asked for twice, and one picture does not take every processor.
        Cache.Max = 0;
        NetVips.NetVips.Concurrency = 1;
        return true;
    }
}
