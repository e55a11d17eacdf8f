using System.Text;

namespace Weir.Media.Formats;

/// <summary>
/// Reads AMF0 (Adobe AMF 0, 2007), bounded in depth and number of values. Where a sender switches to AMF3 (marker 0x11)
/// the simple AMF3 values are read; AMF3 objects are refused.
/// </summary>
public ref struct Amf0Reader(ReadOnlySpan<byte> bytes)
{
    public const int MaxDepth = 16;
    public const int MaxValues = 2048;
    private const string Clause = "AMF0 2";

    private SpanReader _reader = new(bytes, Clause);
    private int _values;

    public readonly bool AtEnd => _reader.Remaining == 0;

    public object? Read() => Read(0);

    /// <summary>The value as a string; anything else is malformed.</summary>
    public string ReadString() => Read() as string ?? throw new MalformedException(Clause, "A string was expected");

    /// <summary>Every value to the end.</summary>
    public static List<object?> ReadAll(ReadOnlySpan<byte> bytes)
    {
        var reader = new Amf0Reader(bytes);
        List<object?> values = [];
        while (!reader.AtEnd)
        {
            values.Add(reader.Read());
        }

        return values;
    }

    private object? Read(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new MalformedException(Clause, $"Objects are nested deeper than {MaxDepth}");
        }

        if (++_values > MaxValues)
        {
            throw new MalformedException(Clause, $"There are more than {MaxValues} values");
        }

        var marker = _reader.U8();
        switch (marker)
        {
            case 0x00:
                return _reader.F64();
            case 0x01:
                return _reader.U8() != 0;
            case 0x02:
                return Text(_reader.U16());
            case 0x03:
                return Properties(new Amf0Object(), depth);
            case 0x05 or 0x06:
                return null;
            case 0x07:
                // A reference to an earlier object: no RTMP command needs one.
                _reader.U16();
                return null;
            case 0x08:
                // 2.10: the count is a hint, the end marker ends it.
                _reader.U32();
                return Properties(new Amf0Object { IsEcmaArray = true }, depth);
            case 0x0a:
                return StrictArray(depth);
            case 0x0b:
                return Date();
            case 0x0c or 0x0f:
                return LongText();
            case 0x10:
                Text(_reader.U16());
                return Properties(new Amf0Object(), depth);
            case 0x11:
                return Amf3();
            default:
                throw new MalformedException(Clause, $"Marker 0x{marker:x2}");
        }
    }

    private Amf0Object Properties(Amf0Object into, int depth)
    {
        // Some encoders leave the end marker of an ECMA array out at the end of a message.
        while (!(into.IsEcmaArray && _reader.Remaining == 0))
        {
            var name = Text(_reader.U16());
            if (name.Length == 0 && _reader.Remaining > 0 && _reader.Rest[0] == 0x09)
            {
                _reader.U8();
                break;
            }

            into.Add(name, Read(depth + 1));
        }

        return into;
    }

    private List<object?> StrictArray(int depth)
    {
        var count = _reader.U32();
        if (count > _reader.Remaining)
        {
            throw new MalformedException("AMF0 2.12", $"An array of {count} values in {_reader.Remaining} bytes");
        }

        List<object?> values = [];
        for (; count > 0; count--)
        {
            values.Add(Read(depth + 1));
        }

        return values;
    }

    private object? Date()
    {
        var milliseconds = _reader.F64();
        _reader.U16();
        return milliseconds is >= -62135596800000 and <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds)
            : null;
    }

    private string LongText()
    {
        var length = _reader.U32();
        return length <= int.MaxValue ? Text((int)length) : throw new MalformedException("AMF0 2.14", $"A string of {length} bytes");
    }

    private string Text(int length) => Encoding.UTF8.GetString(_reader.Take(length));

    /// <summary>AMF3 3: the values without references, which is all a command's arguments need.</summary>
    private object? Amf3()
    {
        var marker = _reader.U8();
        switch (marker)
        {
            case 0x00 or 0x01:
                return null;
            case 0x02:
                return false;
            case 0x03:
                return true;
            case 0x04:
                return (double)(Amf3Integer() << 3 >> 3);
            case 0x05:
                return _reader.F64();
            case 0x06:
                var header = Amf3Integer();
                return (header & 1) == 1 ? Text(header >> 1) : throw new MalformedException("AMF3 3.8", "A string reference");
            default:
                throw new MalformedException("AMF3 3", $"Marker 0x{marker:x2}");
        }
    }

    private int Amf3Integer()
    {
        var value = 0;
        for (var i = 0; i < 3; i++)
        {
            var b = _reader.U8();
            value = (value << 7) | (b & 0x7f);
            if ((b & 0x80) == 0)
            {
                return value;
            }
        }

        // AMF3 1.3.1: the fourth byte has all eight bits.
        return (value << 8) | _reader.U8();
    }
}
