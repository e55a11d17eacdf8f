namespace Weir.Media.Formats.Mp4;

/// <summary>Writes ftyp and moov of a fragmented MP4 (ISO/IEC 14496-12): tracks without samples, and mvex to say that fragments follow.</summary>
public static class InitSegmentWriter
{
    // The identity matrix of mvhd and tkhd.
    private static readonly uint[] Matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

    public static byte[] Write(IReadOnlyList<Mp4Track> tracks)
    {
        var w = new BoxWriter(2048);
        var ftyp = w.Begin(BoxType.Ftyp);
        w.Ascii("iso6");
        w.U32(0);

        // iso6 brings tfdt version 1 and default-base-is-moof; mp42 is what older demuxers look for.
        w.Ascii("iso6mp42");
        w.End(ftyp);

        var moov = w.Begin(BoxType.Moov);
        WriteMovieHeader(w, tracks);
        foreach (var track in tracks)
        {
            WriteTrack(w, track);
        }

        var mvex = w.Begin(BoxType.Mvex);
        foreach (var track in tracks)
        {
            var trex = w.Begin(BoxType.Trex, 0, 0);
            w.U32(track.Id);
            w.U32(1);
            w.Zeros(12);
            w.End(trex);
        }

        w.End(mvex);
        w.End(moov);
        return w.ToArray();
    }

    private static void WriteMovieHeader(BoxWriter w, IReadOnlyList<Mp4Track> tracks)
    {
        var mvhd = w.Begin(BoxType.Mvhd, 0, 0);
        w.Zeros(8);
        w.U32(1000);
        w.U32(0);
        w.U32(0x10000);
        w.U16(0x100);
        w.Zeros(10);
        WriteMatrix(w);
        w.Zeros(24);
        w.U32(tracks.Max(track => track.Id) + 1);
        w.End(mvhd);
    }

    private static void WriteTrack(BoxWriter w, Mp4Track track)
    {
        var trak = w.Begin(BoxType.Trak);
        var tkhd = w.Begin(BoxType.Tkhd, 0, 3);
        w.Zeros(8);
        w.U32(track.Id);
        w.Zeros(16);
        w.U16(0);
        w.U16(0);
        w.U16((ushort)(track.IsVideo ? 0 : 0x100));
        w.U16(0);
        WriteMatrix(w);
        w.U32((uint)track.Width << 16);
        w.U32((uint)track.Height << 16);
        w.End(tkhd);

        var mdia = w.Begin(BoxType.Mdia);
        var mdhd = w.Begin(BoxType.Mdhd, 0, 0);
        w.Zeros(8);
        w.U32(track.Timescale);
        w.U32(0);
        w.U16(0x55C4); // "und", 14496-12 8.4.2.3
        w.U16(0);
        w.End(mdhd);
        var hdlr = w.Begin(BoxType.Hdlr, 0, 0);
        w.U32(0);
        w.U32(track.IsVideo ? BoxType.Vide : BoxType.Soun);
        w.Zeros(12);
        w.Ascii(track.IsVideo ? "video" : "audio");
        w.U8(0);
        w.End(hdlr);
        WriteMediaInformation(w, track);
        w.End(mdia);
        w.End(trak);
    }

    private static void WriteMediaInformation(BoxWriter w, Mp4Track track)
    {
        var minf = w.Begin(BoxType.Minf);
        if (track.IsVideo)
        {
            var vmhd = w.Begin(BoxType.Vmhd, 0, 1);
            w.Zeros(8);
            w.End(vmhd);
        }
        else
        {
            var smhd = w.Begin(BoxType.Smhd, 0, 0);
            w.Zeros(4);
            w.End(smhd);
        }

        var dinf = w.Begin(BoxType.Dinf);
        var dref = w.Begin(BoxType.Dref, 0, 0);
        w.U32(1);
        w.End(w.Begin(BoxType.Url, 0, 1));
        w.End(dref);
        w.End(dinf);

        var stbl = w.Begin(BoxType.Stbl);
        var stsd = w.Begin(BoxType.Stsd, 0, 0);
        w.U32(1);
        SampleEntryWriter.Write(w, track);
        w.End(stsd);
        WriteEmptyTable(w, BoxType.Stts, 4);
        WriteEmptyTable(w, BoxType.Stsc, 4);
        WriteEmptyTable(w, BoxType.Stsz, 8);
        WriteEmptyTable(w, BoxType.Stco, 4);
        w.End(stbl);
        w.End(minf);
    }

    private static void WriteEmptyTable(BoxWriter w, uint type, int zeros)
    {
        var box = w.Begin(type, 0, 0);
        w.Zeros(zeros);
        w.End(box);
    }

    private static void WriteMatrix(BoxWriter w)
    {
        foreach (var value in Matrix)
        {
            w.U32(value);
        }
    }
}
