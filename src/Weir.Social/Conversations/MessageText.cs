using System.Globalization;
using System.Text;

namespace Weir.Social.Conversations;

/// <summary>What somebody writes: lines of any script.</summary>
internal static class MessageText
{
    public const int MaxLength = 4000;
    public const int MaxClientId = 100;

    /// <summary>The text without outer blanks and with LF as its line end, or null when it is empty, longer than <paramref name="maxLength"/> characters (Unicode scalars) or has control characters.</summary>
    public static string? Parse(string? typed, int maxLength = MaxLength)
    {
        var text = typed?.Trim().ReplaceLineEndings("\n");
        if (string.IsNullOrEmpty(text) || text.Length > maxLength * 2)
        {
            return null;
        }

        var length = 0;
        var visible = false;
        foreach (var rune in text.EnumerateRunes())
        {
            length++;
            var category = Rune.GetUnicodeCategory(rune);
            // A lone surrogate is read as the replacement character.
            if (rune == Rune.ReplacementChar || (category == UnicodeCategory.Control && rune.Value != '\n'))
            {
                return null;
            }

            visible |= category is not UnicodeCategory.Format && !Rune.IsWhiteSpace(rune);
        }

        return visible && length <= maxLength ? text : null;
    }

    /// <summary>The sender's own name for a message: printable ASCII.</summary>
    public static bool IsClientId(string? typed) => typed is { Length: > 0 and <= MaxClientId } && typed.All(c => c is >= ' ' and <= '~');

    /// <summary>At most <paramref name="length"/> characters of it, for a quotation.</summary>
    public static string? Start(string? text, int length) =>
        text is null || text.Length <= length ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length), "…");
}
