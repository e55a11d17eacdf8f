using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Cmaf;

/// <summary>A frame of sound in which nothing is heard.</summary>
/// <param name="Duration">Microseconds.</param>
internal sealed record Silence(ReadOnlyMemory<byte> Payload, long Duration)
{
    // ISO/IEC 14496-3 4.4.2.1: one single_channel_element, or one channel_pair_element with a common window, whose max_sfb is 0
    // (no spectrum follows), and ID_END.
    private static readonly byte[] Mono = [0x00, 0x00, 0x00, 0x07];
    private static readonly byte[] Stereo = [0x21, 0x00, 0x00, 0x00, 0x00, 0x1c];

    // RFC 6716: 20 ms of CELT whose first bit says that it is silence; channels of a packet are its own.
    private static readonly byte[] Opus = [0xf8, 0xff, 0xfe];

    /// <summary>Null where none is known here.</summary>
    public static Silence? In(Track track) => track.Codec switch
    {
        Codec.Opus => new Silence(Opus, 20_000),
        Codec.Aac when Aac(track) is { } frame => new Silence(frame, track.SamplesPerFrame * 1_000_000L / track.SampleRate),
        _ => null,
    };

    private static byte[]? Aac(Track track)
    {
        const int scalable = 6;
        const int parametricStereo = 29;
        var config = AudioSpecificConfig.Read(track.Configuration.Span);
        return config switch
        {
            { HasProgramConfig: true } or { CoreObjectType: scalable } => null,
            { ObjectType: parametricStereo } or { Channels: 1 } => Mono,
            { Channels: 2 } => Stereo,
            _ => null,
        };
    }
}
