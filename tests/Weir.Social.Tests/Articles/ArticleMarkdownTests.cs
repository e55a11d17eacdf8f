using Weir.Social.Articles;

namespace Weir.Social.Tests.Articles;

public sealed class ArticleMarkdownTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "<script")]
    [InlineData("text <img src=x onerror=alert(1)> text", "<img")]
    [InlineData("<div onclick='x'>a</div>", "<div")]
    [InlineData("[a](javascript:alert(1))", "href")]
    [InlineData("[a](JaVaScRiPt:alert(1))", "href")]
    [InlineData("[a](java&#x0A;script:alert(1))", "href")]
    [InlineData("[a](&#106;avascript:alert(1))", "href")]
    [InlineData("[a](data:text/html,<script>alert(1)</script>)", "href")]
    [InlineData("[a](vbscript:x)", "href")]
    [InlineData("[a](//evil.example/)", "href")]
    [InlineData("[a](/\\evil.example)", "href")]
    [InlineData("<javascript:alert(1)>", "href")]
    [InlineData("[a]\n\n[a]: javascript:alert(1)", "href")]
    [InlineData("![a](javascript:alert(1))", "href")]
    [InlineData("![a](https://elsewhere.example/spy.png)", "<img")]
    [InlineData("![a](/api/me)", "<img")]
    [InlineData("![a](/api/files/../me)", "<img")]
    [InlineData("ftp://example.org/x", "href")]
    [InlineData("tel:123", "href")]
    public void Nothing_that_could_do_harm_comes_through(string markdown, string mustNotBeThere) =>
        Assert.DoesNotContain(mustNotBeThere, ArticleMarkdown.Render(markdown)!.Html, StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("# One\n\n###### Six", "<h2>One</h2>", "<h4>Six</h4>")]
    [InlineData("[a](https://example.org/?a=1&b=2)", "href=\"https://example.org/?a=1&amp;b=2\"", "rel=\"noopener nofollow\"")]
    [InlineData("https://example.org/x", "href=\"https://example.org/x\"", "rel=\"noopener nofollow\"")]
    [InlineData("<anna@example.org>", "href=\"mailto:anna@example.org\"", "rel=")]
    [InlineData("[here](/a/paper)", "href=\"/a/paper\"", "here")]
    [InlineData("**a** *b* ~~c~~ `d`", "<strong>a</strong> <em>b</em>", "<del>c</del> <code>d</code>")]
    [InlineData("> q\n\n- l\n\n1. o\n\n---\n", "<blockquote>", "<hr />")]
    [InlineData("```js\n<b>\n```", "&lt;b&gt;", "<pre><code")]
    [InlineData("![A cat](/api/files/0123456789abcdef0123456789abcdef \"On a mat\")", "src=\"/api/files/0123456789abcdef0123456789abcdef\"", "alt=\"A cat\"")]
    [InlineData("![elsewhere](https://example.org/x.png)", "<a href=\"https://example.org/x.png\"", "elsewhere</a>")]
    [InlineData("汉字 & <b>", "汉字 &amp; &lt;b&gt;", "<p>")]
    public void What_articles_are_made_of_becomes_plain_HTML(string markdown, string first, string second)
    {
        var html = ArticleMarkdown.Render(markdown)!.Html;
        Assert.Contains(first, html, StringComparison.Ordinal);
        Assert.Contains(second, html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_text_without_marks_is_there_for_cards() =>
        Assert.Equal("Head\nBold & <b> link", ArticleMarkdown.Render("# Head\n\n**Bold** & <b> [link](https://example.org)")!.Text.ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("![", 50_000)]
    [InlineData("*a ", 33_000)]
    [InlineData("**", 50_000)]
    [InlineData("*a_ ", 25_000)]
    [InlineData("> ", 50_000)]
    [InlineData("- ", 50_000)]
    [InlineData("`", 100_000)]
    [InlineData("<", 100_000)]
    [InlineData("a@", 50_000)]
    [InlineData("http://", 14_000)]
    [InlineData("[a](", 25_000)]
    [InlineData("[a](b \"", 14_000)]
    [InlineData("[a](<", 20_000)]
    [InlineData("[a]: b\n", 14_000)]
    [InlineData("[a]: (", 16_000)]
    [InlineData("[a][", 25_000)]
    [InlineData("]", 100_000)]
    [InlineData("[a", 50_000)]
    [InlineData("<a ", 33_000)]
    [InlineData("www.a.", 16_000)]
    [InlineData("\t", 100_000)]
    [InlineData("-\n", 50_000)]
    [InlineData("~~a", 33_000)]
    [InlineData("&", 100_000)]
    [InlineData("\\", 100_000)]
    [InlineData("1. a\n", 20_000)]
    [InlineData("`a``b", 20_000)]
    public void A_hostile_document_of_the_greatest_size_takes_no_long_time(string unit, int times)
    {
        var text = string.Concat(Enumerable.Repeat(unit, times));
        // The last of its kind and then as much as there may be of anything.
        TakesNoLongTime(text, unit);
        TakesNoLongTime(string.Concat(Enumerable.Repeat(unit, Math.Min(times, 1000))).PadRight(Article.MaxMarkdown, '('), unit + " and brackets");
    }

    private static void TakesNoLongTime(string text, string unit)
    {
        var took = ThreadTime.Of(() => ArticleMarkdown.Render(text));
        Assert.True(took < TimeSpan.FromSeconds(5), $"{unit}: {took}");
    }
}
