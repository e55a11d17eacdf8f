namespace Weir.Social.Search;

/// <summary>
/// What somebody looks for: every part must be there, in whichever field. A word is found at the beginning of a word, characters of scripts without blanks (and emoji) anywhere, those that were
/// typed together together.
/// </summary>
internal sealed class SearchQuery
{
    /// <summary>Typed characters (UTF-16).</summary>
    public const int MaxLength = 200;

    /// <summary>The index is asked for so many tokens; the others are looked for in what it finds.</summary>
    private const int MaxTokens = 24;

    private readonly List<IReadOnlyList<FoldedText.Character>> _terms = [];

    private SearchQuery(string text)
    {
        var characters = FoldedText.Of(text).Characters;
        for (var i = 0; i < characters.Count;)
        {
            var end = i + 1;
            while (end < characters.Count && characters[end].Letter == characters[i].Letter)
            {
                end++;
            }

            var term = characters.Skip(i).Take(end - i).ToList();
            if (term[0].Letter != Letter.None && !_terms.Any(known => Same(known, term)))
            {
                _terms.Add(term);
            }

            i = end;
        }

        // The longest words first: few texts have them.
        Tokens = [.. _terms.SelectMany(Search.Tokens.Of).Distinct(StringComparer.Ordinal).OrderByDescending(token => token.Length).Take(MaxTokens)];
    }

    /// <summary>What every text has in which this is found, the same for both databases.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Nothing to look for: blanks and punctuation only.</summary>
    public bool IsEmpty => _terms.Count == 0;

    public static SearchQuery Parse(string text) => new(text);

    /// <summary>Every part is in one of these fields.</summary>
    public bool Finds(params ReadOnlySpan<FoldedText> fields)
    {
        foreach (var term in _terms)
        {
            var found = false;
            foreach (var field in fields)
            {
                found |= Find(term, field.Characters, 0) >= 0;
            }

            if (!found)
            {
                return false;
            }
        }

        return _terms.Count > 0;
    }

    /// <summary>Where its parts stand in the original text, in order and without overlaps.</summary>
    public List<Mark> MarksIn(FoldedText field)
    {
        var characters = field.Characters;
        var all = new List<Mark>();
        foreach (var term in _terms)
        {
            for (var at = Find(term, characters, 0); at >= 0; at = Find(term, characters, at + 1))
            {
                all.Add(new Mark(characters[at].Start, characters[at + term.Count - 1].End));
            }
        }

        all.Sort((one, other) => one.Start.CompareTo(other.Start));
        var marks = new List<Mark>(all.Count);
        foreach (var mark in all)
        {
            if (marks.Count > 0 && mark.Start <= marks[^1].End)
            {
                marks[^1] = marks[^1] with { End = Math.Max(marks[^1].End, mark.End) };
            }
            else
            {
                marks.Add(mark);
            }
        }

        return marks;
    }

    private static int Find(IReadOnlyList<FoldedText.Character> term, IReadOnlyList<FoldedText.Character> characters, int from)
    {
        var isWord = term[0].Letter == Letter.Word;
        for (var at = from; at + term.Count <= characters.Count; at++)
        {
            if (isWord && at > 0 && characters[at - 1].Letter == Letter.Word)
            {
                continue;
            }

            var same = 0;
            while (same < term.Count && characters[at + same].Rune == term[same].Rune && characters[at + same].Letter == term[same].Letter)
            {
                same++;
            }

            if (same == term.Count)
            {
                return at;
            }
        }

        return -1;
    }

    private static bool Same(IReadOnlyList<FoldedText.Character> one, IReadOnlyList<FoldedText.Character> other) =>
        one.Count == other.Count && one.Zip(other).All(pair => pair.First.Rune == pair.Second.Rune);
}

/// <summary>A piece of a text, in UTF-16 units, as JavaScript counts them.</summary>
internal readonly record struct Mark(int Start, int End);
