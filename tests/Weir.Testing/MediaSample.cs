using System.Buffers.Binary;
using System.Text;
using Weir.Media.Formats;

namespace Weir.Testing;

/// <summary>One coded frame of a sample; times in microseconds.</summary>
public sealed record SampleFrame(bool IsVideo, long Dts, long CompositionOffset, bool IsKeyframe, ReadOnlyMemory<byte> Payload);

/// <summary>The tracks of an MP4 file that ffmpeg encoded: its first video and first audio track, frames in decoding order.</summary>
public sealed class MediaSample
{
    private MediaSample()
    {
    }

    public FourCc VideoCodec { get; private set; }

    public FourCc AudioCodec { get; private set; }

    /// <summary>avcC, hvcC or av1C; empty without video.</summary>
    public ReadOnlyMemory<byte> VideoConfiguration { get; private set; }

    /// <summary>AudioSpecificConfig or OpusHead; empty without audio.</summary>
    public ReadOnlyMemory<byte> AudioConfiguration { get; private set; }

    public IReadOnlyList<SampleFrame> Frames { get; private set; } = [];

    /// <summary>From the first frame to one frame past the last, microseconds: add it to loop the sample.</summary>
    public long Duration { get; private set; }

    public static MediaSample Load(string path)
    {
        var file = File.ReadAllBytes(path).AsMemory();
        var sample = new MediaSample();
        List<SampleFrame> frames = [];
        foreach (var (type, box) in Boxes(Find(file, "moov")))
        {
            if (type == "trak")
            {
                sample.ReadTrack(file, box, frames);
            }
        }

        // Edit lists move presentation; frames begin at zero in decoding time all the same.
        sample.Frames = [.. frames.OrderBy(frame => frame.Dts).ThenBy(frame => !frame.IsVideo)];
        return sample;
    }

    private void ReadTrack(ReadOnlyMemory<byte> file, ReadOnlyMemory<byte> track, List<SampleFrame> frames)
    {
        var media = Find(track, "mdia");
        var handler = Encoding.ASCII.GetString(Find(media, "hdlr").Span.Slice(8, 4));
        var header = Find(media, "mdhd").Span;
        var scale = BinaryPrimitives.ReadUInt32BigEndian(header[(header[0] == 1 ? 20 : 12)..]);
        var table = Find(Find(media, "minf"), "stbl");
        var isVideo = handler == "vide";
        ReadDescription(Find(table, "stsd")[8..], isVideo);

        var sizes = Sizes(Find(table, "stsz").Span);
        var offsets = Offsets(table, sizes);
        var deltas = Runs(Find(table, "stts").Span, sizes.Count);
        var compositions = TryFind(table, "ctts") is { } ctts ? Runs(ctts.Span, sizes.Count) : [.. new int[sizes.Count]];
        var keyframes = TryFind(table, "stss") is { } stss ? Numbers(stss.Span) : null;

        // Negative composition offsets (version 1) are lifted, so that nothing is presented before it is decoded.
        var lift = -Math.Min(0, compositions.Count == 0 ? 0 : compositions.Min());
        long time = 0;
        for (var i = 0; i < sizes.Count; i++)
        {
            frames.Add(new(
                isVideo,
                time * 1_000_000 / scale,
                (compositions[i] + lift) * 1_000_000L / scale,
                !isVideo || keyframes?.Contains(i + 1) != false,
                file.Slice((int)offsets[i], sizes[i])));
            time += deltas[i];
        }

        Duration = Math.Max(Duration, time * 1_000_000 / scale);
    }

    private void ReadDescription(ReadOnlyMemory<byte> entries, bool isVideo)
    {
        var (type, entry) = Boxes(entries).First();
        var children = entry[(isVideo ? 78 : 28)..];
        switch (type)
        {
            case "avc1":
                (VideoCodec, VideoConfiguration) = (FourCc.Avc, Find(children, "avcC"));
                break;
            case "hvc1" or "hev1":
                (VideoCodec, VideoConfiguration) = (FourCc.Hevc, Find(children, "hvcC"));
                break;
            case "av01":
                (VideoCodec, VideoConfiguration) = (FourCc.Av1, Find(children, "av1C"));
                break;
            case "mp4a":
                (AudioCodec, AudioConfiguration) = (FourCc.Aac, SpecificConfig(Find(children, "esds")));
                break;
            case "Opus":
                (AudioCodec, AudioConfiguration) = (FourCc.Opus, OpusHeader.ReadDOps(Find(children, "dOps").Span).WriteHead());
                break;
            default:
                throw new NotSupportedException($"A sample entry '{type}'");
        }
    }

    /// <summary>Descends by tags: 3 (ES), 4 (decoder configuration), 5 (decoder specific information).</summary>
    private static ReadOnlyMemory<byte> SpecificConfig(ReadOnlyMemory<byte> esds)
    {
        var at = 4;
        foreach (var (tag, fields) in new[] { (3, 3), (4, 13), (5, 0) })
        {
            if (esds.Span[at++] != tag)
            {
                throw new NotSupportedException($"esds without descriptor {tag}");
            }

            var length = 0;
            byte b;
            do
            {
                b = esds.Span[at++];
                length = (length << 7) | (b & 0x7f);
            }
            while ((b & 0x80) != 0);
            if (tag == 5)
            {
                return esds.Slice(at, length);
            }

            at += fields;
        }

        throw new NotSupportedException("esds");
    }

    private static List<int> Sizes(ReadOnlySpan<byte> stsz)
    {
        var common = BinaryPrimitives.ReadInt32BigEndian(stsz[4..]);
        var count = BinaryPrimitives.ReadInt32BigEndian(stsz[8..]);
        List<int> sizes = [];
        for (var i = 0; i < count; i++)
        {
            sizes.Add(common != 0 ? common : BinaryPrimitives.ReadInt32BigEndian(stsz[(12 + (4 * i))..]));
        }

        return sizes;
    }

    private static List<long> Offsets(ReadOnlyMemory<byte> table, List<int> sizes)
    {
        var chunks = TryFind(table, "stco") is { } stco
            ? Numbers(stco.Span).Select(n => (long)n).ToList()
            : throw new NotSupportedException("A file with 64-bit chunk offsets");
        var stsc = Find(table, "stsc").Span;
        List<(int First, int Samples)> runs = [];
        for (var i = 0; i < BinaryPrimitives.ReadInt32BigEndian(stsc[4..]); i++)
        {
            var entry = stsc[(8 + (12 * i))..];
            runs.Add((BinaryPrimitives.ReadInt32BigEndian(entry), BinaryPrimitives.ReadInt32BigEndian(entry[4..])));
        }

        List<long> offsets = [];
        for (var chunk = 1; chunk <= chunks.Count; chunk++)
        {
            var at = chunks[chunk - 1];
            for (var left = runs.Last(run => run.First <= chunk).Samples; left > 0; left--)
            {
                offsets.Add(at);
                at += sizes[offsets.Count - 1];
            }
        }

        return offsets;
    }

    /// <summary>Run-length coded values (stts, ctts), one a sample.</summary>
    private static List<int> Runs(ReadOnlySpan<byte> box, int count)
    {
        List<int> values = [];
        for (var i = 0; values.Count < count; i++)
        {
            var entry = box[(8 + (8 * i))..];
            values.AddRange(Enumerable.Repeat(BinaryPrimitives.ReadInt32BigEndian(entry[4..]), BinaryPrimitives.ReadInt32BigEndian(entry)));
        }

        return values;
    }

    private static HashSet<int> Numbers(ReadOnlySpan<byte> box)
    {
        HashSet<int> values = [];
        for (var i = 0; i < BinaryPrimitives.ReadInt32BigEndian(box[4..]); i++)
        {
            values.Add(BinaryPrimitives.ReadInt32BigEndian(box[(8 + (4 * i))..]));
        }

        return values;
    }

    private static IEnumerable<(string Type, ReadOnlyMemory<byte> Payload)> Boxes(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(bytes.Span);
            yield return (Encoding.ASCII.GetString(bytes.Span.Slice(4, 4)), bytes[8..size]);
            bytes = bytes[size..];
        }
    }

    private static ReadOnlyMemory<byte>? TryFind(ReadOnlyMemory<byte> bytes, string type)
    {
        foreach (var (name, payload) in Boxes(bytes))
        {
            if (name == type)
            {
                return payload;
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Find(ReadOnlyMemory<byte> bytes, string type) =>
        TryFind(bytes, type) ?? throw new NotSupportedException($"A file without {type}");
}
