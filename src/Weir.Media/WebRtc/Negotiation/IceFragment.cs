using Weir.Media.Formats;
using Weir.Media.Formats.Sdp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>
/// The body of a PATCH (RFC 8840 9, <c>application/trickle-ice-sdpfrag</c>). This side is ICE-lite and never checks a client's candidates, so only name and
/// password matter: other ones than before begin a restart.
/// </summary>
/// <param name="Ice">Null where it names none.</param>
public sealed record IceFragment(IceCredentials? Ice)
{
    private const string Clause = "RFC 8840 9";

    /// <summary>Bytes of a fragment at most.</summary>
    public const int MaxLength = 16 << 10;
    private const int MaxLines = 256;

    /// <exception cref="MalformedException">It is no fragment.</exception>
    public static IceFragment Read(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new MalformedException(Clause, "The fragment is too long");
        }

        if (text.Contains('\0'))
        {
            throw new MalformedException(Clause, "A value has no NUL");
        }

        string? ufrag = null, pwd = null;
        var lines = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (line.IsEmpty)
            {
                continue;
            }

            if (++lines > MaxLines || line.Length < 3 || line[1] != '=')
            {
                throw new MalformedException(Clause, $"Line {lines} is no type and value");
            }

            ufrag ??= Value(line, "a=ice-ufrag:");
            pwd ??= Value(line, "a=ice-pwd:");
        }

        // RFC 8839 5.4.
        return (lines, ufrag?.Length, pwd?.Length) is ( > 0, null, null) or ( > 0, >= 4 and <= 256, >= 22 and <= 256)
            ? new IceFragment(ufrag is null ? null : new IceCredentials(ufrag, pwd!))
            : throw new MalformedException(Clause, "Name and password of ICE go together and have their lengths");
    }

    /// <summary>The answer to a restart.</summary>
    public static string Write(RtcLocal local, string mid)
    {
        List<SdpAttribute> lines = [new("ice-lite"), new("ice-ufrag", local.Ice.Ufrag), new("ice-pwd", local.Ice.Password)];
        List<string> text = [.. lines.Select(Line), "m=video 9 UDP/TLS/RTP/SAVPF 0"];
        if (mid.Length > 0)
        {
            text.Add("a=mid:" + mid);
        }

        text.AddRange(local.Candidates.Select(candidate => "a=candidate:" + candidate));
        text.Add("a=end-of-candidates");
        return string.Join("\r\n", text) + "\r\n";
    }

    private static string Line(SdpAttribute attribute) => attribute.Value.Length == 0 ? "a=" + attribute.Name : $"a={attribute.Name}:{attribute.Value}";

    private static string? Value(ReadOnlySpan<char> line, string name) => line.StartsWith(name) ? line[name.Length..].Trim().ToString() : null;
}
