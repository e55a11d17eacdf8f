namespace Weir.Media.Formats;

/// <summary>The AudioSpecificConfig of AAC, ISO/IEC 14496-3 1.6.2.1.</summary>
/// <param name="ObjectType">The one of the whole stream: 2 AAC-LC, 5 with explicit SBR, 29 with parametric stereo.</param>
/// <param name="CoreObjectType">What the core decoder reads: 2 also under SBR.</param>
/// <param name="SampleRate">Hertz of what comes out, SBR applied.</param>
/// <param name="CoreSampleRate">Hertz of the core, which the samples per frame count.</param>
/// <param name="Channels">Of the core; parametric stereo makes two of one.</param>
/// <param name="CoreSamplesPerFrame">1024 or 960.</param>
public readonly record struct AudioSpecificConfig(
    int ObjectType, int CoreObjectType, int SampleRate, int CoreSampleRate, int Channels, int CoreSamplesPerFrame)
{
    private const string Clause = "ISO/IEC 14496-3 1.6.2.1";
    private const int Sbr = 5;
    private const int ParametricStereo = 29;

    private static ReadOnlySpan<int> Rates =>
        [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

    /// <summary>RFC 6381 3.3: the object type behind the object type indication of MPEG-4 audio.</summary>
    public string CodecString => $"mp4a.40.{ObjectType}";

    /// <summary>The channels are described by a program config element (4.5.1.2), not by a number.</summary>
    public bool HasProgramConfig { get; private init; }

    public bool HasSbr => SampleRate != CoreSampleRate || ObjectType is Sbr or ParametricStereo;

    /// <summary>By <see cref="SampleRate"/>.</summary>
    public int SamplesPerFrame => (int)((long)CoreSamplesPerFrame * SampleRate / CoreSampleRate);

    public static AudioSpecificConfig Read(ReadOnlySpan<byte> bytes)
    {
        var bits = new BitReader(bytes, Clause);
        var type = ObjectTypeOf(ref bits);
        var coreRate = RateOf(ref bits);
        var configuration = (int)bits.Bits(4);
        var coreType = type;
        var rate = coreRate;
        if (type is Sbr or ParametricStereo)
        {
            rate = RateOf(ref bits);
            coreType = ObjectTypeOf(ref bits);
        }

        // Main, LC, SSR, LTP, scalable: the object types whose GASpecificConfig (4.4.1) follows.
        if (coreType is not (1 or 2 or 3 or 4 or 6))
        {
            throw new MalformedException(Clause, $"Audio object type {coreType} is not carried here");
        }

        var samples = bits.Flag() ? 960 : 1024;
        if (bits.Flag())
        {
            bits.Skip(14);
        }

        bits.Skip(1);
        var channels = configuration switch
        {
            0 => ChannelsOfProgramConfig(ref bits),
            <= 6 => configuration,
            7 or 12 or 14 => 8,
            11 => 7,
            _ => throw new MalformedException(Clause, $"channelConfiguration is {configuration}"),
        };
        return new(type, coreType, rate, coreRate, type == ParametricStereo ? 2 : channels, samples) { HasProgramConfig = configuration == 0 };
    }

    /// <summary>The configuration of plain AAC-LC.</summary>
    public static byte[] WriteLowComplexity(int sampleRate, int channels)
    {
        var index = Rates.IndexOf(sampleRate);
        if (index < 0 || channels is < 1 or > 7)
        {
            throw new ArgumentOutOfRangeException(nameof(sampleRate), $"{sampleRate} Hz with {channels} channels has no short form.");
        }

        return [(byte)((2 << 3) | (index >> 1)), (byte)(((index & 1) << 7) | (channels << 3))];
    }

    private static int ObjectTypeOf(ref BitReader bits)
    {
        var type = (int)bits.Bits(5);
        return type == 31 ? 32 + (int)bits.Bits(6) : type;
    }

    private static int RateOf(ref BitReader bits)
    {
        var index = (int)bits.Bits(4);
        var rate = index == 15 ? (int)bits.Bits(24) : index < Rates.Length ? Rates[index] : 0;
        return rate is >= 4000 and <= 192_000 ? rate : throw new MalformedException(Clause, $"A sample rate of {rate} Hz (index {index})");
    }

    /// <summary>program_config_element, 4.4.1.1.</summary>
    private static int ChannelsOfProgramConfig(ref BitReader bits)
    {
        bits.Skip(4 + 2 + 4);
        var (front, side, back, lfe) = ((int)bits.Bits(4), (int)bits.Bits(4), (int)bits.Bits(4), (int)bits.Bits(2));
        bits.Skip(3 + 4);
        for (var mixdowns = 0; mixdowns < 3; mixdowns++)
        {
            if (bits.Flag())
            {
                bits.Skip(mixdowns == 2 ? 3 : 4);
            }
        }

        var channels = lfe;
        for (var i = front + side + back; i > 0; i--)
        {
            channels += bits.Flag() ? 2 : 1;
            bits.Skip(4);
        }

        return channels > 0 ? channels : throw new MalformedException("ISO/IEC 14496-3 4.4.1.1", "A program without channels");
    }
}
