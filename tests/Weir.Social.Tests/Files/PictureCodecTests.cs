using System.Text;
using NetVips;
using Weir.Social.Files;

namespace Weir.Social.Tests;

/// <summary>What comes out is an upright picture and nothing else; what is no picture is refused cheaply.</summary>
public sealed class PictureCodecTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-pictures-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1, 400, 300, "left")]
    [InlineData(3, 400, 300, "right")]
    [InlineData(6, 300, 400, "top")]
    [InlineData(8, 300, 400, "bottom")]
    public void A_photograph_is_turned_upright_and_says_nothing_about_who_took_it(int orientation, int width, int height, string red)
    {
        var original = TestPictures.WithMetadata(TestPictures.Jpeg(), (ushort)orientation);
        Assert.Contains("SECRET", Encoding.Latin1.GetString(original), StringComparison.Ordinal);
        var made = Made(original);
        Assert.Equal((width, height, "image/jpeg"), (made.Width, made.Height, made.Type));
        foreach (var bytes in new[] { made.Bytes, made.Thumb })
        {
            var text = Encoding.Latin1.GetString(bytes);
            foreach (var trace in new[] { "SECRET", "Exif", "adobe", "Photoshop", "ICC_PROFILE" })
            {
                Assert.DoesNotContain(trace, text, StringComparison.Ordinal);
            }

            Assert.Empty(Applications(bytes));
            using var image = Image.NewFromBuffer(bytes);
            Assert.DoesNotContain(image.GetFields(), field => field.StartsWith("exif", StringComparison.Ordinal) || field.Contains("-data", StringComparison.Ordinal) || field == "orientation");
            var (x, y) = red switch { "left" => (.1, .5), "right" => (.9, .5), "top" => (.5, .1), _ => (.5, .9) };
            var pixel = image.Getpoint((int)(image.Width * x), (int)(image.Height * y));
            Assert.True(pixel[0] > 180 && pixel[2] < 90, $"{red} is {string.Join(' ', pixel)}");
        }

        using var thumb = Image.NewFromBuffer(made.Thumb);
        Assert.True(Math.Max(thumb.Width, thumb.Height) <= PictureCodec.ThumbSide);
        Assert.Matches("^#[0-9a-f]{6}$", made.Color);
    }

    [Fact]
    public void Large_pictures_get_smaller_small_ones_stay_and_every_kind_is_read()
    {
        Assert.Equal((2048, 1024), SizeOf(Made(TestPictures.Jpeg(4000, 2000))));
        Assert.Equal((3, 2), SizeOf(Made(TestPictures.Jpeg(3, 2))));
        Assert.Equal((2048, 1), SizeOf(Made(TestPictures.Jpeg(20_000, 2))));
        using var image = TestPictures.Halves(500, 200);
        foreach (var bytes in new[] { image.PngsaveBuffer(), image.WebpsaveBuffer(), image.GifsaveBuffer(), image.HeifsaveBuffer(compression: Enums.ForeignHeifCompression.Av1) })
        {
            Assert.Equal((500, 200), SizeOf(Made(bytes)));
        }

        static (int, int) SizeOf(MadePicture made) => (made.Width, made.Height);
    }

    [Fact]
    public void Transparency_stays_where_there_is_some()
    {
        Assert.Equal("image/jpeg", Made(TestPictures.Png()).Type);
        var made = Made(TestPictures.Png(transparent: true));
        Assert.Equal("image/webp", made.Type);
        using var image = Image.NewFromBuffer(made.Bytes);
        Assert.True(image.HasAlpha());
    }

    [Fact]
    public void Colours_of_a_wide_profile_become_those_of_the_web()
    {
        using var image = TestPictures.Halves(200, 100);
        using var wide = image.IccTransform("p3", inputProfile: "srgb");
        var original = wide.JpegsaveBuffer(q: 100, keep: Enums.ForeignKeep.Icc);
        Assert.Contains("ICC_PROFILE", Encoding.Latin1.GetString(original), StringComparison.Ordinal);
        Assert.InRange(wide.Getpoint(20, 50)[0], 190, 212);
        using var made = Image.NewFromBuffer(Made(original).Bytes);
        Assert.InRange(made.Getpoint(20, 50)[0], 215, 225);
    }

    [Fact]
    public void Of_an_animation_the_first_frame_is_kept()
    {
        using var first = TestPictures.Halves(60, 40);
        using var second = Image.Black(60, 40, bands: 3);
        using var frames = Image.Arrayjoin([first, second], across: 1);
        using var animation = frames.Mutate(m => m.Set(GValue.GIntType, "page-height", 40));
        Assert.Equal((60, 40), (Made(animation.GifsaveBuffer()).Width, Made(animation.GifsaveBuffer()).Height));
    }

    [Fact]
    public void An_avatar_is_the_square_that_was_asked_for()
    {
        var jpeg = TestPictures.Jpeg(2000, 1000);
        var whole = Made(jpeg, FileKind.Avatar);
        Assert.Equal((512, 512), (whole.Width, whole.Height));
        using (var both = Image.NewFromBuffer(whole.Bytes))
        {
            Assert.True(both.Getpoint(40, 256)[0] > 180);
            Assert.True(both.Getpoint(470, 256)[2] > 180);
        }

        using (var left = Image.NewFromBuffer(Made(jpeg, FileKind.Avatar, new Crop(0, 0, 900)).Bytes))
        {
            Assert.True(left.Getpoint(500, 500)[0] > 180);
        }

        // Turned by its orientation, the red half is on top.
        using (var top = Image.NewFromBuffer(Made(TestPictures.WithMetadata(jpeg), FileKind.Avatar, new Crop(0, 0, 950)).Bytes))
        {
            Assert.True(top.Getpoint(256, 500)[0] > 180);
        }

        Assert.Equal(60, Made(TestPictures.Jpeg(100, 60), FileKind.Avatar, new Crop(1_000_000, 1_000_000, 1_000_000)).Width);
    }

    [Fact]
    public void A_bomb_is_known_by_its_header()
    {
        using var huge = Image.Black(12_000, 12_000);
        var bomb = huge.PngsaveBuffer(compression: 9);
        Assert.True(bomb.Length < 1_000_000);
        Assert.Equal(PictureFault.TooLarge, Fault(bomb));
        using var line = Image.Black(60_000, 1);
        Assert.Equal(PictureFault.TooLarge, Fault(line.PngsaveBuffer()));
        using var deep = Image.Black(6000, 6000, bands: 4);
        using var cast = deep.Cast(Enums.BandFormat.Ushort);
        using var wide = cast.Copy(interpretation: Enums.Interpretation.Rgb16);
        Assert.Equal(PictureFault.TooLarge, Fault(wide.PngsaveBuffer(compression: 9)));
    }

    [Fact]
    public void What_takes_too_long_is_given_up()
    {
        using var busy = Image.Gaussnoise(3000, 3000);
        using var bytes = busy.Cast(Enums.BandFormat.Uchar);
        Assert.Equal(PictureFault.TooSlow, Fault(bytes.PngsaveBuffer(compression: 1), new FileLimits { DecodeTime = TimeSpan.FromTicks(1) }));
    }

    [Fact]
    public void What_only_looks_like_a_picture_is_refused()
    {
        foreach (var text in new[] { "", "hello", "<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>", "<?xml version='1.0'?><svg/>", "%PDF-1.7", "<html><script>alert(1)</script>" })
        {
            Assert.Equal(PictureFault.NotAPicture, Fault(Encoding.UTF8.GetBytes(text)));
        }

        using var image = TestPictures.Halves(50, 50);
        Assert.Equal(PictureFault.NotAPicture, Fault(image.TiffsaveBuffer()));
        foreach (var start in new[] { "GIF89a<script>alert(1)</script>", "RIFF....WEBPVP8 and nothing of it" })
        {
            Assert.Equal(PictureFault.Broken, Fault(Encoding.UTF8.GetBytes(start)));
        }

        var jpeg = TestPictures.Jpeg();
        // A GIF that is cut off shows what is there, as in every browser.
        foreach (var whole in new[] { jpeg, TestPictures.Png(), image.WebpsaveBuffer(), image.HeifsaveBuffer(compression: Enums.ForeignHeifCompression.Av1) })
        {
            Assert.Equal(PictureFault.Broken, Fault(whole[..(whole.Length * 2 / 3)]));
        }

        Assert.Equal(PictureFault.Broken, Fault(jpeg[..40]));
    }

    private MadePicture Made(byte[] bytes, FileKind kind = FileKind.Picture, Crop? crop = null)
    {
        var (made, fault) = PictureCodec.Make(Write(bytes), kind, crop, new FileLimits(), default);
        Assert.Equal(PictureFault.None, fault);
        return made!;
    }

    private PictureFault Fault(byte[] bytes, FileLimits? limits = null)
    {
        var (made, fault) = PictureCodec.Make(Write(bytes), FileKind.Picture, null, limits ?? new FileLimits(), default);
        Assert.Null(made);
        return fault;
    }

    private string Write(byte[] bytes)
    {
        var path = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The application segments of a JPEG.</summary>
    private static List<int> Applications(byte[] jpeg)
    {
        var found = new List<int>();
        for (var at = 2; jpeg[at] == 0xFF && jpeg[at + 1] != 0xDA; at += 2 + (jpeg[at + 2] << 8) + jpeg[at + 3])
        {
            if (jpeg[at + 1] is >= 0xE0 and <= 0xEF or 0xFE)
            {
                found.Add(jpeg[at + 1]);
            }
        }

        return found;
    }
}
