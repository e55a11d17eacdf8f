using System.Globalization;
using System.Text;

namespace Weir.Media.Formats.M3u8;

/// <summary>Writes playlists of draft-pantos-hls-rfc8216bis: tags, attribute lists and URI lines, one a line.</summary>
public sealed class M3u8Writer
{
    private readonly StringBuilder _text;
    private bool _firstAttribute;

    public M3u8Writer()
        : this(4096) => _text.Append("#EXTM3U\n");

    private M3u8Writer(int capacity) => _text = new StringBuilder(capacity);

    /// <summary>A writer for lines that are put behind others.</summary>
    public static M3u8Writer Continuation() => new(256);

    public M3u8Writer Tag(string name)
    {
        _text.Append('#').Append(name).Append('\n');
        return this;
    }

    public M3u8Writer Tag(string name, long value)
    {
        _text.Append('#').Append(name).Append(':').Append(CultureInfo.InvariantCulture, $"{value}").Append('\n');
        return this;
    }

    public M3u8Writer Tag(string name, string value)
    {
        _text.Append('#').Append(name).Append(':').Append(value).Append('\n');
        return this;
    }

    /// <summary>EXTINF, seconds.</summary>
    public M3u8Writer Inf(long microseconds) => Tag("EXTINF", Seconds(microseconds) + ",");

    public M3u8Writer Uri(string uri)
    {
        _text.Append(uri).Append('\n');
        return this;
    }

    /// <summary>Begins a tag with an attribute list; <see cref="End"/> ends it.</summary>
    public M3u8Writer Begin(string name)
    {
        _text.Append('#').Append(name).Append(':');
        _firstAttribute = true;
        return this;
    }

    public M3u8Writer Enumerated(string name, string value) => Attribute(name, value);

    public M3u8Writer Integer(string name, long value) => Attribute(name, value.ToString(CultureInfo.InvariantCulture));

    public M3u8Writer Decimal(string name, double value) => Attribute(name, value.ToString("0.000", CultureInfo.InvariantCulture));

    /// <summary>A duration in seconds, all six digits where they say something.</summary>
    public M3u8Writer Duration(string name, long microseconds) => Attribute(name, Seconds(microseconds));

    public M3u8Writer Quoted(string name, string value)
    {
        // 8216bis 4.2: a quoted string has no way to hold these.
        if (value.AsSpan().IndexOfAny('"', '\n', '\r') >= 0)
        {
            throw new ArgumentException("A quoted string holds neither quotes nor line ends.", nameof(value));
        }

        return Attribute(name, $"\"{value}\"");
    }

    public M3u8Writer End()
    {
        _text.Append('\n');
        return this;
    }

    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString());

    public override string ToString() => _text.ToString();

    private M3u8Writer Attribute(string name, string value)
    {
        if (!_firstAttribute)
        {
            _text.Append(',');
        }

        _firstAttribute = false;
        _text.Append(name).Append('=').Append(value);
        return this;
    }

    private static string Seconds(long microseconds) =>
        ((decimal)microseconds / 1_000_000).ToString("0.000###", CultureInfo.InvariantCulture);
}
