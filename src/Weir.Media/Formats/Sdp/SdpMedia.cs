using System.Globalization;

namespace Weir.Media.Formats.Sdp;

public enum SdpDirection : byte
{
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

/// <summary>A payload type with what <c>rtpmap</c>, <c>fmtp</c> and <c>rtcp-fb</c> say of it.</summary>
/// <param name="Name">As written; compare without case.</param>
/// <param name="Channels">1 where none is named.</param>
public sealed record SdpCodec(byte PayloadType, string Name, int ClockRate, int Channels)
{
    public string Parameters { get; init; } = "";

    public IReadOnlyList<string> Feedback { get; init; } = [];

    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>One parameter of <c>fmtp</c>, null when it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var range in Parameters.AsSpan().Split(';'))
        {
            var pair = Parameters.AsSpan(range).Trim();
            var equals = pair.IndexOf('=');
            if (equals > 0 && pair[..equals].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return pair[(equals + 1)..].Trim().ToString();
            }
        }

        return null;
    }
}

/// <summary>One <c>m=</c> section.</summary>
/// <param name="Kind"><c>audio</c>, <c>video</c>, <c>application</c>.</param>
/// <param name="Port">0 refuses it, or does without.</param>
public sealed record SdpMedia(string Kind, int Port, string Protocol, IReadOnlyList<string> Formats)
{
    private const string Clause = "RFC 8866 5.14";

    public IReadOnlyList<SdpAttribute> Attributes { get; init; } = [];

    public string? Attribute(string name) => Find(Attributes, name);

    public bool Has(string name) => Attribute(name) is not null;

    public string? Mid => Attribute("mid");

    public SdpDirection Direction =>
        Has("sendonly") ? SdpDirection.SendOnly
        : Has("recvonly") ? SdpDirection.ReceiveOnly
        : Has("inactive") ? SdpDirection.Inactive
        : SdpDirection.SendReceive;

    /// <summary>The payload types in the order of preference. Those without an <c>rtpmap</c> are left out.</summary>
    public IReadOnlyList<SdpCodec> Codecs()
    {
        List<SdpCodec> codecs = [];
        foreach (var format in Formats)
        {
            if (byte.TryParse(format, NumberStyles.None, CultureInfo.InvariantCulture, out var type) && type < 128
                && For("rtpmap", format) is { } map && TryCodec(type, map, out var codec))
            {
                codecs.Add(codec with
                {
                    Parameters = For("fmtp", format) ?? "",
                    Feedback = [.. Attributes.Where(a => a.Name == "rtcp-fb").Select(a => Split(a.Value)).Where(pair => pair.Key == format || pair.Key == "*").Select(pair => pair.After)],
                });
            }
        }

        return codecs;
    }

    /// <summary>The id of a header extension (RFC 8285 5), 0 when it is not offered.</summary>
    public int Extension(string uri)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Name == "extmap")
            {
                var (id, rest) = Split(attribute.Value);
                var slash = id.IndexOf('/');
                if (Split(rest).Key == uri && int.TryParse(slash < 0 ? id : id[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number is >= 1 and <= 14)
                {
                    return number;
                }
            }
        }

        return 0;
    }

    internal static SdpMedia ReadLine(ReadOnlySpan<char> value, List<SdpAttribute> attributes)
    {
        var parts = value.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var port = parts.Length < 4 ? "" : parts[1].Split('/')[0];
        return parts.Length is >= 4 and <= 256 && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new SdpMedia(parts[0], number, parts[2], parts[3..]) { Attributes = attributes }
            : throw new MalformedException(Clause, "A media line without kind, port, protocol and formats");
    }

    internal static string? Find(IReadOnlyList<SdpAttribute> attributes, string name)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Name == name)
            {
                return attribute.Value;
            }
        }

        return null;
    }

    private string? For(string name, string format)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Name == name && Split(attribute.Value) is var (key, rest) && key == format)
            {
                return rest;
            }
        }

        return null;
    }

    private static bool TryCodec(byte type, string map, out SdpCodec codec)
    {
        var parts = map.Split('/');
        var channels = 1;
        if (parts.Length is 2 or 3 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rate)
            && (parts.Length == 2 || int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out channels)))
        {
            codec = new SdpCodec(type, parts[0], rate, channels);
            return true;
        }

        codec = null!;
        return false;
    }

    private static (string Key, string After) Split(string text)
    {
        var space = text.IndexOf(' ');
        return space < 0 ? (text, "") : (text[..space], text[(space + 1)..].Trim());
    }
}
