using System.Globalization;
using System.Text;

namespace Weir.Social.Accounts;

/// <summary>
/// Unicode normalisation form KD (UAX #15). .NET's own needs the ICU library and does nothing at all without it; a password must be the same bytes on every machine
/// that Weir ever runs on, so the table comes with it.
/// </summary>
internal static class Unicode
{
    // Unicode 3.12: Hangul syllables decompose by arithmetic.
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = 19 * VowelCount * TrailCount;

    private static readonly Lazy<Tables> Data = new(Load);

    public static string ToNfkd(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var runes = new List<(Rune Rune, byte Class)>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var (part, combining) in Decompose(rune))
            {
                var at = runes.Count;
                // UAX #15, the canonical ordering algorithm: marks sort by class, stably, and never pass a starter.
                while (combining != 0 && at > 0 && runes[at - 1].Class > combining)
                {
                    at--;
                }

                runes.Insert(at, (part, combining));
            }
        }

        return string.Concat(runes.Select(r => r.Rune.ToString()));
    }

    /// <summary>What one character is made of, each part with its canonical combining class (0: none).</summary>
    public static IEnumerable<(Rune Part, byte Class)> Decompose(Rune rune)
    {
        var tables = Data.Value;
        foreach (var part in Decompose(rune, tables))
        {
            yield return (part, tables.Classes.GetValueOrDefault(part.Value));
        }
    }

    private static IEnumerable<Rune> Decompose(Rune rune, Tables tables)
    {
        var syllable = rune.Value - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            yield return new Rune(LeadBase + (syllable / (VowelCount * TrailCount)));
            yield return new Rune(VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount != 0)
            {
                yield return new Rune(TrailBase + (syllable % TrailCount));
            }
        }
        else if (tables.Decompositions.TryGetValue(rune.Value, out var parts))
        {
            foreach (var part in parts)
            {
                yield return part;
            }
        }
        else
        {
            yield return rune;
        }
    }

    private static Tables Load()
    {
        var decompositions = new Dictionary<int, Rune[]>();
        var classes = new Dictionary<int, byte>();
        using var reader = new StreamReader(typeof(Unicode).Assembly.GetManifestResourceStream("unicode-decompositions.txt")!);
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            switch (words[0])
            {
                case "D":
                    var run = words[1].Split('-');
                    var (first, count) = (Hex(run[0]), run.Length > 1 ? Hex(run[1]) : 1);
                    var parts = words[2..].Select(w => new Rune(Hex(w))).ToArray();
                    for (var i = 0; i < count; i++)
                    {
                        decompositions.Add(first + i, count == 1 ? parts : [new Rune(parts[0].Value + i)]);
                    }

                    break;
                case "C":
                    foreach (var range in words[2..].Select(w => w.Split('-')))
                    {
                        for (var mark = Hex(range[0]); mark <= Hex(range[^1]); mark++)
                        {
                            classes.Add(mark, (byte)Hex(words[1]));
                        }
                    }

                    break;
            }
        }

        return new Tables(decompositions, classes);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private sealed record Tables(Dictionary<int, Rune[]> Decompositions, Dictionary<int, byte> Classes);
}
