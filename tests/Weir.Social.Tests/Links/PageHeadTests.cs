using System.Text;
using CsCheck;
using Weir.Social.Links;

namespace Weir.Social.Tests;

public sealed class PageHeadTests
{
    private static readonly string[] Parts =
        ["<", ">", "<title>", "</title>", "<meta property='og:title' content=\"", "\"", "<script>", "</script", "&amp;", "&#x110000;", "<!--", "-->", "\0", "é", "<svg>", "<![CDATA["];

    [Fact]
    public void Open_graph_goes_before_the_title()
    {
        var head = Read("""
            <!doctype html><html><head><title>Plain &amp; simple</title>
            <META PROPERTY=og:title CONTENT='The &quot;real&quot; title'><meta property="og:description" content="  Two
            lines "><meta property="og:site_name" content="Site"><meta property="og:image" content="/picture.jpg?a=1&amp;b=2"></head><body><title>No</title>
            """);
        Assert.Equal(new PageHead("The \"real\" title", "Two lines", "Site", "/picture.jpg?a=1&b=2"), head);
        Assert.Equal(new PageHead("Plain & <b>simple", "D", null, null), Read("<title>Plain &amp; <b>simple</title><meta name=description content=D><meta name=description content=E>"));
        Assert.Equal(new PageHead(null, null, null, null), Read("<p>Nothing"));
    }

    [Fact]
    public void Scripts_styles_comments_and_the_body_say_nothing()
    {
        var head = Read("""
            <script>document.write("<meta property='og:title' content='script'>")</script><style><meta property="og:title" content="style"></style>
            <!-- <meta property="og:title" content="comment"> --><noscript></noscript><title>Title</title><svg><title>Svg</title></svg><body><meta property="og:title" content="body">
            """);
        Assert.Equal("Title", head.Title);
    }

    [Fact]
    public void What_disguises_itself_is_taken_off_and_long_texts_are_cut()
    {
        Assert.Equal("gpj.exea b", Read("<title>\u202Egpj.exe\u0007a\u2028b\uFEFF</title>").Title);
        Assert.Equal(201, Read($"<title>{new string('x', 5000)}</title>").Title!.Length);
        var emoji = Read($"<title>{string.Concat(Enumerable.Repeat("🎈", 300))}</title>").Title!;
        Assert.Equal(string.Concat(Enumerable.Repeat("🎈", 100)) + "…", emoji);
    }

    [Theory]
    [InlineData("gbk", null)]
    [InlineData("gb18030", "gb18030")]
    [InlineData("big5", null)]
    [InlineData("utf-8", null)]
    public void Chinese_pages_are_read_in_their_encoding(string encoding, string? header)
    {
        _ = Read("");
        var page = Encoding.GetEncoding(encoding).GetBytes($"<html><head>{(header is null ? $"<meta charset=\"{encoding}\">" : "")}<title>中文新聞</title>");
        Assert.Equal("中文新聞", PageHead.Read(page, header).Title);
    }

    /// <summary>Page, its encoding, what the header says. Each as browsers read it.</summary>
    [Theory]
    [InlineData("<meta charset=utf-16><title>中文</title>", "utf-8", null)]
    [InlineData("<meta charset=iso-8859-1><title>“€” é</title>", "windows-1252", null)]
    [InlineData("<meta charset=latin1><title>“€” é</title>", "windows-1252", null)]
    [InlineData("<title>“€” é</title>", "windows-1252", "ISO-8859-1")]
    [InlineData("<meta charset=\"windows-31j\"><title>日本語</title>", "shift_jis", null)]
    [InlineData("<meta charset='x-sjis'><title>日本語</title>", "shift_jis", null)]
    [InlineData("<meta charset=cp1251><title>Привет</title>", "windows-1251", null)]
    [InlineData("<meta charset=koi8-r><title>Привет</title>", "koi8-r", null)]
    [InlineData("<meta charset=euc-kr><title>한국어</title>", "euc-kr", null)]
    [InlineData("<meta charset=gb2312><title>中文</title>", "gbk", null)]
    [InlineData("<meta charset = \"gbk\"><title>中文</title>", "gbk", null)]
    [InlineData("<META http-equiv='Content-Type' content='text/html; charset = \"gbk\"'><title>中文</title>", "gbk", null)]
    [InlineData("<meta content='text/html; charset=gbk' http-equiv=content-type><title>中文</title>", "gbk", null)]
    [InlineData("<meta content='text/html; charset=gbk' name=description><title>中文</title>", "utf-8", null)]
    [InlineData("<!-- <meta charset=gbk> --><title>中文</title>", "utf-8", null)]
    [InlineData("<!--><meta charset=gbk><title>中文</title>", "gbk", null)]
    [InlineData("<html data-x='<meta charset=gbk>'><title>中文</title>", "utf-8", null)]
    [InlineData("<link href=?charset=gbk><title>中文</title>", "utf-8", null)]
    [InlineData("<?xml version='1.0' encoding='gbk'?><html><title>中文</title>", "gbk", null)]
    [InlineData("<meta charset=gbk><title>中文</title>", "utf-8", "\"utf-8\"")]
    [InlineData("<meta charset=gbk><title>中文</title>", "gbk", "no-such-thing")]
    [InlineData("\uFEFF<meta charset=gbk><title>中文</title>", "utf-8", "gbk")]
    [InlineData("\uFEFF<title>中文</title>", "utf-16", "gbk")]
    [InlineData("\uFEFF<title>中文</title>", "utf-16BE", null)]
    [InlineData("<title>中文</title>", "utf-16", "utf-16le")]
    public void A_page_is_read_in_the_encoding_that_browsers_find(string page, string encoding, string? header)
    {
        _ = Read("");
        var title = page[(page.IndexOf("<title>", StringComparison.Ordinal) + 7)..page.IndexOf("</title>", StringComparison.Ordinal)];
        Assert.Equal(title, PageHead.Read(Encoding.GetEncoding(encoding).GetBytes(page), header).Title);
    }

    [Fact]
    public void The_title_is_the_page_s_and_not_that_of_a_picture_in_it() => Assert.Equal(
        "Page", Read("<svg><title>Picture</title><style/></svg><math><title>Formula</title></math><svg/><title>Page</title><svg><title>Another</title></svg>").Title);

    [Fact]
    public void An_unknown_encoding_is_read_as_utf8() => Assert.Equal("中文", PageHead.Read(Encoding.UTF8.GetBytes("<title>中文</title>"), "no-such-thing").Title);

    [Fact]
    public void Any_bytes_give_a_head_or_none() => Gen.OneOf(
        Gen.Byte.Array[0, 400],
        Gen.Int[0, Parts.Length - 1].Select(index => Parts[index]).Array[0, 60].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)))).Sample(
        bytes =>
        {
            var head = PageHead.Read(bytes, null);
            Assert.True(head.Title is null or { Length: > 0 and <= 201 });
        }, iter: 20_000);

    [Fact]
    public void The_worst_pages_of_full_size_take_no_more_than_moments()
    {
        foreach (var part in new[] { "<", "<a ", "<meta property=og:title content=", "<title>", "<!--", "<div>", "&", "<x a=b ", "<script>", "\"'" })
        {
            var page = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(part, 512 * 1024 / part.Length)));
            var took = ThreadTime.Of(() => PageHead.Read(page, null));
            Assert.True(took < TimeSpan.FromSeconds(10), $"{part}: {took}");
        }
    }

    [Theory]
    [InlineData("Look: https://example.org/a?b=c#d, nice", "https://example.org/a?b=c#d")]
    [InlineData("(see http://example.org/x_(y))", "http://example.org/x_(y)")]
    [InlineData("看https://example.org/路径。好", "https://example.org/%E8%B7%AF%E5%BE%84")]
    [InlineData("https://zh.wikipedia.org/wiki/北京", "https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC")]
    [InlineData("“https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC”", "https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC")]
    [InlineData("看这个 https://例え.jp/x 好", "https://例え.jp/x")]
    [InlineData("xhttp://example.org", null)]
    [InlineData("https://", null)]
    [InlineData("https://user:secret@example.org/", null)]
    [InlineData("javascript:alert(1) httpsx://a ftp://example.org", null)]
    [InlineData("http://a.example https://b.example", "http://a.example/")]
    [InlineData("HTTPS://EXAMPLE.ORG/Path.", "https://example.org/Path")]
    [InlineData("https://example.org/<script>", "https://example.org/")]
    public void The_first_address_of_a_text(string text, string? expected) => Assert.Equal(expected, LinkText.FirstIn(text)?.AbsoluteUri);

    [Fact]
    public void Any_text_has_an_address_that_may_be_fetched_or_none() => Gen.String[Gen.Char["https://a.b:80@[]().,%?#\\ \n中\ud83c\udf88"], 0, 80].Sample(
        text => Assert.True(LinkText.FirstIn("http" + text) is not { } uri || LinkText.IsFetchable(uri)), iter: 20_000);

    [Fact]
    public void Half_a_character_is_no_host()
    {
        foreach (var half in new[] { '\ud83c', '\udf88' })
        {
            Assert.Null(LinkText.FirstIn($"http://{half} "));
            Assert.Equal("http://a.example/", LinkText.FirstIn($"http://{half} http://a.example")?.AbsoluteUri);
        }
    }

    private static PageHead Read(string page) => PageHead.Read(Encoding.UTF8.GetBytes(page), "utf-8");
}
