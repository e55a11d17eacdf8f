using System.Buffers.Binary;

namespace Weir.Media.Formats.Mp4;

/// <summary>
/// Writes one movie fragment: a moof with a traf for each run, and its mdat. Everything a sample has is said in its
/// trun (duration, size, flags, composition offset), so a fragment means the same whatever came before it.
/// </summary>
public static class FragmentWriter
{
    private const uint SyncSample = 0x02000000;    // sample_depends_on = 2
    private const uint NonSyncSample = 0x01010000; // sample_depends_on = 1, sample_is_non_sync_sample

    /// <param name="sequence">mfhd's sequence_number.</param>
    /// <param name="room">Bytes left free at the beginning.</param>
    public static byte[] Write(uint sequence, ReadOnlySpan<Mp4Run> runs, int room = 0)
    {
        var moof = 8 + 16;
        var media = 0;
        foreach (var run in runs)
        {
            moof += TrafSize(run);
            foreach (var sample in run.Samples)
            {
                media += sample.Data.Length;
            }
        }

        var bytes = new byte[room + moof + 8 + media];
        var at = room;
        Put(bytes, ref at, (uint)moof, BoxType.Moof, 16, BoxType.Mfhd, 0, sequence);
        var offset = moof + 8;
        foreach (var run in runs)
        {
            WriteTraf(bytes, ref at, run, ref offset);
        }

        Put(bytes, ref at, (uint)(8 + media), BoxType.Mdat);
        foreach (var run in runs)
        {
            foreach (var sample in run.Samples)
            {
                sample.Data.Span.CopyTo(bytes.AsSpan(at));
                at += sample.Data.Length;
            }
        }

        return bytes;
    }

    private static int TrafSize(in Mp4Run run) => 8 + 16 + 20 + TrunSize(run);

    private static int TrunSize(in Mp4Run run) => 20 + (run.Samples.Count * (run.IsVideo ? 16 : 12));

    private static void WriteTraf(byte[] bytes, ref int at, in Mp4Run run, ref int offset)
    {
        Put(bytes, ref at, (uint)TrafSize(run), BoxType.Traf);
        Put(bytes, ref at, 16, BoxType.Tfhd, 0x020000, run.TrackId); // default-base-is-moof
        Put(bytes, ref at, 20, BoxType.Tfdt, 0x01000000, (uint)(run.BaseDecodeTime >> 32), (uint)run.BaseDecodeTime);

        // data-offset, duration, size, flags; the composition offset for video. Version 0: offsets are never negative.
        var flags = 0x000701u | (run.IsVideo ? 0x000800u : 0);
        Put(bytes, ref at, (uint)TrunSize(run), BoxType.Trun, flags, (uint)run.Samples.Count, (uint)offset);
        foreach (var sample in run.Samples)
        {
            Put(bytes, ref at, sample.Duration, (uint)sample.Data.Length, sample.IsSync ? SyncSample : NonSyncSample);
            if (run.IsVideo)
            {
                Put(bytes, ref at, sample.CompositionOffset);
            }

            offset += sample.Data.Length;
        }
    }

    private static void Put(byte[] bytes, ref int at, params ReadOnlySpan<uint> values)
    {
        foreach (var value in values)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), value);
            at += 4;
        }
    }
}
