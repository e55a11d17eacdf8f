namespace Weir.Media.Formats.M3u8;

/// <summary>One line of a playlist: a tag with what follows its colon, or a URI (<see cref="Name"/> is empty).</summary>
public sealed record M3u8Line(string Name, string Value)
{
    public bool IsUri => Name.Length == 0;

    /// <summary>The value as an attribute list; quotes are taken off.</summary>
    /// <exception cref="FormatException">It is none, or names an attribute twice (8216bis 4.2).</exception>
    public IReadOnlyDictionary<string, string> Attributes
    {
        get
        {
            var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
            var rest = Value.AsSpan();
            while (!rest.IsEmpty)
            {
                var equals = rest.IndexOf('=');
                if (equals <= 0)
                {
                    throw new FormatException($"No attribute list: {Value} (8216bis 4.2)");
                }

                var name = rest[..equals].ToString();
                rest = rest[(equals + 1)..];
                var quoted = rest is ['"', ..];
                var end = quoted ? rest[1..].IndexOf('"') + 2 : rest.IndexOf(',');
                if (quoted && end < 2)
                {
                    throw new FormatException($"A quote without its end: {Value} (8216bis 4.2)");
                }

                end = end < 0 ? rest.Length : end;
                if (!attributes.TryAdd(name, (quoted ? rest[1..(end - 1)] : rest[..end]).ToString()))
                {
                    throw new FormatException($"{name} twice: {Value} (8216bis 4.2)");
                }

                rest = rest[end..];
                rest = rest is [',', ..] ? rest[1..] : rest;
            }

            return attributes;
        }
    }
}

public static class M3u8Reader
{
    /// <exception cref="FormatException">The text does not begin with #EXTM3U.</exception>
    public static IReadOnlyList<M3u8Line> Read(string text)
    {
        var lines = text.Split('\n');
        if (lines[0].TrimEnd('\r') != "#EXTM3U")
        {
            throw new FormatException("A playlist begins with #EXTM3U (8216bis 4.4.1.1)");
        }

        var read = new List<M3u8Line>();
        foreach (var raw in lines.Skip(1))
        {
            var line = raw.TrimEnd('\r');
            if (line.StartsWith("#EXT", StringComparison.Ordinal))
            {
                var colon = line.IndexOf(':');
                read.Add(colon < 0 ? new(line[1..], "") : new(line[1..colon], line[(colon + 1)..]));
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                read.Add(new("", line));
            }
        }

        return read;
    }
}
