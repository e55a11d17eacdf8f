using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Text;
using NetVips;

namespace Weir.Social.Tests;

/// <summary>Where a picture or a video was made does not travel with it, unless its sender wants that.</summary>
public sealed class LocationTests(SqliteServer shared)
{
    [Fact]
    public async Task A_photo_sent_as_a_file_keeps_everything_but_where_it_was_made()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var photo = TestPictures.WithMetadata(TestPictures.Jpeg());
        var sent = (await anna.UploadAsync(photo, "holiday.jpg", "file")).Is(HttpStatusCode.Created);
        Assert.True(sent["locationRemoved"].GetBoolean());
        var got = (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes;
        Assert.Equal(photo.Length, got.Length);
        var text = Encoding.Latin1.GetString(got);
        Assert.Contains("SECRET-CAMERA", text);
        Assert.Contains("SECRET-COMMENT", text);
        Assert.DoesNotContain("SECRET-XMP", text);
        Assert.DoesNotContain("SECRET-CITY", text);
        Assert.True(HasPosition(photo), "The test's own picture has no position.");
        Assert.False(HasPosition(got));
        using var image = Image.NewFromBuffer(got);
        Assert.Equal((400, 300), (image.Width, image.Height));

        var kept = (await anna.SendBytesAsync("/api/files?as=file&name=holiday.jpg&location=keep", photo)).Is(HttpStatusCode.Created);
        Assert.False(kept["locationRemoved"].GetBoolean());
        Assert.Equal(photo, (await anna.BytesAsync($"/api/files/{kept.Text("id")}")).Bytes);
    }

    [Fact]
    public async Task Png_and_WebP_lose_it_too_and_stay_whole()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        foreach (var bytes in new[] { Png(), MarkedPng(), WebP() })
        {
            Assert.True(HasPosition(bytes), "The test's own picture has no position.");
            var sent = (await anna.UploadAsync(bytes, "x", "file")).Is(HttpStatusCode.Created);
            Assert.True(sent["locationRemoved"].GetBoolean());
            var got = (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes;
            Assert.Equal(bytes.Length, got.Length);
            Assert.False(HasPosition(got));
            // A chunk of PNG whose sum is wrong is a fault.
            using var whole = Image.NewFromBuffer(got, failOn: Enums.FailOn.Warning);
            Assert.InRange(whole.Avg(), 1, 254);
        }

        static byte[] Png() => PngWith("eXIf"u8, TestPictures.Exif(1));

        static byte[] MarkedPng() => PngWith("eXIf"u8, [.. "Exif\0\0"u8, .. TestPictures.Exif(1)]);

        static byte[] WebP()
        {
            using var image = TestPictures.Halves(400, 300);
            var picture = image.WebpsaveBuffer(keep: Enums.ForeignKeep.None);
            var exif = TestPictures.Exif(1);
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, exif.Length);
            byte[] whole = [.. picture, .. "EXIF"u8, .. length, .. exif, .. new byte[exif.Length % 2]];
            BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(4), whole.Length - 8);
            return whole;
        }
    }

    [Fact]
    public async Task A_tiff_file_loses_the_positions_of_its_first_directory()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var tiff = TestPictures.Exif(1);
        var sent = (await anna.UploadAsync(tiff, "x.dng", "file")).Is(HttpStatusCode.Created);
        Assert.True(sent["locationRemoved"].GetBoolean());
        var got = (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes;
        Assert.Equal(tiff.Length, got.Length);
        Assert.False(HasPosition(got));
        Assert.Contains("SECRET-CAMERA", Encoding.Latin1.GetString(got));
    }

    [Theory]
    [InlineData("zTXt", "Raw profile type exif\0\0")]
    [InlineData("tEXt", "Raw profile type APP1\0")]
    [InlineData("iTXt", "XML:com.adobe.xmp\0\u0001\0\0\0")]
    public async Task A_packed_profile_in_a_png_goes_as_a_whole(string type, string start)
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var png = PngWith(Encoding.ASCII.GetBytes(type), [.. Encoding.ASCII.GetBytes(start), .. "SECRET-PACKED"u8]);
        var sent = (await anna.UploadAsync(png, "x", "file")).Is(HttpStatusCode.Created);
        Assert.True(sent["locationRemoved"].GetBoolean());
        var got = (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes;
        Assert.Equal(png.Length, got.Length);
        Assert.DoesNotContain("SECRET-PACKED", Encoding.Latin1.GetString(got));
        using var whole = Image.NewFromBuffer(got, failOn: Enums.FailOn.Warning);
        Assert.InRange(whole.Avg(), 1, 254);
    }

    [Theory]
    [InlineData("<photoshop:City>SECRET</photoshop:City>", "<photoshop:City>      </photoshop:City>")]
    [InlineData("photoshop:State = 'SECRET \"x\"'", "photoshop:State = '          '")]
    [InlineData("exif:GPSLatitude=\"52,31N\" exif:Model=\"X\"", "exif:GPSLatitude=\"      \" exif:Model=\"X\"")]
    [InlineData("<Iptc4xmpExt:City\n>SECRET<", "<Iptc4xmpExt:City\n>      <")]
    [InlineData("<photoshop:City></photoshop:City> words <x/>", null)]
    [InlineData("<photoshop:CityName>SECRET</photoshop:CityName>", null)]
    [InlineData("photoshop:City=\"SECRET", null)]
    [InlineData("<photoshop:City/>", null)]
    public async Task Values_of_places_in_xmp_become_blanks_and_nothing_else(string xmp, string? cleaned)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, Jpeg(xmp));
        Assert.Equal(cleaned is not null, Files.LocationRemoval.Remove(path, default));
        Assert.Equal(Encoding.ASCII.GetString(Jpeg(cleaned ?? xmp)), Encoding.ASCII.GetString(await File.ReadAllBytesAsync(path)));
        File.Delete(path);

        static byte[] Jpeg(string xmp) => [0xFF, 0xD8, 0xFF, .. Encoding.ASCII.GetBytes($"<x:xmpmeta>{xmp}</x:xmpmeta>photoshop:City='X'")];
    }

    [Theory]
    [InlineData("mp4")]
    [InlineData("mov")]
    public async Task A_video_loses_its_place_and_plays(string container)
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var path = Path.Combine(Path.GetTempPath(), $"weir-place-{Guid.NewGuid():N}.{container}");
        try
        {
            await RunAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-metadata", "location=+52.3676+004.9041/", "-metadata", "title=A title", path);
            Assert.Contains("52.3676", await RunAsync("ffprobe", "-v", "error", "-show_entries", "format_tags", path));
            var bytes = await File.ReadAllBytesAsync(path);
            var sent = (await anna.UploadAsync(bytes, $"x.{container}", "file")).Is(HttpStatusCode.Created);
            Assert.True(sent["locationRemoved"].GetBoolean());
            var got = (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes;
            Assert.Equal(bytes.Length, got.Length);
            await File.WriteAllBytesAsync(path, got);
            var tags = await RunAsync("ffprobe", "-v", "error", "-count_packets", "-show_entries", "format_tags:stream=nb_read_packets", path);
            Assert.DoesNotContain("52.3", tags);
            Assert.Contains("A title", tags);
            Assert.Contains("nb_read_packets=10", tags);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task QuickTimes_metadata_loses_the_one_item_that_is_a_place()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        byte[] keys = [0, 0, 0, 0, 0, 0, 0, 2, .. Box("mdta", "com.apple.quicktime.make"u8), .. Box("mdta", "com.apple.quicktime.location.ISO6709"u8)];
        byte[] meta = [.. Box("hdlr", new byte[25]), .. Box("keys", keys), .. Box("ilst", [.. Item(1, "A-CAMERA"), .. Item(2, "+52.3676+004.9041/")])];
        byte[] movie = [.. Box("ftyp", "qt  \0\0\0\0"u8), .. Box("moov", [.. Box("mvhd", new byte[100]), .. Box("meta", meta)])];
        var sent = (await anna.UploadAsync(movie, "x.mov", "file")).Is(HttpStatusCode.Created);
        var got = Encoding.Latin1.GetString((await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes);
        Assert.Contains("A-CAMERA", got);
        Assert.DoesNotContain("52.3676", got);

        static byte[] Item(int key, string value)
        {
            var item = Box("....", Box("data", [0, 0, 0, 1, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(value)]));
            BinaryPrimitives.WriteInt32BigEndian(item.AsSpan(4), key);
            return item;
        }
    }

    /// <summary>ISO/IEC 14496-12 4.2: a size of 1 says that the size stands behind the type.</summary>
    [Fact]
    public void A_movie_whose_size_takes_eight_bytes_loses_its_place()
    {
        var user = Box("udta", Box("\u00a9xyz", "+52.3676+004.9041/"u8));
        byte[] large = [0, 0, 0, 1, .. "moov"u8, 0, 0, 0, 0, 0, 0, 0, (byte)(16 + user.Length), .. user];
        var file = new MemoryStream();
        file.Write([.. Box("ftyp", "isom\0\0\0\0"u8), .. large]);
        Assert.True(Files.LocationRemoval.Remove(file, default));
        Assert.DoesNotContain("52.36", Encoding.Latin1.GetString(file.ToArray()));
    }

    [Fact]
    public void What_was_taken_out_once_is_not_said_to_be_taken_out_again()
    {
        var file = new MemoryStream();
        file.Write(TestPictures.WithMetadata(TestPictures.Jpeg()));
        Assert.True(Files.LocationRemoval.Remove(file, default));
        var cleaned = file.ToArray();
        Assert.False(Files.LocationRemoval.Remove(file, default));
        Assert.Equal(cleaned, file.ToArray());
    }

    [Fact]
    public async Task What_is_no_picture_or_is_broken_stays_as_it_is_byte_by_byte()
    {
        var anna = await shared.Server.PersonAsync("Anna");
        var photo = TestPictures.WithMetadata(TestPictures.Jpeg());
        var random = new Random(5);
        foreach (var bytes in new byte[][] { [.. "exif:GPSLatitude=\"1\" Exif\0\0II*\0"u8], [0xFF, 0xD8, 0xFF], [.. "RIFF\0\0\0\0WEBPEXIF"u8], [.. Box("ftyp", "isom"u8), .. Box("moov", [0, 0, 0, 3, .. "udta"u8])] })
        {
            var sent = (await anna.UploadAsync(bytes, "x", "file")).Is(HttpStatusCode.Created);
            Assert.Equal(bytes, (await anna.BytesAsync($"/api/files/{sent.Text("id")}")).Bytes);
        }

        // Nothing that a file can hold breaks it.
        var path = Path.GetTempFileName();
        for (var round = 0; round < 2000; round++)
        {
            var broken = photo.ToArray();
            for (var i = 0; i < 20; i++)
            {
                broken[random.Next(Math.Min(broken.Length, 700))] = (byte)random.Next(256);
            }

            await File.WriteAllBytesAsync(path, broken[..random.Next(broken.Length)]);
            Files.LocationRemoval.Remove(path, default);
        }

        File.Delete(path);
    }

    private static byte[] PngWith(ReadOnlySpan<byte> type, byte[] body)
    {
        using var image = TestPictures.Halves(400, 300);
        var png = image.PngsaveBuffer(keep: Enums.ForeignKeep.None);
        var chunk = (byte[])[.. type, .. body];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc(chunk));
        // Behind the header, which has 33 bytes.
        return [.. png[..33], .. length, .. chunk, .. sum, .. png[33..]];
    }

    // W3C PNG, annex D.
    private static uint Crc(byte[] bytes)
    {
        var table = Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) == 0 ? c >> 1 : (c >> 1) ^ 0xEDB88320)).ToArray();
        return ~bytes.Aggregate(uint.MaxValue, (crc, value) => table[(crc ^ value) & 0xFF] ^ (crc >> 8));
    }

    private static bool HasPosition(byte[] picture) => picture.AsSpan().IndexOf(TestPictures.Position) >= 0;

    private static byte[] Box(string type, ReadOnlySpan<byte> body)
    {
        var box = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        Encoding.Latin1.GetBytes(type).CopyTo(box, 4);
        body.CopyTo(box.AsSpan(8));
        return box;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, faults) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience.Limit);
        Assert.True(process.ExitCode == 0, $"{program}: {await faults}");
        return await output;
    }
}
