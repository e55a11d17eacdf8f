namespace Weir.Media.Formats;

/// <summary>AAC frames each behind a header that says everything (ISO/IEC 13818-7 6.2): how AAC travels through a pipe.</summary>
public static class Adts
{
    public const int HeaderLength = 7;
    private const int MaxFrame = 0x1fff;

    private static ReadOnlySpan<int> Rates =>
        [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

    /// <summary>Whether frames of this configuration fit the header: it knows four object types and rates by their index.</summary>
    public static bool Fits(in AudioSpecificConfig configuration) =>
        configuration.CoreObjectType is >= 1 and <= 4 && Rates.IndexOf(configuration.CoreSampleRate) >= 0 && configuration is { Channels: >= 1 and <= 8, CoreSamplesPerFrame: 1024 };

    /// <summary>The frame behind its header; null when it is too long for one.</summary>
    public static byte[]? Write(in AudioSpecificConfig configuration, ReadOnlySpan<byte> frame)
    {
        var length = HeaderLength + frame.Length;
        if (length > MaxFrame)
        {
            return null;
        }

        var rate = Rates.IndexOf(configuration.CoreSampleRate);

        // Under parametric stereo the core has one channel.
        var channels = configuration.ObjectType == 29 ? 1 : configuration.Channels == 8 ? 7 : configuration.Channels;
        return
        [
            0xff, 0xf1,
            (byte)(((configuration.CoreObjectType - 1) << 6) | (rate << 2) | (channels >> 2)),
            (byte)(((channels & 3) << 6) | (length >> 11)),
            (byte)(length >> 3),
            (byte)(((length & 7) << 5) | 0x1f),
            0xfc,
            .. frame,
        ];
    }

    /// <summary>Takes the next frame without its header; false means that more is needed.</summary>
    /// <exception cref="MalformedException">It is no such stream.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> input, out AudioSpecificConfig configuration, out ReadOnlySpan<byte> frame)
    {
        configuration = default;
        frame = default;
        if (input.Length < HeaderLength)
        {
            return false;
        }

        if (input[0] != 0xff || (input[1] & 0xf6) != 0xf0)
        {
            throw new MalformedException("ISO/IEC 13818-7 6.2", "No synchronisation word");
        }

        var header = (input[1] & 1) == 1 ? HeaderLength : HeaderLength + 2;
        var length = ((input[3] & 3) << 11) | (input[4] << 3) | (input[5] >> 5);
        var rate = (input[2] >> 2) & 0x0f;
        if (length < header || rate >= Rates.Length || (input[6] & 3) != 0)
        {
            throw new MalformedException("ISO/IEC 13818-7 6.2", "A length, rate or count of blocks that cannot be");
        }

        if (input.Length < length)
        {
            return false;
        }

        var type = (input[2] >> 6) + 1;
        configuration = new AudioSpecificConfig(type, type, Rates[rate], Rates[rate], ((input[2] & 1) << 2) | (input[3] >> 6), 1024);
        frame = input[header..length];
        input = input[length..];
        return true;
    }
}
