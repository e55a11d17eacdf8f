namespace Weir.Media.Formats.Mp4;

public enum Mp4SampleEntry : byte
{
    Avc1,
    Hvc1,
    Av01,
    Mp4a,
    Opus,
}

/// <summary>One track of an initialization segment.</summary>
/// <param name="Id">track_ID, not zero.</param>
/// <param name="Timescale">Units of the track's times per second.</param>
/// <param name="Configuration">Payload of avcC, hvcC, av1C or dOps; the AudioSpecificConfig for mp4a.</param>
public sealed record Mp4Track(uint Id, uint Timescale, Mp4SampleEntry Entry, ReadOnlyMemory<byte> Configuration)
{
    /// <summary>Pixels; zero for audio.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>Zero for video.</summary>
    public int Channels { get; init; }

    /// <summary>Hertz; zero for video.</summary>
    public int SampleRate { get; init; }

    public bool IsVideo => Entry is Mp4SampleEntry.Avc1 or Mp4SampleEntry.Hvc1 or Mp4SampleEntry.Av01;
}

/// <summary>One coded frame as a fragment stores it. Times are in units of the track's timescale.</summary>
/// <param name="CompositionOffset">Presentation minus decoding time, not negative.</param>
/// <param name="IsSync">A decoder can begin with it.</param>
public readonly record struct Mp4Sample(uint Duration, uint CompositionOffset, bool IsSync, ReadOnlyMemory<byte> Data);

/// <summary>The samples one fragment has of one track, in decoding order.</summary>
/// <param name="BaseDecodeTime">Decoding time of the first one.</param>
public readonly record struct Mp4Run(uint TrackId, ulong BaseDecodeTime, bool IsVideo, IReadOnlyList<Mp4Sample> Samples);
