using System.Buffers.Binary;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Recording;

/// <summary>What whole fragments a stretch of a media file holds. Times are microseconds; -1 where there are none.</summary>
internal readonly record struct ScannedMedia(int InitLength, long End, int Fragments, long Start, long MediaEnd);

/// <summary>Reads a media file as a crash left it: its init segment, and fragments up to the first that is not whole.</summary>
internal static class MediaScan
{
    private const int LargestMoof = 16 << 20;

    /// <param name="from">Offset of a fragment to begin with; zero for the first.</param>
    public static ScannedMedia Read(Stream file, long from)
    {
        if (!TryReadInit(file, out var init, out var timescales))
        {
            // What the index promises stays: without its init segment nothing else can be said of the file.
            return new(0, Math.Min(from, file.Length), 0, -1, -1);
        }

        var position = Math.Max(from, init);
        var (fragments, start, end) = (0, -1L, -1L);
        while (TryReadBoxHeader(file, position, out var type, out var size) && type == BoxType.Moof && size <= LargestMoof
            && position + size <= file.Length
            && TryReadBoxHeader(file, position + size, out var next, out var mediaSize) && next == BoxType.Mdat
            && position + size + mediaSize <= file.Length)
        {
            var moof = new byte[size];
            file.Position = position;
            file.ReadExactly(moof);
            if (!TryReadRuns(moof, timescales, out var runs))
            {
                break;
            }

            foreach (var run in runs)
            {
                if (timescales.TryGetValue(run.TrackId, out var scale))
                {
                    var runStart = (long)(run.BaseDecodeTime * 1e6 / scale);
                    var runEnd = (long)((run.BaseDecodeTime + run.Duration) * 1e6 / scale);
                    start = start < 0 ? runStart : Math.Min(start, runStart);
                    end = Math.Max(end, runEnd);
                }
            }

            fragments++;
            position += size + mediaSize;
        }

        return new(init, position, fragments, start, end);
    }

    /// <summary>False when a disk did not keep what is in the box, or its times are none that a recording reaches.</summary>
    private static bool TryReadRuns(byte[] moof, Dictionary<uint, uint> timescales, out IReadOnlyList<ReadRun> runs)
    {
        try
        {
            runs = FragmentReader.Read(moof);
            return runs.All(run => !timescales.TryGetValue(run.TrackId, out var scale)
                || ((double)run.BaseDecodeTime + run.Duration) / scale * 1e6 < RecordedSegment.MostTime);
        }
        catch (Mp4FormatException)
        {
            runs = [];
            return false;
        }
    }

    private static bool TryReadInit(Stream file, out int length, out Dictionary<uint, uint> timescales)
    {
        try
        {
            return TryReadTracks(file, out length, out timescales);
        }
        catch (Mp4FormatException)
        {
            (length, timescales) = (0, []);
            return false;
        }
    }

    private static bool TryReadTracks(Stream file, out int length, out Dictionary<uint, uint> timescales)
    {
        (length, timescales) = (0, []);
        if (!TryReadBoxHeader(file, 0, out var ftyp, out var ftypSize) || ftyp != BoxType.Ftyp
            || !TryReadBoxHeader(file, ftypSize, out var moovType, out var moovSize) || moovType != BoxType.Moov
            || ftypSize + moovSize > Math.Min(file.Length, 1 << 20))
        {
            return false;
        }

        length = (int)(ftypSize + moovSize);
        var init = new byte[length];
        file.Position = 0;
        file.ReadExactly(init);
        var position = (int)ftypSize + 8;
        while (position < length && BoxReader.TryRead(init, ref position, out var box))
        {
            if (box.Type == BoxType.Trak)
            {
                var trak = init.AsSpan(box.Start, box.Size);
                if (BoxReader.TryFind(trak, out var tkhd, BoxType.Trak, BoxType.Tkhd)
                    && BoxReader.TryFind(trak, out var mdhd, BoxType.Trak, BoxType.Mdia, BoxType.Mdhd))
                {
                    // Version 0 of both, as InitSegmentWriter writes them.
                    var (id, timescale) = (Field(tkhd.Body(trak)), Field(mdhd.Body(trak)));
                    if (timescale > 0)
                    {
                        timescales[id] = timescale;
                    }
                }
            }
        }

        return true;
    }

    private static uint Field(ReadOnlySpan<byte> body) => body.Length >= 16 ? BinaryPrimitives.ReadUInt32BigEndian(body[12..]) : 0;

    private static bool TryReadBoxHeader(Stream file, long position, out uint type, out long size)
    {
        (type, size) = (0, 0);
        if (position + 8 > file.Length)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[8];
        file.Position = position;
        file.ReadExactly(header);
        size = BinaryPrimitives.ReadUInt32BigEndian(header);
        type = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        return size >= 8;
    }
}
