using System.Buffers.Binary;

namespace Weir.Media.Formats.Mp4;

/// <summary>A sample as <see cref="FragmentReader"/> finds it; <see cref="Offset"/> counts from the moof's first byte.</summary>
public readonly record struct ReadSample(uint Duration, int Size, uint Flags, int CompositionOffset, int Offset)
{
    public bool IsSync => (Flags & 0x00010000) == 0;
}

public sealed record ReadRun(uint TrackId, ulong BaseDecodeTime, IReadOnlyList<ReadSample> Samples)
{
    public ulong Duration => Samples.Aggregate(0UL, (sum, sample) => sum + sample.Duration);
}

/// <summary>Reads fragments in the form <see cref="FragmentWriter"/> writes: everything per sample, offsets from the moof.</summary>
public static class FragmentReader
{
    /// <exception cref="Mp4FormatException">A fragment that leaves something to defaults, or contradicts itself.</exception>
    public static IReadOnlyList<ReadRun> Read(ReadOnlySpan<byte> fragment)
    {
        var position = 0;
        while (BoxReader.TryRead(fragment, ref position, out var box))
        {
            if (box.Type == BoxType.Moof)
            {
                return ReadMoof(fragment, box);
            }
        }

        throw new Mp4FormatException("8.8.4", "No moof");
    }

    private static List<ReadRun> ReadMoof(ReadOnlySpan<byte> input, Box moof)
    {
        var runs = new List<ReadRun>();
        var position = moof.BodyStart;
        while (position < moof.End && BoxReader.TryRead(input[..moof.End], ref position, out var box))
        {
            if (box.Type == BoxType.Traf)
            {
                runs.Add(ReadTraf(input, box, moof.Start));
            }
        }

        return runs;
    }

    private static ReadRun ReadTraf(ReadOnlySpan<byte> input, Box traf, int moofStart)
    {
        uint? track = null;
        ulong? time = null;
        List<ReadSample>? samples = null;
        var position = traf.BodyStart;
        while (position < traf.End && BoxReader.TryRead(input[..traf.End], ref position, out var box))
        {
            var body = box.Body(input);
            switch (box.Type)
            {
                case BoxType.Tfhd:
                    track = BinaryPrimitives.ReadUInt32BigEndian(From(body, 4, 4));
                    break;
                case BoxType.Tfdt:
                    time = From(body, 0, 1)[0] == 1
                        ? BinaryPrimitives.ReadUInt64BigEndian(From(body, 4, 8))
                        : BinaryPrimitives.ReadUInt32BigEndian(From(body, 4, 4));
                    break;
                case BoxType.Trun:
                    samples = ReadTrun(body, moofStart);
                    break;
                default:
                    break;
            }
        }

        return track is { } id && time is { } start && samples is not null
            ? new ReadRun(id, start, samples)
            : throw new Mp4FormatException("8.8.6", "A traf without tfhd, tfdt or trun");
    }

    private static List<ReadSample> ReadTrun(ReadOnlySpan<byte> body, int moofStart)
    {
        var flags = BinaryPrimitives.ReadUInt32BigEndian(From(body, 0, 12)) & 0xFFFFFF;
        if ((flags & 0x701) != 0x701)
        {
            throw new Mp4FormatException("8.8.8", $"A trun with flags {flags:x6} leaves something to defaults");
        }

        var count = BinaryPrimitives.ReadInt32BigEndian(body[4..]);
        var offset = moofStart + BinaryPrimitives.ReadInt32BigEndian(body[8..]);
        var at = 12;
        if (count < 0 || count > (body.Length - at) / ((flags & 0x800) != 0 ? 16 : 12))
        {
            throw new Mp4FormatException("8.8.8", $"A trun of {body.Length} bytes for {(uint)count} samples");
        }

        var samples = new List<ReadSample>(count);
        for (var i = 0; i < count; i++)
        {
            var composition = 0;
            var sample = body[at..];
            at += 12;
            if ((flags & 0x800) != 0)
            {
                composition = BinaryPrimitives.ReadInt32BigEndian(sample[12..]);
                at += 4;
            }

            var size = BinaryPrimitives.ReadInt32BigEndian(sample[4..]);
            samples.Add(new ReadSample(
                BinaryPrimitives.ReadUInt32BigEndian(sample), size, BinaryPrimitives.ReadUInt32BigEndian(sample[8..]), composition, offset));
            offset += size;
        }

        return samples;
    }

    private static ReadOnlySpan<byte> From(ReadOnlySpan<byte> body, int at, int length) => body.Length >= at + length
        ? body.Slice(at, length)
        : throw new Mp4FormatException("4.2", $"A box with {body.Length} bytes that has a field at {at}");
}
