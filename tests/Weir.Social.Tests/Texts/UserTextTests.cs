using CsCheck;
using Weir.Hosting.Texts;
using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Files;
using Weir.Social.Links;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Tests.Texts;

/// <summary>
/// The one rule for what people write, by one table: the same characters have the same fate in a name, a message, an article, a card and
/// the name of a file.
/// </summary>
public sealed class UserTextTests
{
    private const string England = "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F";

    /// <summary>
    /// What is typed, what a line (name, title) keeps of it, and what a text (message, comment) keeps; null where it is refused.
    /// </summary>
    public static TheoryData<string, string?, string?> Table() => new()
    {
        { "plain", "plain", "plain" },
        { "  北京 ", "北京", "北京" },
        { "a\tb", "a b", "a\tb" },
        { "a\nb", "a b", "a\nb" },
        { "a\r\nb\rc", "a b c", "a\nb\nc" },
        { "a\vb\fc", "a b c", "a\nb\nc" },
        { "a\u0085b\u2028c\u2029d", "a b c d", "a\nb\nc\nd" },
        { "a\0b\u001B[1mc\u007F\u009F", "ab[1mc", "ab[1mc" },
        { "a\uFFFEb\uFFFFc\uFDD0d\U0001FFFEe", "abcde", "abcde" },
        { "\uFEFFa", "a", "a" },

        // Overrides and embeddings turn round what stands beside them; isolates keep to themselves.
        { "\u202Egpj.exe", "gpj.exe", "gpj.exe" },
        { "\u202D+49 30 1234\u202C", "+49 30 1234", "+49 30 1234" },
        { "\u2067שלום\u2069 a", "שלום a", "\u2067שלום\u2069 a" },
        { "a\u200Eb\u061Cc", "abc", "a\u200Eb\u061Cc" },
        { "a\u200Bb\u00ADc", "abc", "a\u200Bb\u00ADc" },

        // Joiners, variation selectors and the tags of flags are part of what is seen.
        { "می\u200Cخواهم", "می\u200Cخواهم", "می\u200Cخواهم" },
        { "👩\u200D👩\u200D👧", "👩\u200D👩\u200D👧", "👩\u200D👩\u200D👧" },
        { "❤\uFE0F", "❤\uFE0F", "❤\uFE0F" },
        { $"{England} fan", $"{England} fan", $"{England} fan" },
        { "a\U000E0067\U000E0062", "a", "a" },
        { "\U0001F3F4\U000E0067\U000E0062", "\U0001F3F4", "\U0001F3F4" },
        { "\U0001F3F4", "\U0001F3F4", "\U0001F3F4" },

        // A character of a newer Unicode than the server's, one of a font's own.
        { "\U0001FADC\U0001FAE9\U0003FFFD", "\U0001FADC\U0001FAE9\U0003FFFD", "\U0001FADC\U0001FAE9\U0003FFFD" },

        // Nothing to see.
        { "", null, null },
        { " \n\t ", null, null },
        { "\u200D", null, null },
        { "\u3164", null, null },
        { "\u2800\u2800", null, null },
        { "\uFE0F", null, null },
        { "\u115F\u1160\uFFA0", null, null },
        { "\u0301", null, null },
        { "\u0000\u001B", null, null },
        { "\U000E0067", null, null },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_character_has_one_fate_everywhere(string typed, string? line, string? text)
    {
        Assert.Equal(line, PlainText.Parse(typed, PlainText.NameLength));
        Assert.Equal(line, LinkText.Clean(typed, 100));
        Assert.Equal(line ?? "file", FileName.Parse(typed, "file"));
        Assert.Equal(text, MessageText.Parse(typed));
        Assert.Equal(text, OfficialText.Parse(typed, 100) is { } article && UserText.IsVisible(article) ? article.Trim() : null);
    }

    [Fact]
    public void What_cannot_be_read_is_kept_where_it_was_typed()
    {
        Assert.Equal("caf\uFFFD", PlainText.Parse("caf\uFFFD", 40));
        Assert.Equal("caf\uFFFD", MessageText.Parse("caf\uFFFD"));
        Assert.Equal("\uF8FF", PlainText.Parse("\uF8FF", 40));
    }

    [Fact]
    public void Half_a_character_is_no_text()
    {
        foreach (var half in new[] { "a\uD83C", "\uDF88a" })
        {
            Assert.Null(PlainText.Parse(half, 40));
            Assert.Null(MessageText.Parse(half));
            Assert.Null(OfficialText.Parse(half, 40));
            Assert.Null(FileName.Parse(half, "file"));
        }
    }

    [Fact]
    public void Length_is_counted_in_characters_after_what_is_taken_off()
    {
        Assert.NotNull(PlainText.Parse(new string('x', 40), 40));
        Assert.Null(PlainText.Parse(new string('x', 41), 40));
        Assert.NotNull(PlainText.Parse(string.Concat(Enumerable.Repeat("🎈", 40)), 40));
        Assert.Null(PlainText.Parse(string.Concat(Enumerable.Repeat("🎈", 41)), 40));
        Assert.Equal(new string('x', 40), PlainText.Parse("\u202E" + new string('x', 40), 40));
        Assert.Null(MessageText.Parse(new string('x', 1_000_000)));
        Assert.Equal("", OfficialText.Parse(null, 40));
    }

    [Fact]
    public void What_was_kept_once_is_kept_as_it_is() => Gen.OneOf(
        Gen.String, Gen.String[Gen.Char["a\r\n\t\v \u202E\u2067\u200D\uFE0F\u3164\uFFFE\uD83C\uDFF4\uDB40\uDC67\uDC7F中"], 0, 40]).Sample(
        typed =>
        {
            Assert.Equal(PlainText.Parse(typed, 40), PlainText.Parse(PlainText.Parse(typed, 40), 40));
            Assert.Equal(MessageText.Parse(typed), MessageText.Parse(MessageText.Parse(typed)));
            Assert.DoesNotContain(PlainText.Parse(typed, 40) ?? "", char.IsControl);
        }, iter: 20_000);
}
