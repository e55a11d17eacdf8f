using System.Text;

namespace Weir.Social.Search;

/// <summary>
/// What the index knows of a text, the same on both databases. Of scripts without blanks: each character and each two that stand together. Of words: their beginnings of the lengths
/// <see cref="Ladder"/>, so that a word is found while it is being typed. A query asks for the longest token that each of its parts has; what it finds is a candidate, and
/// <see cref="SearchQuery"/> decides on the text itself.
/// </summary>
internal static class Tokens
{
    /// <summary>Different tokens of one text; an article of 100,000 characters has about 20,000.</summary>
    public const int Most = 30_000;

    private static readonly int[] Ladder = [1, 2, 3, 4, 6, 9];

    public static HashSet<string> Of(params ReadOnlySpan<string?> fields)
    {
        var tokens = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var characters = FoldedText.Of(field).Characters;
            for (var i = 0; i < characters.Count && tokens.Count < Most;)
            {
                var end = i + 1;
                while (end < characters.Count && characters[end].Letter == characters[i].Letter)
                {
                    end++;
                }

                switch (characters[i].Letter)
                {
                    case Letter.Sign:
                        AddSigns(tokens, characters, i, end);
                        break;
                    case Letter.Word:
                        foreach (var length in Ladder)
                        {
                            if (length > end - i)
                            {
                                break;
                            }

                            tokens.Add(Text(characters, i, length));
                        }

                        break;
                }

                i = end;
            }
        }

        return tokens;
    }

    /// <summary>The tokens that every text has in which this part of a query is found.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<FoldedText.Character> term)
    {
        if (term[0].Letter == Letter.Word)
        {
            yield return Text(term, 0, Ladder.Last(length => length <= term.Count));
        }
        else if (term.Count == 1)
        {
            yield return Text(term, 0, 1);
        }
        else
        {
            for (var i = 0; i + 1 < term.Count; i++)
            {
                yield return Text(term, i, 2);
            }
        }
    }

    private static void AddSigns(HashSet<string> tokens, IReadOnlyList<FoldedText.Character> characters, int start, int end)
    {
        for (var i = start; i < end && tokens.Count < Most; i++)
        {
            tokens.Add(Text(characters, i, 1));
            if (i + 1 < end)
            {
                tokens.Add(Text(characters, i, 2));
            }
        }
    }

    private static string Text(IReadOnlyList<FoldedText.Character> characters, int start, int length)
    {
        Span<char> text = stackalloc char[2 * 9];
        var written = 0;
        for (var i = start; i < start + length; i++)
        {
            written += characters[i].Rune.EncodeToUtf16(text[written..]);
        }

        return new string(text[..written]);
    }
}
