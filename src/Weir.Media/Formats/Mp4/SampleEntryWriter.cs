namespace Weir.Media.Formats.Mp4;

/// <summary>Sample entries of the five codecs carried (14496-15 for H.264 and HEVC, the AV1 and Opus bindings, 14496-14 for AAC).</summary>
internal static class SampleEntryWriter
{
    public static void Write(BoxWriter w, Mp4Track track)
    {
        switch (track.Entry)
        {
            case Mp4SampleEntry.Avc1:
                WriteVideo(w, track, BoxType.Avc1, BoxType.AvcC);
                break;
            case Mp4SampleEntry.Hvc1:
                // hvc1, not hev1: parameter sets live in hvcC only, and Safari plays nothing else.
                WriteVideo(w, track, BoxType.Hvc1, BoxType.HvcC);
                break;
            case Mp4SampleEntry.Av01:
                WriteVideo(w, track, BoxType.Av01, BoxType.Av1C);
                break;
            case Mp4SampleEntry.Mp4a:
                var mp4a = BeginAudio(w, track, BoxType.Mp4a);
                WriteElementaryStreamDescriptor(w, track);
                w.End(mp4a);
                break;
            case Mp4SampleEntry.Opus:
                var opus = BeginAudio(w, track, BoxType.Opus);
                var dops = w.Begin(BoxType.DOps);
                w.Bytes(track.Configuration.Span);
                w.End(dops);
                w.End(opus);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(track), track.Entry, "Unknown sample entry.");
        }
    }

    private static void WriteVideo(BoxWriter w, Mp4Track track, uint type, uint configurationType)
    {
        var entry = w.Begin(type);
        w.Zeros(6);
        w.U16(1);
        w.Zeros(16);
        w.U16((ushort)track.Width);
        w.U16((ushort)track.Height);
        w.U32(0x480000);
        w.U32(0x480000);
        w.U32(0);
        w.U16(1);
        w.Zeros(32);
        w.U16(0x18);
        w.U16(0xFFFF);
        var configuration = w.Begin(configurationType);
        w.Bytes(track.Configuration.Span);
        w.End(configuration);
        w.End(entry);
    }

    private static int BeginAudio(BoxWriter w, Mp4Track track, uint type)
    {
        var entry = w.Begin(type);
        w.Zeros(6);
        w.U16(1);
        w.Zeros(8);
        w.U16((ushort)track.Channels);
        w.U16(16);
        w.U32(0);

        // 16.16 fixed point: rates that do not fit are written as zero, the configuration tells them (14496-12 12.2.3).
        w.U32(track.SampleRate <= ushort.MaxValue ? (uint)track.SampleRate << 16 : 0);
        return entry;
    }

    private static void WriteElementaryStreamDescriptor(BoxWriter w, Mp4Track track)
    {
        var specific = track.Configuration.Length;
        var decoder = 13 + DescriptorHeader + specific;
        var esds = w.Begin(BoxType.Esds, 0, 0);
        BeginDescriptor(w, 0x03, 3 + DescriptorHeader + decoder + DescriptorHeader + 1);
        w.U16((ushort)track.Id);
        w.U8(0);
        BeginDescriptor(w, 0x04, decoder);
        w.U8(0x40); // objectTypeIndication: MPEG-4 audio
        w.U8(0x15); // streamType audio, the reserved bit set
        w.U24(0);
        w.U32(0);
        w.U32(0);
        BeginDescriptor(w, 0x05, specific);
        w.Bytes(track.Configuration.Span);
        BeginDescriptor(w, 0x06, 1);
        w.U8(2); // SLConfigDescriptor, predefined for MP4
        w.End(esds);
    }

    private const int DescriptorHeader = 5;

    // 14496-1 8.3.3: the expanded size form, four bytes, as every other muxer writes it.
    private static void BeginDescriptor(BoxWriter w, byte tag, int length)
    {
        w.U8(tag);
        w.U8((byte)(0x80 | (length >> 21)));
        w.U8((byte)(0x80 | ((length >> 14) & 0x7F)));
        w.U8((byte)(0x80 | ((length >> 7) & 0x7F)));
        w.U8((byte)(length & 0x7F));
    }
}
