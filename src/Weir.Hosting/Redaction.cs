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

    /// <summary>The text with the value of every <c>ticket=</c> parameter, bearer token and publish key in it hidden.</summary>
    public static string Text(string text) => Secrets().Replace(text, match => match.Groups["lead"].Value + Hidden);

    /// <summary>
    /// A secret as logs show it: 24 bits of its hash, by which two lines about one key can be matched while nothing of the key is told.
    /// </summary>
    public static string Secret(ReadOnlySpan<char> secret) =>
        $"#{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.ToString())).AsSpan(0, 3))}";

    [GeneratedRegex(@"(?<lead>\bticket(=|%3D)|\bBearer\s+)[^\s&""'<>#]+|\b(?<lead>wk_|wt_)[A-Za-z0-9_-]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Secrets();
}
