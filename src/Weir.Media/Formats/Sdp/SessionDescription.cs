using System.Text;

namespace Weir.Media.Formats.Sdp;

/// <summary>One <c>a=</c> line; <see cref="Value"/> is empty for a mere property.</summary>
public readonly record struct SdpAttribute(string Name, string Value = "");

/// <summary>
/// An SDP session description (RFC 8866): the lines that WebRTC's offers and answers need, the rest kept or skipped as it is. Offers come from
/// strangers, so everything is bounded.
/// </summary>
public sealed record SessionDescription
{
    public const int MaxLength = 64 << 10;
    private const int MaxMedia = 32;
    private const int MaxLines = 4096;
    private const string Clause = "RFC 8866 5";

    /// <summary>The value of <c>o=</c>.</summary>
    public string Origin { get; init; } = "- 0 0 IN IP4 127.0.0.1";

    public IReadOnlyList<SdpAttribute> Attributes { get; init; } = [];

    public IReadOnlyList<SdpMedia> Media { get; init; } = [];

    public string? Attribute(string name) => SdpMedia.Find(Attributes, name);

    /// <exception cref="MalformedException">It is no session description.</exception>
    public static SessionDescription Read(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new MalformedException(Clause, "The description is too long");
        }

        if (text.Contains('\0'))
        {
            throw new MalformedException("RFC 8866 9", "A value has no NUL");
        }

        List<SdpAttribute> session = [];
        List<SdpMedia> media = [];
        var current = session;
        string? origin = null;
        var lines = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (line.IsEmpty)
            {
                continue;
            }

            if (++lines > MaxLines || line.Length < 2 || line[1] != '=')
            {
                throw new MalformedException(Clause, $"Line {lines} is no type and value");
            }

            var value = line[2..];
            if (lines == 1 && !line.SequenceEqual("v=0"))
            {
                throw new MalformedException("RFC 8866 5.1", "It does not begin with v=0");
            }

            switch (line[0])
            {
                case 'o':
                    origin ??= value.ToString();
                    break;
                case 'm':
                    if (media.Count == MaxMedia)
                    {
                        throw new MalformedException("RFC 8866 5.14", $"More than {MaxMedia} media");
                    }

                    current = [];
                    media.Add(SdpMedia.ReadLine(value, current));
                    break;
                case 'a':
                    var colon = value.IndexOf(':');
                    current.Add(colon < 0
                        ? new SdpAttribute(value.ToString())
                        : new SdpAttribute(value[..colon].ToString(), value[(colon + 1)..].Trim().ToString()));
                    break;
                default:
                    // Names, times, bandwidths and the like say nothing to a peer that has both directions in hand.
                    break;
            }
        }

        return origin is null
            ? throw new MalformedException("RFC 8866 5.2", "There is no origin")
            : new SessionDescription { Origin = origin, Attributes = session, Media = media };
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("v=0\r\no=").Append(Origin).Append("\r\ns=-\r\nt=0 0\r\n");
        Append(text, Attributes);
        foreach (var media in Media)
        {
            text.Append("m=").Append(media.Kind).Append(' ').Append(media.Port).Append(' ').Append(media.Protocol).Append(' ')
                .AppendJoin(' ', media.Formats).Append("\r\nc=IN IP4 0.0.0.0\r\n");
            Append(text, media.Attributes);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<SdpAttribute> attributes)
    {
        foreach (var (name, value) in attributes)
        {
            text.Append("a=").Append(name);
            if (value.Length > 0)
            {
                text.Append(':').Append(value);
            }

            text.Append("\r\n");
        }
    }
}
