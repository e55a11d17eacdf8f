using Weir.Media.Formats;

namespace Weir.Media.Broadcasting;

/// <summary>
/// Tracks from the configurations publishers send. Each throws <see cref="MalformedException"/> for bytes that are none; the
/// configuration is kept as it came (Opus: as <c>dOps</c>), so equal bytes make equal tracks.
/// </summary>
public static class Tracks
{
    public static Track FromAvcC(ReadOnlyMemory<byte> avcC)
    {
        var configuration = AvcConfiguration.Read(avcC.Span);
        var sps = H264Sps.Read(configuration.Sps[0]);

        // Frames always carry lengths of 4 bytes, so the record that describes them says so.
        var record = avcC;
        if (configuration.LengthSize != 4)
        {
            var copy = avcC.ToArray();
            copy[4] |= 3;
            record = copy;
        }

        return new(TrackKind.Video, Codec.H264, record, configuration.CodecString) { Width = sps.Width, Height = sps.Height };
    }

    public static Track FromHvcC(ReadOnlyMemory<byte> hvcC)
    {
        var configuration = HevcConfiguration.Read(hvcC.Span);
        var sps = HevcSps.Read(configuration.Sps[0]);
        var record = hvcC;
        if (configuration.LengthSize != 4 || hvcC.Span[0] != 1)
        {
            var copy = hvcC.ToArray();
            copy[0] = 1;
            copy[21] |= 3;
            record = copy;
        }

        return new(TrackKind.Video, Codec.Hevc, record, configuration.CodecString) { Width = sps.Width, Height = sps.Height };
    }

    public static Track FromAv1C(ReadOnlyMemory<byte> av1C)
    {
        var configuration = Av1Configuration.Read(av1C.Span);
        return new(TrackKind.Video, Codec.Av1, av1C, configuration.CodecString)
        {
            Width = configuration.SequenceHeader?.Width ?? 0,
            Height = configuration.SequenceHeader?.Height ?? 0,
        };
    }

    /// <param name="config">An AudioSpecificConfig.</param>
    public static Track FromAac(ReadOnlyMemory<byte> config)
    {
        var read = AudioSpecificConfig.Read(config.Span);
        return new(TrackKind.Audio, Codec.Aac, config, read.CodecString)
        {
            SampleRate = read.SampleRate,
            Channels = read.Channels,
            SamplesPerFrame = read.SamplesPerFrame,
            PlaysInBrowsers = !read.HasProgramConfig,
        };
    }

    public static Track FromOpusHead(ReadOnlyMemory<byte> head) => FromOpus(OpusHeader.ReadHead(head.Span));

    /// <param name="dOps">The payload of the box.</param>
    public static Track FromDOps(ReadOnlyMemory<byte> dOps) => FromOpus(OpusHeader.ReadDOps(dOps.Span));

    private static Track FromOpus(OpusHeader header) =>
        new(TrackKind.Audio, Codec.Opus, header.WriteDOps(), "opus")
        {
            SampleRate = OpusHeader.SampleRate,
            Channels = header.Channels,
        };
}
