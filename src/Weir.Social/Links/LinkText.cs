using System.Text;
using Weir.Hosting.Texts;

namespace Weir.Social.Links;

/// <summary>Finds the address in a message, and makes words of a foreign page fit to show.</summary>
internal static class LinkText
{
    public const int MaxAddress = 2000;
    private const string SentenceMarks = "，。；：！？、（）【】「」『』《》〈〉“”‘’…";

    /// <summary>The first http or https address in a text; null when there is none that may be fetched.</summary>
    public static Uri? FirstIn(string text)
    {
        for (var at = 0; (at = text.IndexOf("http", at, StringComparison.OrdinalIgnoreCase)) >= 0; at += 4)
        {
            var rest = text.AsSpan(at);
            var scheme = rest.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : rest.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : 0;
            if (scheme == 0 || (at > 0 && char.IsLetterOrDigit(text[at - 1]) && text[at - 1] < 128))
            {
                continue;
            }

            var end = scheme;
            while (end < rest.Length && IsOfAddress(rest[end]))
            {
                end++;
            }

            var address = TrimEnd(rest[..end]);
            if (address.Length <= MaxAddress && Uri.TryCreate(address.ToString(), UriKind.Absolute, out var uri) && IsFetchable(uri))
            {
                return uri;
            }
        }

        return null;
    }

    /// <summary>Web, without a name and password in it, to a host that is more than one word.</summary>
    public static bool IsFetchable(Uri uri) =>
        (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.UserInfo.Length == 0 && HasHost(uri)
        && uri.AbsoluteUri.Length <= MaxAddress * 3;

    /// <summary>One line without what disguises its neighbours, at most so many characters; null when nothing is left.</summary>
    public static string? Clean(string? text, int length)
    {
        if (text is null)
        {
            return null;
        }

        // What a page's author typed badly, or what was read in the wrong encoding, is left out of a card: its bytes are a stranger's.
        var clean = new StringBuilder(Math.Min(text.Length, length + 8));
        foreach (var rune in (UserText.RepairLine(text.Replace("\uFFFD", "")) ?? "").EnumerateRunes())
        {
            if (clean.Length > length)
            {
                break;
            }

            if (Rune.IsWhiteSpace(rune))
            {
                clean.Append(clean.Length > 0 && clean[^1] != ' ' ? " " : "");
            }
            else
            {
                clean.Append(rune.ToString());
            }
        }

        var cut = clean.Length > length;
        if (cut)
        {
            clean.Length = length - (char.IsHighSurrogate(clean[length - 1]) ? 1 : 0);
        }

        var line = clean.ToString().Trim();
        return !UserText.IsVisible(line) ? null : cut ? line + "…" : line;
    }

    private static bool HasHost(Uri uri)
    {
        try
        {
            return uri.IdnHost.Length is > 0 and <= 253;
        }
        catch (UriFormatException)
        {
            // Uri takes half a surrogate pair for a host and only finds out here.
            return false;
        }
    }

    private static bool IsOfAddress(char c) => c > ' ' && c is not ('<' or '>' or '"' or '`' or '{' or '}' or '|' or '\\' or '^') && !char.IsWhiteSpace(c) && !char.IsControl(c)
        // As the page shows links (web/src/chats/text.ts): letters of any script belong to it, and in Chinese text it ends at the
        // punctuation.
        && !SentenceMarks.Contains(c);

    // What ends a sentence is not part of the address; a closing bracket is when it was opened in it.
    private static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> address)
    {
        while (address.Length > 0)
        {
            var last = address[^1];
            if (last is not ('.' or ',' or ';' or ':' or '!' or '?' or '\'' or '*' or '_' or '~')
                && !(last == ')' && address.Count('(') < address.Count(')')) && !(last == ']' && address.Count('[') < address.Count(']')))
            {
                break;
            }

            address = address[..^1];
        }

        return address;
    }
}
