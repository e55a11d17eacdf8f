using System.Globalization;
using System.Text;
using Weir.Social.Accounts;

namespace Weir.Social.Search;

/// <summary>How a character takes part in a search.</summary>
internal enum Letter : byte
{
    /// <summary>Blanks and punctuation: words end here.</summary>
    None,

    /// <summary>Of a script that parts its words by blanks: a word is found by its beginning.</summary>
    Word,

    /// <summary>Of a script that does not (Chinese, Japanese, Korean, Thai, ...), and emoji: found anywhere.</summary>
    Sign,
}

/// <summary>
/// A text as searches see it: compatibility forms (full width, ligatures) and capital letters are folded, diacritics are gone, and each character knows where in the original it stands. The same
/// folding makes the tokens of the index, reads queries and finds what to mark, so the three cannot disagree.
/// </summary>
internal sealed class FoldedText
{
    private const int NoMark = 0;
    // Combining classes (Unicode 4.3): 8 is the voicing mark of kana and 103 to 132 are vowels and tones of Thai, Lao and Tibetan: those make other letters. Hebrew and Arabic points
    // (10 to 36) and what stands above, below or across (200 and more) do not.
    private const int FirstPoint = 10;
    private const int LastPoint = 36;
    private const int FirstDiacritic = 200;

    private readonly List<Character> _characters;

    private FoldedText(List<Character> characters) => _characters = characters;

    /// <param name="Start">In the original, in UTF-16 units.</param>
    internal readonly record struct Character(Rune Rune, Letter Letter, int Start, int End);

    public IReadOnlyList<Character> Characters => _characters;

    public static FoldedText Of(string? text)
    {
        var folded = new List<Character>(text?.Length ?? 0);
        var start = 0;
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            var end = start + rune.Utf16SequenceLength;
            Add(folded, rune, start, end);
            start = end;
        }

        return new FoldedText(folded);
    }

    private static void Add(List<Character> folded, Rune rune, int start, int end)
    {
        // Most of what people write: ASCII, and the Han characters that have no other form.
        if (rune.IsAscii)
        {
            var value = rune.Value;
            folded.Add(char.IsAsciiLetterOrDigit((char)value)
                ? new Character(new Rune(value is >= 'A' and <= 'Z' ? value | 0x20 : value), Letter.Word, start, end)
                : new Character(new Rune(' '), Letter.None, start, end));
            return;
        }

        if (rune.Value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF))
        {
            folded.Add(new Character(rune, Letter.Sign, start, end));
            return;
        }

        foreach (var (part, combining) in Unicode.Decompose(rune))
        {
            AddPart(folded, part, combining, start, end);
        }
    }

    private static void AddPart(List<Character> folded, Rune part, byte combining, int start, int end)
    {
        var category = Rune.GetUnicodeCategory(part);
        if (IsInvisible(part, category) || (combining != NoMark && combining is >= FirstDiacritic or (>= FirstPoint and <= LastPoint)))
        {
            // It belongs to the character before: whoever marks that one marks both.
            if (folded.Count > 0 && folded[^1].Letter != Letter.None)
            {
                folded[^1] = folded[^1] with { End = end };
            }

            return;
        }

        switch (category)
        {
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark:
                folded.Add(new Character(part, IsSign(part) || folded.Count == 0 ? Letter.Sign : folded[^1].Letter, start, end));
                break;
            case UnicodeCategory.OtherSymbol:
                folded.Add(new Character(part, Letter.Sign, start, end));
                break;
            case UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
                or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber:
                var letter = IsSign(part) ? Letter.Sign : Letter.Word;
                var lower = Rune.ToLowerInvariant(part);
                // What has no decomposition and is written with other letters by those who have not this one on their keyboard.
                foreach (var plain in Plain(lower))
                {
                    folded.Add(new Character(plain, letter, start, end));
                }

                break;
            default:
                folded.Add(new Character(new Rune(' '), Letter.None, start, end));
                break;
        }
    }

    private static Rune[] Plain(Rune lower) => lower.Value switch
    {
        'ß' => [new('s'), new('s')],
        'æ' => [new('a'), new('e')],
        'œ' => [new('o'), new('e')],
        'þ' => [new('t'), new('h')],
        'ø' => [new('o')],
        'đ' or 'ð' => [new('d')],
        'ł' => [new('l')],
        'ħ' => [new('h')],
        'ı' => [new('i')],
        'ς' => [new('σ')],
        _ => [lower],
    };

    // Joiners and direction marks, variation selectors, and the skin tones of emoji.
    private static bool IsInvisible(Rune rune, UnicodeCategory category) =>
        category is UnicodeCategory.Format or UnicodeCategory.EnclosingMark || rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF) or (>= 0x1F3FB and <= 0x1F3FF);

    private static bool IsSign(Rune rune) => rune.Value is
        (>= 0x0E00 and <= 0x0EFF) // Thai, Lao
        or (>= 0x0F00 and <= 0x0FFF) // Tibetan
        or (>= 0x1000 and <= 0x109F) // Myanmar
        or (>= 0x1100 and <= 0x11FF) or (>= 0xA960 and <= 0xA97F) or (>= 0xD7B0 and <= 0xD7FF) // Hangul, which form KD takes apart
        or (>= 0x1780 and <= 0x17FF) // Khmer
        or (>= 0x2E80 and <= 0x2FDF) // radicals
        or (>= 0x3005 and <= 0x3007) or (>= 0x3021 and <= 0x3029) or (>= 0x3031 and <= 0x3035) or (>= 0x3038 and <= 0x303C)
        or (>= 0x3041 and <= 0x30FF) // kana
        or (>= 0x3100 and <= 0x312F) or (>= 0x31A0 and <= 0x31BF) // bopomofo
        or (>= 0x31F0 and <= 0x31FF)
        or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) // Han
        or (>= 0xA000 and <= 0xA4CF) // Yi
        or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x1B000 and <= 0x1B16F)
        or (>= 0x20000 and <= 0x3FFFF);
}
