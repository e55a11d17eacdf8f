namespace Weir.Social.Search;

/// <summary>A text, or the piece of it around what was looked for, and where in it that stands: pairs of start and end in UTF-16 units. Never HTML.</summary>
internal sealed record Marked(string Text, List<int[]> Marks)
{
    private const int Before = 24;
    private const int Length = 120;

    /// <summary>The whole text, which is short.</summary>
    public static Marked Whole(SearchQuery query, string text) => Of(text, 0, text.Length, query.MarksIn(FoldedText.Of(text)));

    /// <summary>In one line, from a little before the first mark; null where there is none.</summary>
    public static Marked? Snippet(SearchQuery query, string? text)
    {
        if (string.IsNullOrEmpty(text) || query.MarksIn(FoldedText.Of(text)) is not { Count: > 0 } marks)
        {
            return null;
        }

        var start = Math.Max(0, Math.Min(marks[0].Start - Before, text.Length - Length));
        if (start > 0)
        {
            // At the beginning of a word, if there is one near; never between the halves of a character.
            var blank = text.AsSpan(start, marks[0].Start - start).IndexOf(' ');
            start += blank >= 0 ? blank + 1 : char.IsLowSurrogate(text[start]) ? 1 : 0;
        }

        var end = Math.Min(text.Length, start + Length);
        if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
        {
            end--;
        }

        return Of(text, start, end, marks);
    }

    private static Marked Of(string text, int start, int end, List<Mark> marks)
    {
        var (before, after) = (start > 0 ? "…" : "", end < text.Length ? "…" : "");
        var piece = string.Concat(before, text.AsSpan(start, end - start), after).Replace('\n', ' ');
        var moved = before.Length - start;
        return new Marked(piece, [.. marks.Where(m => m.End > start && m.Start < end).Select(m => new[] { Math.Max(m.Start, start) + moved, Math.Min(m.End, end) + moved })]);
    }
}
