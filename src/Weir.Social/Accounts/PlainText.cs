using System.Globalization;
using System.Text;

namespace Weir.Social.Accounts;

/// <summary>One line that people show to others: a name, a title. It may hold any script, and nothing that disguises its neighbours.</summary>
internal static class PlainText
{
    public const int NameLength = 40;
    public const int TitleLength = 100;

    /// <summary>The text without outer blanks, or null when it is empty, longer than <paramref name="maxLength"/> characters (Unicode scalars), or not plain.</summary>
    public static string? Parse(string? typed, int maxLength)
    {
        var text = typed?.Trim();
        if (string.IsNullOrEmpty(text) || text.Length > maxLength * 2)
        {
            return null;
        }

        var length = 0;
        var visible = false;
        foreach (var rune in text.EnumerateRunes())
        {
            length++;
            if (rune == Rune.ReplacementChar || !IsPlain(rune))
            {
                return null;
            }

            visible |= !Rune.IsWhiteSpace(rune) && !IsJoiner(rune);
        }

        return visible && length <= maxLength ? text : null;
    }

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate => false,
        // Among the format characters are the bidirectional overrides, which turn round the text beside them. The two joiners
        // shape Persian, Indic scripts and emoji.
        UnicodeCategory.Format => IsJoiner(rune),
        _ => true,
    };

    private static bool IsJoiner(Rune rune) => rune.Value is 0x200C or 0x200D;
}
