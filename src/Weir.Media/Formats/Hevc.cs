using System.Text;

namespace Weir.Media.Formats;

/// <summary>The HEVCDecoderConfigurationRecord ("hvcC"), ISO/IEC 14496-15 8.3.3.1.</summary>
public sealed record HevcConfiguration(
    int ProfileSpace, bool HighTier, int Profile, uint Compatibility, ulong Constraints, byte Level, int LengthSize)
{
    private const string Clause = "ISO/IEC 14496-15 8.3.3.1";
    private const int SpsType = 33;

    /// <summary>Sequence parameter sets, as NAL units.</summary>
    public required IReadOnlyList<byte[]> Sps { get; init; }

    /// <summary>ISO/IEC 14496-15 annex E.3: space and profile, compatibility flags in reverse bit order, tier and level, constraint bytes.</summary>
    public string CodecString
    {
        get
        {
            uint reversed = 0;
            for (var i = 0; i < 32; i++)
            {
                reversed |= ((Compatibility >> i) & 1) << (31 - i);
            }

            var text = new StringBuilder("hvc1.");
            if (ProfileSpace > 0)
            {
                text.Append((char)('A' + ProfileSpace - 1));
            }

            text.Append($"{Profile}.{reversed:X}.{(HighTier ? 'H' : 'L')}{Level}");
            for (var rest = Constraints << 16; rest != 0; rest <<= 8)
            {
                // Trailing zero bytes are left out.
                text.Append($".{rest >> 56:X}");
            }

            return text.ToString();
        }
    }

    public static HevcConfiguration Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, Clause);

        // Encoders before the final edition wrote 0 here; the layout is the same.
        if (reader.U8() > 1)
        {
            throw new MalformedException(Clause, $"configurationVersion is {bytes[0]}, not 1");
        }

        var profile = reader.U8();
        var compatibility = reader.U32();
        var constraints = ((ulong)reader.U16() << 32) | reader.U32();
        var level = reader.U8();
        reader.Take(8);
        var lengthSize = (reader.U8() & 3) + 1;
        if (lengthSize == 3)
        {
            throw new MalformedException(Clause, "lengthSizeMinusOne is 2");
        }

        List<byte[]> sps = [];
        for (var arrays = reader.U8(); arrays > 0; arrays--)
        {
            var type = reader.U8() & 0x3f;
            for (var units = reader.U16(); units > 0; units--)
            {
                var unit = reader.Take(reader.U16());
                if (type == SpsType)
                {
                    sps.Add(unit.ToArray());
                }
            }
        }

        if (sps.Count == 0)
        {
            throw new MalformedException(Clause, "There is no sequence parameter set");
        }

        return new(profile >> 6, (profile & 0x20) != 0, profile & 0x1f, compatibility, constraints, level, lengthSize) { Sps = sps };
    }
}

/// <summary>The picture size of a sequence parameter set, ITU-T H.265 7.3.2.2.1.</summary>
public readonly record struct HevcSps(int Width, int Height)
{
    private const string Clause = "ITU-T H.265 7.3.2.2.1";

    /// <param name="unit">The NAL unit with its two header bytes.</param>
    public static HevcSps Read(ReadOnlySpan<byte> unit)
    {
        Span<byte> buffer = stackalloc byte[512];
        var bits = new BitReader(NalUnits.Unescape(unit, buffer), Clause);
        bits.Skip(16 + 4);
        var subLayers = (int)bits.Bits(3);
        bits.Skip(1);
        SkipProfileTierLevel(ref bits, subLayers);
        bits.Ue();
        var chroma = bits.Ue();
        if (chroma > 3)
        {
            throw new MalformedException(Clause, $"chroma_format_idc is {chroma}");
        }

        var separatePlanes = chroma == 3 && bits.Flag();
        var (width, height) = (Size(bits.Ue()), Size(bits.Ue()));
        if (bits.Flag())
        {
            var unitX = chroma is 1 or 2 && !separatePlanes ? 2u : 1u;
            var unitY = chroma == 1 && !separatePlanes ? 2u : 1u;
            var horizontal = ((ulong)bits.Ue() + bits.Ue()) * unitX;
            var vertical = ((ulong)bits.Ue() + bits.Ue()) * unitY;
            if (horizontal >= width || vertical >= height)
            {
                throw new MalformedException("ITU-T H.265 7.4.3.2.1", "The conformance window leaves no picture");
            }

            width -= (uint)horizontal;
            height -= (uint)vertical;
        }

        return new((int)width, (int)height);
    }

    private static uint Size(uint samples) =>
        samples is > 0 and <= 16384 ? samples : throw new MalformedException(Clause, $"A picture is {samples} samples wide or high");

    /// <summary>7.3.3 profile_tier_level(1, subLayers).</summary>
    private static void SkipProfileTierLevel(ref BitReader bits, int subLayers)
    {
        bits.Skip(88 + 8);
        if (subLayers == 0)
        {
            return;
        }

        var present = bits.Bits(16);
        for (var i = 0; i < subLayers; i++)
        {
            var flags = (present >> (14 - (2 * i))) & 3;
            bits.Skip(((flags & 2) != 0 ? 88 : 0) + ((flags & 1) != 0 ? 8 : 0));
        }
    }
}
