using System.Buffers;
using System.Globalization;
using System.Text;

namespace Weir.Hosting.Texts;

/// <summary>
/// The one rule for what people write, in both planes: names and titles are a line, messages, comments and articles are a text, a file's
/// name is a line with what file systems refuse taken off. Any script may be written. Characters that no reader sees and that change how
/// others are read are taken off instead of refused, because they come with what was pasted and the writer cannot find them.
/// </summary>
public static class UserText
{
    private const int BlackFlag = 0x1F3F4;
    private const int CancelTag = 0xE007F;

    private enum Fate
    {
        Keep,
        Drop,
        LineEnd,

        /// <summary>Kept in a text; in a line, where other people's words stand beside it, it is dropped.</summary>
        KeepInText,
        Tab,
    }

    /// <summary>
    /// A name or a title: without outer blanks, line ends and tabs as blanks; null when nothing of it is visible, when it is longer than
    /// <paramref name="maxLength"/> characters (Unicode scalars) or no text.
    /// </summary>
    public static string? Line(string? typed, int maxLength) => Required(Repair(typed, oneLine: true, maxLength), maxLength);

    /// <summary>A message or a comment: without outer blanks, with LF as its line end; null as for <see cref="Line"/>.</summary>
    public static string? Text(string? typed, int maxLength) => Required(Repair(typed, oneLine: false, maxLength), maxLength);

    /// <summary>A description or an article, perhaps empty, with its outer blanks; null when it is too long or no text.</summary>
    public static string? OptionalText(string? typed, int maxLength) => Fits(Repair(typed ?? "", oneLine: false, maxLength), maxLength);

    /// <summary>
    /// The line without what has no place in one, of any length and perhaps empty; null when it has half a surrogate pair.
    /// </summary>
    public static string? RepairLine(string typed) => Repair(typed, oneLine: true, int.MaxValue);

    /// <summary>
    /// Whether a reader sees anything of it. Fillers and the empty Braille pattern have a width and no ink, variation selectors and
    /// combining marks have nothing to stand on.
    /// </summary>
    public static bool IsVisible(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            var isBlank = Rune.IsWhiteSpace(rune) || rune.Value is 0x115F or 0x1160 or 0x2800 or 0x3164 or 0xFFA0;
            if (!isBlank && Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Required(string? text, int maxLength) => Fits(text?.Trim(), maxLength) is { } whole && IsVisible(whole) ? whole : null;

    private static string? Fits(string? text, int maxLength)
    {
        if (text is null || text.Length <= maxLength)
        {
            return text;
        }

        var length = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            length++;
        }

        return length <= maxLength ? text : null;
    }

    private static string? Repair(string? typed, bool oneLine, int maxLength)
    {
        // More than any text of this length can need, with as much again for what is taken off.
        if (typed is null || typed.Length > maxLength * 4L)
        {
            return null;
        }

        if (typed.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            return typed;
        }

        var text = new StringBuilder(typed.Length);
        var rest = typed.AsSpan();
        while (rest.Length > 0)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != OperationStatus.Done)
            {
                return null;
            }

            var kept = rest[..consumed];
            switch (FateOf(rune))
            {
                case Fate.Keep:
                    // The tags of a flag say whose it is (Unicode Technical Standard 51, annex C); anywhere else they are text that
                    // nobody sees.
                    kept = rune.Value == BlackFlag ? rest[..(consumed + TagsOfFlag(rest[consumed..]))] : kept;
                    text.Append(kept);
                    break;
                case Fate.KeepInText when !oneLine:
                    text.Append(kept);
                    break;
                case Fate.Tab when !oneLine:
                    text.Append('\t');
                    break;
                case Fate.LineEnd when !oneLine:
                    consumed += rune.Value == '\r' && rest.Length > 1 && rest[1] == '\n' ? 1 : 0;
                    text.Append('\n');
                    break;
                case Fate.LineEnd or Fate.Tab:
                    text.Append(text.Length > 0 && text[^1] != ' ' ? " " : "");
                    break;
            }

            rest = rest[Math.Max(consumed, kept.Length)..];
        }

        return text.ToString();
    }

    private static Fate FateOf(Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.Control:
                return rune.Value switch
                {
                    '\t' => Fate.Tab,
                    '\n' or '\v' or '\f' or '\r' or 0x85 => Fate.LineEnd,
                    _ => Fate.Drop,
                };
            case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                return Fate.LineEnd;
            case UnicodeCategory.Format:
                return FateOfFormat(rune.Value);
            case UnicodeCategory.OtherNotAssigned:
                // A newer Unicode than this program's has characters here, unless they can never be any (Unicode 23.7) or would not be
                // seen (DerivedCoreProperties, Default_Ignorable_Code_Point).
                var isNever = (rune.Value & 0xFFFE) == 0xFFFE || rune.Value is >= 0xFDD0 and <= 0xFDEF;
                var isUnseen = rune.Value is 0x2065 or (>= 0xFFF0 and <= 0xFFF8) or (>= 0xE0000 and <= 0xE0FFF);
                return isNever || isUnseen ? Fate.Drop : Fate.Keep;
            default:
                return Fate.Keep;
        }
    }

    private static Fate FateOfFormat(int value) => value switch
    {
        // The two joiners shape Persian, Indic scripts and emoji; the others have ink or shape what has.
        0x200C or 0x200D => Fate.Keep,
        (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x180E => Fate.Keep,
        0x110BD or 0x110CD or (>= 0x13430 and <= 0x1343F) => Fate.Keep,

        // Marks and isolates of bidirectional text (UAX 9): an isolate that is left open ends with its paragraph, but in a line others
        // would stand inside it.
        0x061C or 0x200E or 0x200F or (>= 0x2066 and <= 0x2069) => Fate.KeepInText,

        // Where a word may break and where not, what is multiplied, slurs and beams.
        0x00AD or 0x200B or (>= 0x2060 and <= 0x2064) or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) => Fate.KeepInText,

        // Among the rest are the embeddings and overrides, which turn round the text beside them, and which phones put around every
        // number that they copy.
        _ => Fate.Drop,
    };

    /// <summary>
    /// Length of what makes a black flag a country's: 3 to 6 tags of digits or small letters, and the tag that ends them. 0 when there is
    /// no such thing.
    /// </summary>
    private static int TagsOfFlag(ReadOnlySpan<char> rest)
    {
        for (var (tags, at) = (0, 0); tags <= 6 && Rune.DecodeFromUtf16(rest[at..], out var rune, out var length) == OperationStatus.Done; tags++)
        {
            at += length;
            if (rune.Value == CancelTag)
            {
                return tags >= 3 ? at : 0;
            }

            if (rune.Value is not ((>= 0xE0030 and <= 0xE0039) or (>= 0xE0061 and <= 0xE007A)))
            {
                return 0;
            }
        }

        return 0;
    }
}
