using CsCheck;
using Weir.Social.Search;

namespace Weir.Social.Tests.Search;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("今天天气很好", "天气", true)]
    [InlineData("今天天气很好", "天好", false)]
    [InlineData("今天天气很好", "好", true)]
    [InlineData("今天天气很好", "天 很好", true)]
    [InlineData("买了iPhone手机", "iphone 手机", true)]
    [InlineData("买了iPhone手机", "手机iphone", true)]
    [InlineData("Hello World", "hel wor", true)]
    [InlineData("Hello World", "ello", false)]
    [InlineData("Hello World", "hello worlds", false)]
    [InlineData("Hello World", "h", true)]
    [InlineData("Crème brûlée, naïve Straße Łódź", "creme brulee naive strasse lodz", true)]
    [InlineData("creme brulee", "Crème", true)]
    [InlineData("Ｆｕｌｌ　ｗｉｄｔｈ １２３", "full width 123", true)]
    [InlineData("ΣΊΣΥΦΟΣ", "σίσυφος", true)]
    [InlineData("カタカナ", "ｶﾀｶﾅ", true)]
    [InlineData("ガ", "カ", true)]
    [InlineData("カ", "ガ", false)]
    [InlineData("한국어", "한국", true)]
    [InlineData("한국어", "국어", true)]
    [InlineData("ประเทศไทย", "ไทย", true)]
    [InlineData("נִקּוּד", "נקוד", true)]
    [InlineData("report_2024-final.PDF", "2024 final pdf", true)]
    [InlineData("𠮷野家", "𠮷野", true)]
    [InlineData("great 🎉🎂", "🎂", true)]
    [InlineData("thumbs 👍🏽", "👍", true)]
    [InlineData("family 👩‍👩‍👧", "👩‍👩‍👧", true)]
    [InlineData("internationally", "international", true)]
    [InlineData("interval", "international", false)]
    [InlineData("soft\u00ADhyphen", "softhyphen", true)]
    public void A_query_finds_words_by_their_beginnings_and_signs_anywhere(string text, string query, bool finds)
    {
        var parsed = SearchQuery.Parse(query);
        Assert.Equal(finds, parsed.Finds(FoldedText.Of(text)));
        if (finds)
        {
            Assert.Subset(Tokens.Of(text), parsed.Tokens.ToHashSet());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    [InlineData("!?。，")]
    [InlineData("\u200D\uFE0F\u0301")]
    public void Blanks_and_punctuation_look_for_nothing(string query)
    {
        Assert.True(SearchQuery.Parse(query).IsEmpty);
        Assert.False(SearchQuery.Parse(query).Finds(FoldedText.Of("anything")));
    }

    [Fact]
    public void Parts_may_be_in_different_fields()
    {
        var query = SearchQuery.Parse("anna 海");
        Assert.True(query.Finds(FoldedText.Of("海边"), FoldedText.Of("anna_1")));
        Assert.False(query.Finds(FoldedText.Of("海边"), FoldedText.Of("ben")));
    }

    [Fact]
    public void Marks_are_places_in_the_original_and_never_overlap()
    {
        const string text = "Ｃafe\u0301 de 天天天气, café!";
        var query = SearchQuery.Parse("cafe 天天 天气");
        var marked = Marked.Whole(query, text);
        Assert.Equal(text, marked.Text);
        Assert.Equal(["Ｃafe\u0301", "天天天气", "café"], marked.Marks.Select(m => text[m[0]..m[1]]));
    }

    [Fact]
    public void A_snippet_begins_near_the_first_mark_and_breaks_no_character()
    {
        var text = string.Concat(Enumerable.Repeat("𠮷", 200)) + "\nneedle here " + string.Concat(Enumerable.Repeat("𠮷", 200));
        var snippet = Marked.Snippet(SearchQuery.Parse("needle"), text)!;
        Assert.True(snippet.Text.Length <= 125);
        Assert.StartsWith("…", snippet.Text, StringComparison.Ordinal);
        Assert.EndsWith("…", snippet.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', snippet.Text);
        Assert.Equal("needle", snippet.Text[snippet.Marks[0][0]..snippet.Marks[0][1]]);
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(snippet.Text)));
        Assert.Null(Marked.Snippet(SearchQuery.Parse("absent"), text));
    }

    /// <summary>The index must never hide what the text says: whatever a query finds has all of its tokens, each one token for FTS5 and harmless inside quotes of both.</summary>
    [Fact]
    public void Whatever_is_found_has_the_tokens_of_its_query()
    {
        var letters = Gen.OneOf(
            Gen.Char["abcABC éß 1_-'\"天气好今々ガ｡ｶ\u3099ก็한🙂\u0301\u200D"],
            Gen.Char['\u0020', '\u05FF'],
            Gen.Char['\u3000', '\u30FF'],
            Gen.Char['\uAC00', '\uD7A3']);
        Gen.Select(letters.Array[0, 30], letters.Array[1, 6], Gen.Int[0, 30], Gen.Int[1, 6], Gen.Bool).Sample((text, other, start, length, inside) =>
        {
            var whole = new string(text);
            var query = SearchQuery.Parse(inside && start < whole.Length ? whole.Substring(start, Math.Min(length, whole.Length - start)) : new string(other));
            Assert.All(query.Tokens, token => Assert.All(token, c => Assert.True(c > 127 || char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))));
            if (query.Finds(FoldedText.Of(whole)))
            {
                Assert.Subset(Tokens.Of(whole), query.Tokens.ToHashSet());
                Assert.NotEmpty(query.MarksIn(FoldedText.Of(whole)));
            }
        }, iter: 20_000);
    }
}
