namespace Weir.Media.Formats;

/// <summary>The AV1CodecConfigurationRecord ("av1C"), AV1 in ISOBMFF 2.3.3.</summary>
public sealed record Av1Configuration(int Profile, int Level, bool HighTier, int BitDepth, bool Monochrome)
{
    private const string Clause = "AV1-ISOBMFF 2.3.3";

    /// <summary>Null where the record holds no sequence header.</summary>
    public Av1SequenceHeader? SequenceHeader { get; init; }

    /// <summary>AV1-ISOBMFF 5: the optional colour fields are left out, as most producers do.</summary>
    public string CodecString => $"av01.{Profile}.{Level:D2}{(HighTier ? 'H' : 'M')}.{BitDepth:D2}";

    public static Av1Configuration Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, Clause);
        if (reader.U8() != 0x81)
        {
            throw new MalformedException(Clause, $"marker and version are {bytes[0]:x2}, not 81");
        }

        var profileLevel = reader.U8();
        var flags = reader.U8();
        reader.U8();
        var (highBitDepth, twelveBit) = ((flags & 0x40) != 0, (flags & 0x20) != 0);
        Av1SequenceHeader? header = null;
        foreach (var obu in new Obus(reader.Rest))
        {
            if (obu.Type == Obus.SequenceHeader)
            {
                header = Av1SequenceHeader.Read(obu.Payload);
                break;
            }
        }

        return new(
            profileLevel >> 5,
            profileLevel & 0x1f,
            (flags & 0x80) != 0,
            !highBitDepth ? 8 : twelveBit ? 12 : 10,
            (flags & 0x10) != 0)
        {
            SequenceHeader = header,
        };
    }
}

/// <summary>The largest picture size a sequence header announces, AV1 5.5.1.</summary>
public readonly record struct Av1SequenceHeader(int Profile, int Width, int Height)
{
    private const string Clause = "AV1 5.5.1";

    public static Av1SequenceHeader Read(ReadOnlySpan<byte> payload)
    {
        var bits = new BitReader(payload, Clause);
        var profile = (int)bits.Bits(3);
        bits.Skip(1);
        if (bits.Flag())
        {
            // reduced_still_picture_header
            bits.Skip(5);
        }
        else
        {
            SkipOperatingPoints(ref bits);
        }

        var widthBits = (int)bits.Bits(4) + 1;
        var heightBits = (int)bits.Bits(4) + 1;
        return new(profile, (int)bits.Bits(widthBits) + 1, (int)bits.Bits(heightBits) + 1);
    }

    private static void SkipOperatingPoints(ref BitReader bits)
    {
        var decoderModel = false;
        var delayBits = 0;
        if (bits.Flag())
        {
            bits.Skip(64);
            if (bits.Flag())
            {
                SkipUvlc(ref bits);
            }

            decoderModel = bits.Flag();
            if (decoderModel)
            {
                delayBits = (int)bits.Bits(5) + 1;
                bits.Skip(32 + 5 + 5);
            }
        }

        var displayDelay = bits.Flag();
        for (var left = bits.Bits(5) + 1; left > 0; left--)
        {
            bits.Skip(12);
            if (bits.Bits(5) > 7)
            {
                bits.Skip(1);
            }

            if (decoderModel && bits.Flag())
            {
                bits.Skip((2 * delayBits) + 1);
            }

            if (displayDelay && bits.Flag())
            {
                bits.Skip(4);
            }
        }
    }

    private static void SkipUvlc(ref BitReader bits)
    {
        var zeros = 0;
        while (!bits.Flag())
        {
            zeros++;
        }

        bits.Skip(zeros < 32 ? zeros : 0);
    }
}

/// <summary>One open bitstream unit, AV1 5.3.</summary>
public readonly ref struct Obu(int type, ReadOnlySpan<byte> payload)
{
    public int Type { get; } = type;

    public ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>Walks over OBUs of the low-overhead format; the last one may leave its size out (AV1-ISOBMFF 2.4).</summary>
public ref struct Obus(ReadOnlySpan<byte> bytes)
{
    public const int SequenceHeader = 1;
    public const int TemporalDelimiter = 2;
    private const string Clause = "AV1 5.3";
    private ReadOnlySpan<byte> _rest = bytes;
    private int _type;
    private ReadOnlySpan<byte> _payload;

    public readonly Obu Current => new(_type, _payload);

    public readonly Obus GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var reader = new SpanReader(_rest, Clause);
        var header = reader.U8();
        if ((header & 0x81) != 0)
        {
            throw new MalformedException(Clause, "A reserved bit of an OBU header is set");
        }

        if ((header & 4) != 0)
        {
            reader.U8();
        }

        var size = (header & 2) != 0 ? Leb128(ref reader) : reader.Remaining;
        _type = (header >> 3) & 0xf;
        _payload = reader.Take(size);
        _rest = reader.Rest;
        return true;
    }

    /// <summary>AV1-ISOBMFF 2.4: samples hold no temporal delimiter. The length of those the unit begins with.</summary>
    public static int TemporalDelimiterLength(ReadOnlySpan<byte> unit)
    {
        var length = 0;
        while (unit.Length >= length + 2 && unit[length] == (TemporalDelimiter << 3 | 2) && unit[length + 1] == 0)
        {
            length += 2;
        }

        return length;
    }

    public static bool AreWellFormed(ReadOnlySpan<byte> unit)
    {
        try
        {
            var count = 0;
            foreach (var _ in new Obus(unit))
            {
                count++;
            }

            return count > 0;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    /// <summary>leb128() of AV1 4.10.5.</summary>
    private static int Leb128(ref SpanReader reader)
    {
        ulong value = 0;
        for (var i = 0; i < 8; i++)
        {
            var b = reader.U8();
            value |= (ulong)(b & 0x7f) << (7 * i);
            if ((b & 0x80) == 0)
            {
                return value <= int.MaxValue ? (int)value : throw new MalformedException("AV1 4.10.5", $"An OBU of {value} bytes");
            }
        }

        throw new MalformedException("AV1 4.10.5", "A leb128 number is longer than 8 bytes");
    }
}
