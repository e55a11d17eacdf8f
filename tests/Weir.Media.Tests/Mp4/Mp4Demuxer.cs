using System.Buffers.Binary;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Tests.Mp4;

/// <summary>A frame of a sample file; microseconds.</summary>
public sealed record SourceFrame(Track Track, long Dts, long Pts, bool Keyframe, ReadOnlyMemory<byte> Payload);

/// <summary>Reads the fragmented MP4 that ffmpeg writes, defaults and all: where test frames come from.</summary>
public static class Mp4Demuxer
{
    private sealed record SourceTrack(Track Track, long Timescale);

    public static IReadOnlyList<SourceFrame> Read(byte[] file)
    {
        var tracks = new Dictionary<uint, SourceTrack>();
        var frames = new List<SourceFrame>();
        var position = 0;
        while (BoxReader.TryRead(file, ref position, out var box))
        {
            if (box.Type == BoxType.Moov)
            {
                foreach (var trak in Children(file, box, BoxType.Trak))
                {
                    var (id, track) = ReadTrack(file.AsSpan(trak.Start, trak.Size));
                    tracks[id] = track;
                }
            }
            else if (box.Type == BoxType.Moof)
            {
                foreach (var traf in Children(file, box, BoxType.Traf))
                {
                    ReadTraf(file, box.Start, traf, tracks, frames);
                }
            }
        }

        // As a publisher interleaves them.
        return [.. frames.OrderBy(frame => frame.Dts).ThenBy(frame => frame.Track.Kind)];
    }

    private static IEnumerable<Box> Children(byte[] file, Box parent, uint type)
    {
        var position = parent.BodyStart;
        while (position < parent.End && BoxReader.TryRead(file, ref position, out var box))
        {
            if (box.Type == type)
            {
                yield return box;
            }
        }
    }

    private static (uint, SourceTrack) ReadTrack(ReadOnlySpan<byte> trak)
    {
        BoxReader.TryFind(trak, out var tkhd, BoxType.Trak, BoxType.Tkhd);
        BoxReader.TryFind(trak, out var mdhd, BoxType.Trak, BoxType.Mdia, BoxType.Mdhd);
        BoxReader.TryFind(trak, out var stsd, BoxType.Trak, BoxType.Mdia, BoxType.Minf, BoxType.Stbl, BoxType.Stsd);
        var id = BinaryPrimitives.ReadUInt32BigEndian(tkhd.Body(trak)[(tkhd.Body(trak)[0] == 1 ? 20 : 12)..]);
        var timescale = BinaryPrimitives.ReadUInt32BigEndian(mdhd.Body(trak)[(mdhd.Body(trak)[0] == 1 ? 20 : 12)..]);
        var entries = stsd.Body(trak)[8..];
        var position = 0;
        Assert.True(BoxReader.TryRead(entries, ref position, out var entry));
        var body = entry.Body(entries);
        return (id, new SourceTrack(
            entry.Type switch
            {
                BoxType.Avc1 => Tracks.FromAvcC(Child(body[78..], BoxType.AvcC)),
                BoxType.Hvc1 => Tracks.FromHvcC(Child(body[78..], BoxType.HvcC)),
                BoxType.Av01 => Tracks.FromAv1C(Child(body[78..], BoxType.Av1C)),
                BoxType.Opus => Tracks.FromDOps(Child(body[28..], BoxType.DOps)),
                BoxType.Mp4a => Tracks.FromAac(SpecificConfig(Child(body[28..], BoxType.Esds))),
                _ => throw new InvalidOperationException(BoxType.ToText(entry.Type)),
            },
            timescale));
    }

    private static byte[] Child(ReadOnlySpan<byte> body, uint type)
    {
        Assert.True(BoxReader.TryFind(body, out var box, type));
        return box.Body(body).ToArray();
    }

    private static byte[] SpecificConfig(byte[] esds)
    {
        // DecSpecificInfo: tag 5 with a four-byte size, in ffmpeg's form.
        var at = esds.AsSpan().IndexOf([(byte)0x05, (byte)0x80, (byte)0x80, (byte)0x80]);
        return esds.AsSpan(at + 5, esds[at + 4]).ToArray();
    }

    private static void ReadTraf(byte[] file, int moofStart, Box traf, Dictionary<uint, SourceTrack> tracks, List<SourceFrame> frames)
    {
        var tfhd = Children(file, traf, BoxType.Tfhd).Single().Body(file);
        var flags = Read32(tfhd, 0) & 0xFFFFFF;
        var track = tracks[Read32(tfhd, 4)];
        var at = 8;
        Skip(flags, 0x1, ref at, 8);
        Skip(flags, 0x2, ref at, 4);
        var duration = Optional(tfhd, flags, 0x8, ref at) ?? 0;
        var size = Optional(tfhd, flags, 0x10, ref at) ?? 0;
        var sampleFlags = Optional(tfhd, flags, 0x20, ref at) ?? 0;
        var tfdt = Children(file, traf, BoxType.Tfdt).Single().Body(file);
        var time = tfdt[0] == 1 ? BinaryPrimitives.ReadInt64BigEndian(tfdt[4..]) : Read32(tfdt, 4);
        foreach (var box in Children(file, traf, BoxType.Trun))
        {
            var trun = box.Body(file);
            var runFlags = Read32(trun, 0) & 0xFFFFFF;
            var offset = moofStart + (int)Read32(trun, 8);
            at = 12;
            var first = Optional(trun, runFlags, 0x4, ref at);
            for (var i = 0; i < Read32(trun, 4); i++)
            {
                var length = Optional(trun, runFlags, 0x100, ref at) ?? duration;
                var bytes = (int)(Optional(trun, runFlags, 0x200, ref at) ?? size);
                var mark = Optional(trun, runFlags, 0x400, ref at) ?? (i == 0 ? first : null) ?? sampleFlags;
                var composition = (int)(Optional(trun, runFlags, 0x800, ref at) ?? 0);
                frames.Add(new SourceFrame(
                    track.Track,
                    time * 1_000_000 / track.Timescale,
                    (time + composition) * 1_000_000 / track.Timescale,
                    (mark & 0x10000) == 0,
                    file.AsMemory(offset, bytes)));
                offset += bytes;
                time += length;
            }
        }
    }

    private static uint Read32(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadUInt32BigEndian(body[at..]);

    private static uint? Optional(ReadOnlySpan<byte> body, uint flags, uint flag, ref int at)
    {
        if ((flags & flag) == 0)
        {
            return null;
        }

        at += 4;
        return Read32(body, at - 4);
    }

    private static void Skip(uint flags, uint flag, ref int at, int bytes) => at += (flags & flag) == 0 ? 0 : bytes;
}
