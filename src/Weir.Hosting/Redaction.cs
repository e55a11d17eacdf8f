using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Weir.Hosting;

/// <summary>
/// Keeps tickets, publish keys and bearer tokens out of logs, wrong ones too: a mistyped key is most of a right one.
/// </summary>
public static partial class Redaction
{
    private const string Hidden = "[hidden]";
    private const int MaxWord = 20;

    // Each letter may also come percent-encoded.
    private const string Ticket = "(?:t|%[57]4)(?:i|%[46]9)(?:c|%[46]3)(?:k|%[46]b)(?:e|%[46]5)(?:t|%[57]4)";

    // What follows these parts of a path is the right to something: invitations, links of groups, and the sessions of WHIP and WHEP.
    private const string Codes = "/(?:api/invitations|api/group-links|join|g|whip/[^/\\s]+|live/[^/\\s]+/whep)/";

    /// <summary>
    /// One line without control characters, nor those that turn text around: what somebody else wrote must not move the cursor of whoever
    /// reads the log.
    /// </summary>
    public static string Line(string text)
    {
        var line = text.ReplaceLineEndings(" ").ToCharArray();
        for (var i = 0; i < line.Length; i++)
        {
            var hidden = char.GetUnicodeCategory(line[i]) is UnicodeCategory.Control or UnicodeCategory.Format;
            line[i] = hidden && line[i] != '\t' ? '\uFFFD' : line[i];
        }

        return new string(line);
    }

    /// <summary>The text with every ticket, bearer token, publish key and code in it hidden.</summary>
    public static string Text(string text) => Secrets().Replace(text, match => match.Groups["lead"].Value + Hidden);

    /// <summary>
    /// The text with every address in it as a route is written: names of ours stay, everything else of a path is <c>*</c>, and a query is
    /// hidden. For what others log: they cannot know which part of a path is a secret, nor can a list of those that are.
    /// </summary>
    public static string Routes(string text) => Text(Paths().Replace(text, match =>
        string.Join('/', match.Groups["path"].Value.Split('/').Select(part => part.Length <= MaxWord && Word().IsMatch(part) ? part : "*")) + (match.Groups["query"].Success ? "?" + Hidden : "")));

    /// <summary>
    /// A secret as logs show it: 24 bits of its hash, by which two lines about one key can be matched while nothing of the key is told.
    /// </summary>
    public static string Secret(ReadOnlySpan<char> secret) =>
        $"#{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.ToString())).AsSpan(0, 3))}";

    [GeneratedRegex(
        @"(?<lead>(?<![A-Za-z0-9])" + Ticket + @"(?:=|%3D)|\bBearer\s+)[^\s&""'<>#]+|\b(?<lead>wk_|wt_)[A-Za-z0-9_-]+|(?<lead>" + Codes + @")[^\s/?#""'<>]+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Secrets();

    [GeneratedRegex(@"(?<![A-Za-z0-9/:])(?<path>/[^\s""'<>?#]+)(?<query>\?[^\s""'<>#]*)?|(?<=://[^\s/""'<>?#]+)(?<path>/[^\s""'<>?#]*)(?<query>\?[^\s""'<>#]*)?", RegexOptions.CultureInvariant)]
    private static partial Regex Paths();

    /// <summary>A word of a route: an id, a code or a ticket has digits, capitals or more letters.</summary>
    [GeneratedRegex(@"^(?:[a-z]+(?:-[a-z]+){0,3}(?:\.(?:m3u8|flv|mp4|js|css|svg|atom|json))?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
