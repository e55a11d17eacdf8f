namespace Weir.Media.Formats;

/// <summary>The AVCDecoderConfigurationRecord ("avcC"), ISO/IEC 14496-15 5.3.3.1.</summary>
public sealed record AvcConfiguration(byte Profile, byte Compatibility, byte Level, int LengthSize)
{
    private const string Clause = "ISO/IEC 14496-15 5.3.3.1";

    /// <summary>Sequence and picture parameter sets, as NAL units.</summary>
    public required IReadOnlyList<byte[]> Sps { get; init; }

    public required IReadOnlyList<byte[]> Pps { get; init; }

    /// <summary>RFC 6381 3.3: the three bytes of the record in hexadecimal.</summary>
    public string CodecString => $"avc1.{Profile:x2}{Compatibility:x2}{Level:x2}";

    public static AvcConfiguration Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, Clause);
        if (reader.U8() != 1)
        {
            throw new MalformedException(Clause, $"configurationVersion is {bytes[0]}, not 1");
        }

        var (profile, compatibility, level) = (reader.U8(), reader.U8(), reader.U8());
        var lengthSize = (reader.U8() & 3) + 1;
        if (lengthSize == 3)
        {
            throw new MalformedException(Clause, "lengthSizeMinusOne is 2");
        }

        var sps = Units(ref reader, reader.U8() & 0x1f, type: 7);
        var pps = Units(ref reader, reader.U8(), type: 8);
        if (sps.Count == 0)
        {
            throw new MalformedException(Clause, "There is no sequence parameter set");
        }

        return new(profile, compatibility, level, lengthSize) { Sps = sps, Pps = pps };
    }

    /// <summary>The record for parameter sets that travel as NAL units; lengths of 4 bytes.</summary>
    public static byte[] Write(ReadOnlySpan<byte> sps, ReadOnlySpan<byte> pps)
    {
        if (sps.Length is < 4 or > ushort.MaxValue || pps.Length is 0 or > ushort.MaxValue)
        {
            throw new MalformedException(Clause, "A parameter set is too short or too long");
        }

        // High profiles add chroma format and bit depths, which only say again what the SPS says.
        var high = sps[1] is 100 or 110 or 122 or 144;
        var details = high ? H264Sps.Read(sps) : default;
        return
        [
            1, sps[1], sps[2], sps[3], 0xff, 0xe1, (byte)(sps.Length >> 8), (byte)sps.Length, .. sps,
            1, (byte)(pps.Length >> 8), (byte)pps.Length, .. pps,
            .. high ? (byte[])[(byte)(0xfc | details.ChromaFormat), (byte)(0xf8 | (details.BitDepthLuma - 8)), (byte)(0xf8 | (details.BitDepthChroma - 8)), 0] : [],
        ];
    }

    private static List<byte[]> Units(ref SpanReader reader, int count, int type)
    {
        List<byte[]> units = [];
        for (var i = 0; i < count; i++)
        {
            var unit = reader.Take(reader.U16());
            if (unit.IsEmpty || (unit[0] & 0x1f) != type)
            {
                throw new MalformedException(Clause, $"A parameter set of type {type} was expected");
            }

            units.Add(unit.ToArray());
        }

        return units;
    }
}

/// <summary>What is needed of a sequence parameter set, ITU-T H.264 7.3.2.1.1.</summary>
public readonly record struct H264Sps(int Width, int Height, int ChromaFormat, int BitDepthLuma, int BitDepthChroma)
{
    private const string Clause = "ITU-T H.264 7.3.2.1.1";

    /// <param name="unit">The NAL unit with its header byte.</param>
    public static H264Sps Read(ReadOnlySpan<byte> unit)
    {
        Span<byte> buffer = stackalloc byte[512];
        var bits = new BitReader(NalUnits.Unescape(unit, buffer), Clause);
        bits.Skip(8);
        var profile = bits.Bits(8);
        bits.Skip(16);
        bits.Ue();
        uint chroma = 1, luma = 8, chromaDepth = 8;
        var separatePlanes = false;
        if (profile is 100 or 110 or 122 or 244 or 44 or 83 or 86 or 118 or 128 or 138 or 139 or 134 or 135)
        {
            chroma = Within(bits.Ue(), 3, "chroma_format_idc");
            separatePlanes = chroma == 3 && bits.Flag();
            luma = 8 + Within(bits.Ue(), 6, "bit_depth_luma_minus8");
            chromaDepth = 8 + Within(bits.Ue(), 6, "bit_depth_chroma_minus8");
            bits.Skip(1);
            if (bits.Flag())
            {
                SkipScalingLists(ref bits, chroma == 3 ? 12 : 8);
            }
        }

        bits.Ue();
        SkipOrderCount(ref bits);
        bits.Ue();
        bits.Skip(1);
        var width = (Within(bits.Ue(), 1023, "pic_width_in_mbs_minus1") + 1) * 16;
        var mapUnits = (Within(bits.Ue(), 1023, "pic_height_in_map_units_minus1") + 1) * 16;
        var framesOnly = bits.Flag();
        var height = framesOnly ? mapUnits : mapUnits * 2;
        if (!framesOnly)
        {
            bits.Skip(1);
        }

        bits.Skip(1);
        if (bits.Flag())
        {
            // 7.4.2.1.1: cropping counts chroma samples, twice as many lines where fields are coded.
            var unitX = chroma is 1 or 2 && !separatePlanes ? 2u : 1u;
            var unitY = (chroma == 1 && !separatePlanes ? 2u : 1u) * (framesOnly ? 1u : 2u);
            var horizontal = ((ulong)bits.Ue() + bits.Ue()) * unitX;
            var vertical = ((ulong)bits.Ue() + bits.Ue()) * unitY;
            if (horizontal >= width || vertical >= height)
            {
                throw new MalformedException("ITU-T H.264 7.4.2.1.1", "Cropping leaves no picture");
            }

            width -= (uint)horizontal;
            height -= (uint)vertical;
        }

        return new((int)width, (int)height, (int)chroma, (int)luma, (int)chromaDepth);
    }

    private static void SkipOrderCount(ref BitReader bits)
    {
        switch (bits.Ue())
        {
            case 0:
                bits.Ue();
                break;
            case 1:
                bits.Skip(1);
                bits.Se();
                bits.Se();
                for (var left = Within(bits.Ue(), 255, "num_ref_frames_in_pic_order_cnt_cycle"); left > 0; left--)
                {
                    bits.Se();
                }

                break;
            case 2:
                break;
            case var other:
                throw new MalformedException(Clause, $"pic_order_cnt_type is {other}");
        }
    }

    private static void SkipScalingLists(ref BitReader bits, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!bits.Flag())
            {
                continue;
            }

            // 7.3.2.1.1.1: a list ends early where the next scale becomes zero.
            var (last, next) = (8, 8);
            for (var j = 0; j < (i < 6 ? 16 : 64); j++)
            {
                if (next != 0)
                {
                    next = (int)(((long)last + bits.Se() + 256) & 255);
                }

                last = next == 0 ? last : next;
            }
        }
    }

    private static uint Within(uint value, uint most, string name) =>
        value <= most ? value : throw new MalformedException(Clause, $"{name} is {value}, {most} at most");
}
