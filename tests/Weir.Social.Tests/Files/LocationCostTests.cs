using System.Buffers.Binary;
using System.Text;
using Weir.Social.Files;

namespace Weir.Social.Tests;

/// <summary>Whoever uploads a file chooses what is in it, so looking for a place in it has a bound.</summary>
public sealed class LocationCostTests
{
    private const int Head = 4 << 20;
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("xmp")]
    [InlineData("xmp values")]
    [InlineData("exif values")]
    [InlineData("exif clears")]
    [InlineData("exif marks")]
    [InlineData("webp chunks")]
    [InlineData("movie keys")]
    [InlineData("movie items")]
    [InlineData("boxes")]
    public void The_worst_files_take_little_work_and_stay_as_they_are(string kind)
    {
        var file = Worst(kind);
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            var removed = true;
            var took = ThreadTime.Of(() => removed = LocationRemoval.Remove(path, default));
            Assert.True(took < Most, $"{kind}: {took}");
            Assert.False(removed);
            Assert.True(file.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{kind}: the file changed.");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_movie_box_of_any_size_takes_little_memory()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path))
            {
                file.Write([.. Box("ftyp", "isom\0\0\0\0"u8), .. Start("moov", 60 << 20)]);
                file.SetLength(16 + (60 << 20));
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(LocationRemoval.Remove(path, default));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Head, 24 << 20);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Who_goes_away_ends_the_work_and_the_file_stays_whole()
    {
        var path = Path.GetTempFileName();
        var photo = TestPictures.WithMetadata(TestPictures.Jpeg());
        try
        {
            File.WriteAllBytes(path, photo);
            Assert.Throws<OperationCanceledException>(() => LocationRemoval.Remove(path, new CancellationToken(canceled: true)));
            Assert.Equal(photo, File.ReadAllBytes(path));
            Assert.True(LocationRemoval.Remove(path, default));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Worst(string kind) => kind switch
    {
        "xmp" => [0xFF, 0xD8, 0xFF, .. "<x:xmpmeta"u8, .. Repeated("photoshop:City>"u8, Head)],
        "xmp values" => [0xFF, 0xD8, 0xFF, .. "<x:xmpmeta photoshop:State='SECRET' photoshop:City=\""u8, .. Repeated("x"u8, Head)],
        "exif values" => Exif(many: 339, entries: 512, size: 2 << 20),
        "exif clears" => Exif(many: 1, entries: 512, size: 64 << 10),
        "exif marks" => Exif(many: 339, entries: 512, size: 8),
        "webp chunks" => WebP(),
        "movie keys" => Movie(keys: 150_000, items: 1_000_000),
        "movie items" => Movie(keys: 10, items: 1_000_000),
        "boxes" => [.. Box("ftyp", "isom\0\0\0\0"u8), .. Repeated(Box("free", []), 100 << 20)],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>
    /// Marks of Exif in the first half of the head, each with its own directory of positions, whose entries all point to the second half.
    /// </summary>
    private static byte[] Exif(int many, int entries, int size)
    {
        var file = new byte[Head];
        ((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]).CopyTo(file);
        Array.Fill(file, (byte)1, Head / 2, Head / 2);
        var at = 3;
        for (var mark = 0; mark < many; mark++)
        {
            "Exif\0\0"u8.CopyTo(file.AsSpan(at));
            at += 6 + Tiff(file.AsSpan(at + 6), entries, Head / 2 - at - 6, size, 26);
        }

        Assert.True(at <= Head / 2, "The marks do not fit.");
        return file;
    }

    /// <summary>Chunks of Exif of 16 bytes, which all share one directory, whose entries all point to no directory of positions.</summary>
    private static byte[] WebP()
    {
        var file = new byte[Head];
        "RIFF\0\0\0\0WEBP"u8.CopyTo(file);
        var shared = Head - (2 + (512 * 12));
        for (var at = 12; at + 16 <= shared; at += 16)
        {
            "EXIF\b\0\0\0II*\0"u8.CopyTo(file.AsSpan(at));
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at + 12), shared - at - 8);
        }

        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(shared), 512);
        Repeated([0x25, 0x88, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0], 512 * 12).CopyTo(file, shared + 2);
        return file;
    }

    /// <returns>Its bytes, up to the end of the directory of positions at that offset.</returns>
    private static int Tiff(Span<byte> tiff, int entries, int target, int size, int offset)
    {
        ((ReadOnlySpan<byte>)[.. "II*\0"u8, 8, 0, 0, 0, 1, 0]).CopyTo(tiff);
        ((ReadOnlySpan<byte>)[0x25, 0x88, 4, 0, 1, 0, 0, 0]).CopyTo(tiff[10..]);
        BinaryPrimitives.WriteInt32LittleEndian(tiff[18..], offset);
        if (entries > 0)
        {
            BinaryPrimitives.WriteInt16LittleEndian(tiff[offset..], (short)entries);
        }

        for (var i = 0; i < entries; i++)
        {
            var entry = tiff[(offset + 2 + (i * 12))..];
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], size);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], target);
        }

        return offset + 2 + (entries * 12);
    }

    private static byte[] Movie(int keys, int items)
    {
        var name = Box("mdta", "com.apple.quicktime.location.ISO6709"u8);
        var names = Repeated(name, keys * name.Length);
        var list = Box("ilst", Repeated([0, 0, 0, 8, 0x7F, 0, 0, 0], items * 8));
        var meta = (byte[])[.. Box("hdlr", new byte[25]), .. Box("keys", [.. new byte[8], .. names]), .. list];
        return [.. Box("ftyp", "qt  \0\0\0\0"u8), .. Box("moov", [.. Box("udta", Box("loci", "SECRET"u8)), .. Box("meta", meta)])];
    }

    private static byte[] Repeated(ReadOnlySpan<byte> part, int length)
    {
        var all = new byte[length / part.Length * part.Length];
        part.CopyTo(all);
        for (var filled = part.Length; filled < all.Length; filled *= 2)
        {
            all.AsSpan(0, Math.Min(filled, all.Length - filled)).CopyTo(all.AsSpan(filled));
        }

        return all;
    }

    private static byte[] Box(string type, ReadOnlySpan<byte> body) => [.. Start(type, 8 + body.Length), .. body];

    private static byte[] Start(string type, int size)
    {
        var start = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(start, size);
        Encoding.ASCII.GetBytes(type).CopyTo(start, 4);
        return start;
    }
}
