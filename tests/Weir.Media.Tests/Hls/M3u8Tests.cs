using Weir.Media.Formats.M3u8;

namespace Weir.Media.Tests.Hls;

public sealed class M3u8Tests
{
    [Fact]
    public void What_is_written_reads_back()
    {
        var text = new M3u8Writer()
            .Tag("EXT-X-VERSION", 9)
            .Begin("EXT-X-PART").Duration("DURATION", 300_000).Quoted("URI", "a,b=c.m4s").Enumerated("INDEPENDENT", "YES").End()
            .Inf(2_000_033).Uri("s.m4s")
            .ToString();
        Assert.Equal("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-PART:DURATION=0.300,URI=\"a,b=c.m4s\",INDEPENDENT=YES\n#EXTINF:2.000033,\ns.m4s\n", text);
        var lines = M3u8Reader.Read(text);
        Assert.Equal("a,b=c.m4s", lines[1].Attributes["URI"]);
        Assert.Equal("YES", lines[1].Attributes["INDEPENDENT"]);
        Assert.True(lines[^1].IsUri);
    }

    [Fact]
    public void A_quoted_string_cannot_hold_what_would_end_it() =>
        Assert.Throws<ArgumentException>(() => new M3u8Writer().Begin("EXT-X-MAP").Quoted("URI", "a\"b"));

    [Theory]
    [InlineData("A=1,A=2")]
    [InlineData("A=\"open")]
    [InlineData("nothing")]
    public void A_broken_attribute_list_is_refused(string value) =>
        Assert.Throws<FormatException>(() => M3u8Reader.Read("#EXTM3U\n#EXT-X-MAP:" + value)[0].Attributes);
}
