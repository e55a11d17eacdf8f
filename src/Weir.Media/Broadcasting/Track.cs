namespace Weir.Media.Broadcasting;

public enum TrackKind : byte
{
    Video,
    Audio,
}

public enum Codec : byte
{
    H264,
    Hevc,
    Av1,
    Aac,
    Opus,
}

/// <summary>
/// One track's codec and configuration, immutable: a changed sequence header makes a new track, and every frame names
/// the one it belongs to, so a viewer that joins anywhere has the right configuration in hand.
/// </summary>
/// <param name="Configuration">
/// The decoder configuration record as MP4 stores it: avcC, hvcC or av1C payload for video, AudioSpecificConfig for AAC,
/// the dOps payload for Opus.
/// </param>
/// <param name="CodecString">RFC 6381, for instance <c>avc1.64001f</c> or <c>mp4a.40.2</c>.</param>
public sealed record Track(TrackKind Kind, Codec Codec, ReadOnlyMemory<byte> Configuration, string CodecString)
{
    /// <summary>Pixels; zero for audio.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>Hertz; zero for video.</summary>
    public int SampleRate { get; init; }

    public int Channels { get; init; }

    /// <summary>Samples of one audio frame: 1024 for AAC-LC, 0 where each packet says its own (Opus).</summary>
    public int SamplesPerFrame { get; init; }

    /// <summary>False for AAC whose channels are described by a program config element: decoders of browsers refuse it.</summary>
    public bool PlaysInBrowsers { get; init; } = true;

    public bool Equals(Track? other) =>
        other is not null && Kind == other.Kind && Codec == other.Codec && CodecString == other.CodecString
        && Configuration.Span.SequenceEqual(other.Configuration.Span);

    public override int GetHashCode() => HashCode.Combine(Kind, Codec, CodecString, Configuration.Length);
}
