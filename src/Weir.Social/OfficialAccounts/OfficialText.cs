using System.Globalization;
using System.Text;

namespace Weir.Social.OfficialAccounts;

/// <summary>Lines of any script, perhaps none: a description, an article.</summary>
internal static class OfficialText
{
    /// <summary>The text with LF as its line end, or null when it is longer than <paramref name="maxLength"/> characters (Unicode scalars) or has control characters other than LF and tab.</summary>
    public static string? Parse(string? typed, int maxLength)
    {
        var text = (typed ?? "").ReplaceLineEndings("\n");
        if (text.Length > maxLength * 2)
        {
            return null;
        }

        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            length++;
            // A lone surrogate is read as the replacement character.
            if (rune == Rune.ReplacementChar || (Rune.GetUnicodeCategory(rune) == UnicodeCategory.Control && rune.Value is not ('\n' or '\t')) || IsOverride(rune.Value))
            {
                return null;
            }
        }

        return length <= maxLength ? text : null;
    }

    // The explicit bidirectional overrides turn round the text beside them.
    private static bool IsOverride(int value) => value is >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069;
}
