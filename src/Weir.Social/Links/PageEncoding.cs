using System.Text;
using AngleSharp.Text;

namespace Weir.Social.Links;

/// <summary>
/// The encoding of a page as browsers find it: WHATWG HTML 13.2.3.2, the encoding sniffing algorithm. The labels and what they stand for
/// are AngleSharp's.
/// </summary>
internal static class PageEncoding
{
    private const int Prescanned = 1024;
    private const int MaxAttributes = 100;

    static PageEncoding() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <param name="header">As the answer's Content-Type names it.</param>
    public static string Read(ReadOnlySpan<byte> page, string? header)
    {
        // A byte order mark goes before everything else.
        var start = Encoding.Latin1.GetString(page[..Math.Min(page.Length, Prescanned)]);
        return page.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? Encoding.UTF8.GetString(page[3..])
            : page.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) ? Encoding.BigEndianUnicode.GetString(page[2..])
            : page.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) ? Encoding.Unicode.GetString(page[2..])
            : (Named(header) ?? Prescan(start) ?? Encoding.UTF8).GetString(page);
    }

    /// <summary>Encoding Standard 4.2, get an encoding: null for what is no label.</summary>
    private static Encoding? Named(string? label)
    {
        label = label?.Trim(' ', '\t', '\n', '\f', '\r', '"', '\'').ToLowerInvariant();
        return label switch
        {
            // AngleSharp knows the labels of Shift_JIS and asks .NET for it by a name that .NET does not know.
            "csshiftjis" or "ms932" or "ms_kanji" or "shift-jis" or "shift_jis" or "sjis" or "windows-31j" or "x-sjis"
                => Encoding.GetEncoding(932),
            { Length: > 0 and < 40 } when TextEncoding.IsSupported(label) => TextEncoding.Resolve(label),
            _ => null,
        };
    }

    /// <summary>"Prescan a byte stream to determine its encoding", each byte as the character of its number.</summary>
    private static Encoding? Prescan(string start)
    {
        for (var at = 0; at < start.Length;)
        {
            var rest = start.AsSpan(at);
            if (rest.StartsWith("<!--"))
            {
                // "<!-->" is a whole comment: the two dashes may be the same.
                var end = start.IndexOf("-->", at + 2, StringComparison.Ordinal);
                at = end < 0 ? start.Length : end + 3;
            }
            else if (rest.Length > 5 && rest.StartsWith("<meta", StringComparison.OrdinalIgnoreCase) && (IsBlank(rest[5]) || rest[5] == '/'))
            {
                at += 5;
                if (OfMeta(start, ref at) is { } found)
                {
                    // What could be read as ASCII up to here is not UTF-16 (step 2.5.4).
                    return TextEncoding.IsUnicode(found) ? Encoding.UTF8 : found;
                }
            }
            else if (rest.Length > 2 && rest[0] == '<' && char.IsAsciiLetter(rest[rest[1] == '/' ? 2 : 1]))
            {
                var name = rest.IndexOfAny(" \t\n\f\r>");
                at = name < 0 ? start.Length : at + name;
                for (var left = MaxAttributes; left > 0 && TryAttribute(start, ref at, out _, out _); left--)
                {
                }
            }
            else if (rest.StartsWith("<!") || rest.StartsWith("</") || rest.StartsWith("<?"))
            {
                var end = rest.IndexOf('>');
                at = end < 0 ? start.Length : at + end + 1;
            }
            else
            {
                at++;
            }
        }

        return OfXml(start);
    }

    private static Encoding? OfMeta(string start, ref int at)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var gotPragma = false;
        bool? needPragma = null;
        Encoding? charset = null;
        for (var left = MaxAttributes; left > 0 && TryAttribute(start, ref at, out var name, out var value); left--)
        {
            if (!seen.Add(name))
            {
                continue;
            }

            switch (name)
            {
                case "http-equiv":
                    gotPragma |= value == "content-type";
                    break;
                case "content" when charset is null && OfContent(value) is { } found:
                    (charset, needPragma) = (found, true);
                    break;
                case "charset":
                    (charset, needPragma) = (Named(value), false);
                    break;
            }
        }

        return needPragma is null || (needPragma == true && !gotPragma) ? null : charset;
    }

    /// <summary>13.2.3.2, "get an attribute", with name and value in lower case; false at the end of the tag.</summary>
    private static bool TryAttribute(string start, ref int at, out string name, out string value)
    {
        (name, value) = ("", "");
        while (at < start.Length && (IsBlank(start[at]) || start[at] == '/'))
        {
            at++;
        }

        if (at >= start.Length || start[at] == '>')
        {
            at++;
            return false;
        }

        var from = at;
        while (at < start.Length && (start[at] is not ('=' or '/' or '>') || (start[at] == '=' && at == from)) && !IsBlank(start[at]))
        {
            at++;
        }

        name = start[from..at].ToLowerInvariant();
        SkipBlanks(start, ref at);
        if (at >= start.Length || start[at] != '=')
        {
            return at < start.Length;
        }

        at++;
        SkipBlanks(start, ref at);
        if (at >= start.Length)
        {
            return false;
        }

        var quote = start[at];
        if (quote is '"' or '\'')
        {
            var end = start.IndexOf(quote, at + 1);
            if (end < 0)
            {
                at = start.Length;
                return false;
            }

            value = start[(at + 1)..end].ToLowerInvariant();
            at = end + 1;
            return true;
        }

        from = at;
        while (at < start.Length && start[at] != '>' && !IsBlank(start[at]))
        {
            at++;
        }

        value = start[from..at].ToLowerInvariant();
        return at < start.Length;
    }

    /// <summary>"Extracting a character encoding from a meta element".</summary>
    private static Encoding? OfContent(string content)
    {
        for (var at = 0; (at = content.IndexOf("charset", at, StringComparison.Ordinal)) >= 0;)
        {
            at += 7;
            SkipBlanks(content, ref at);
            if (at >= content.Length || content[at] != '=')
            {
                continue;
            }

            at++;
            SkipBlanks(content, ref at);
            if (at >= content.Length)
            {
                return null;
            }

            if (content[at] is '"' or '\'')
            {
                var end = content.IndexOf(content[at], at + 1);
                return end < 0 ? null : Named(content[(at + 1)..end]);
            }

            var rest = content.AsSpan(at);
            var stop = rest.IndexOfAny("; \t\n\f\r");
            return Named((stop < 0 ? rest : rest[..stop]).ToString());
        }

        return null;
    }

    /// <summary>"Get an XML encoding": of a declaration at the very beginning.</summary>
    private static Encoding? OfXml(string start)
    {
        if (!start.StartsWith("<?xml", StringComparison.Ordinal) || start.IndexOf('>') is not (> 0 and var end))
        {
            return null;
        }

        var at = start.IndexOf("encoding", 0, end, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        at += 8;
        SkipBlanks(start, ref at);
        if (at >= end || start[at++] != '=')
        {
            return null;
        }

        SkipBlanks(start, ref at);
        var close = at < end && start[at] is '"' or '\'' ? start.IndexOf(start[at], at + 1) : -1;
        return close < 0 || Named(start[(at + 1)..close]) is not { } found ? null : TextEncoding.IsUnicode(found) ? Encoding.UTF8 : found;
    }

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && IsBlank(text[at]))
        {
            at++;
        }
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\f' or '\r';
}
