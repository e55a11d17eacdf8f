namespace Weir.Media.Formats;

/// <summary>A codec as FLV and Enhanced RTMP name it: its fourCC, big-endian.</summary>
public enum FourCc : uint
{
    None = 0,
    Avc = 0x61766331, // avc1
    Hevc = 0x68766331, // hvc1
    Av1 = 0x61763031, // av01
    Aac = 0x6d703461, // mp4a
    Opus = 0x4f707573, // Opus
}

/// <summary>The first byte of a tag header; also the RTMP message types.</summary>
public enum FlvTagType : byte
{
    Audio = 8,
    Video = 9,
    Script = 18,
}

/// <summary>What a video or audio tag brings, whichever of the two header forms it has.</summary>
public enum FlvPacket : byte
{
    /// <summary>The decoder configuration: avcC, hvcC, av1C, AudioSpecificConfig or OpusHead.</summary>
    SequenceStart,
    CodedFrames,
    SequenceEnd,

    /// <summary>HDR colour information in AMF (Enhanced RTMP).</summary>
    Metadata,
    MultichannelConfig,

    /// <summary>Seek marks and the like; nothing to show.</summary>
    Command,

    /// <summary>A track other than 0 or a packet type this server does not know: skipped.</summary>
    Ignored,
}

/// <summary>The header of a video tag, both forms read into one.</summary>
/// <param name="Codec"><see cref="FourCc.None"/> for a codec this server does not know.</param>
/// <param name="CompositionTime">Presentation minus decoding time, milliseconds.</param>
/// <param name="NanosecondOffset">To be added to the tag's time stamp (ModEx), 0 to 999999.</param>
/// <param name="Offset">Where the payload begins in the tag's body.</param>
/// <param name="Length">The payload's; a multitrack body holds more.</param>
public readonly record struct FlvVideoTag(
    FlvPacket Packet, FourCc Codec, bool IsKeyframe, int CompositionTime, int NanosecondOffset, int Offset, int Length);

/// <summary>The header of an audio tag; as <see cref="FlvVideoTag"/>.</summary>
public readonly record struct FlvAudioTag(FlvPacket Packet, FourCc Codec, int NanosecondOffset, int Offset, int Length);
