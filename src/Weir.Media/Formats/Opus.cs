using System.Buffers.Binary;

namespace Weir.Media.Formats;

/// <summary>
/// An Opus stream's header in its two forms: <c>OpusHead</c> (RFC 7845 5.1, little-endian), which Enhanced RTMP sends, and
/// the payload of <c>dOps</c> (Opus in ISOBMFF 4.3.2, big-endian), which MP4 stores.
/// </summary>
public sealed record OpusHeader(int Channels, int PreSkip, uint InputSampleRate, short OutputGain, int MappingFamily)
{
    /// <summary>Opus always decodes to 48 kHz, whatever the input was.</summary>
    public const int SampleRate = 48_000;
    private const string OggClause = "RFC 7845 5.1";
    private const string Mp4Clause = "Opus-ISOBMFF 4.3.2";

    private static ReadOnlySpan<byte> Magic => "OpusHead"u8;

    /// <summary>Stream count, coupled count and channel mapping; empty for family 0.</summary>
    public byte[] Mapping { get; init; } = [];

    public static OpusHeader ReadHead(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, OggClause);
        if (!reader.Take(8).SequenceEqual(Magic))
        {
            throw new MalformedException(OggClause, "It does not begin with OpusHead");
        }

        // RFC 7845: the upper half of the version is the incompatible one.
        if (reader.U8() > 15)
        {
            throw new MalformedException(OggClause, $"Version {bytes[8]}");
        }

        int channels = reader.U8();
        int preSkip = BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2));
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(reader.Take(4));
        var gain = BinaryPrimitives.ReadInt16LittleEndian(reader.Take(2));
        return Finish(ref reader, channels, preSkip, rate, gain, OggClause);
    }

    public static OpusHeader ReadDOps(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes, Mp4Clause);
        if (reader.U8() != 0)
        {
            throw new MalformedException(Mp4Clause, $"Version {bytes[0]}");
        }

        int channels = reader.U8();
        int preSkip = reader.U16();
        return Finish(ref reader, channels, preSkip, reader.U32(), (short)reader.U16(), Mp4Clause);
    }

    public byte[] WriteHead()
    {
        var bytes = new byte[19 + Mapping.Length];
        Magic.CopyTo(bytes);
        bytes[8] = 1;
        bytes[9] = (byte)Channels;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), (ushort)PreSkip);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), InputSampleRate);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(16), OutputGain);
        bytes[18] = (byte)MappingFamily;
        Mapping.CopyTo(bytes.AsSpan(19));
        return bytes;
    }

    public byte[] WriteDOps()
    {
        var bytes = new byte[11 + Mapping.Length];
        bytes[1] = (byte)Channels;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)PreSkip);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), InputSampleRate);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(8), OutputGain);
        bytes[10] = (byte)MappingFamily;
        Mapping.CopyTo(bytes.AsSpan(11));
        return bytes;
    }

    /// <summary>Samples of a packet at 48 kHz (RFC 6716 3.1); 0 when the packet is malformed.</summary>
    public static int SamplesOf(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
        {
            return 0;
        }

        var configuration = packet[0] >> 3;
        var frame = configuration switch
        {
            < 12 => (configuration & 3) switch { 0 => 480, 1 => 960, 2 => 1920, _ => 2880 },
            < 16 => (configuration & 1) == 0 ? 480 : 960,
            _ => 120 << (configuration & 3),
        };
        var frames = (packet[0] & 3) switch
        {
            0 => 1,
            1 or 2 => 2,
            _ => packet.Length > 1 ? packet[1] & 0x3f : 0,
        };

        // RFC 6716 3.2.5 [R5]: a packet holds 120 ms at most.
        return frame * frames <= 5760 ? frame * frames : 0;
    }

    public bool Equals(OpusHeader? other) =>
        other is not null && Channels == other.Channels && PreSkip == other.PreSkip && InputSampleRate == other.InputSampleRate
        && OutputGain == other.OutputGain && MappingFamily == other.MappingFamily && Mapping.AsSpan().SequenceEqual(other.Mapping);

    public override int GetHashCode() => HashCode.Combine(Channels, PreSkip, InputSampleRate, OutputGain, MappingFamily, Mapping.Length);

    private static OpusHeader Finish(ref SpanReader reader, int channels, int preSkip, uint rate, short gain, string clause)
    {
        int family = reader.U8();
        if (channels == 0 || (family == 0 && channels > 2))
        {
            throw new MalformedException(clause, $"{channels} channels in mapping family {family}");
        }

        return new(channels, preSkip, rate, gain, family) { Mapping = family == 0 ? [] : reader.Take(2 + channels).ToArray() };
    }
}
