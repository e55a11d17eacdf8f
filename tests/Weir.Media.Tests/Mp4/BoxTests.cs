using System.Text;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Tests.Mp4;

public sealed class BoxTests
{
    private static readonly Mp4Run[] Runs =
    [
        new(1, 5_000_000_000, IsVideo: true, [new Mp4Sample(3000, 6000, true, new byte[] { 1, 2, 3 }), new Mp4Sample(3003, 0, false, new byte[] { 4 })]),
        new(2, 48_000, IsVideo: false, [new Mp4Sample(1024, 0, true, new byte[] { 5, 6 })]),
    ];

    [Fact]
    public void A_fragment_reads_back_as_it_was_written()
    {
        var bytes = FragmentWriter.Write(7, Runs);
        var read = FragmentReader.Read(bytes);
        Assert.Equal((1u, 5_000_000_000UL), (read[0].TrackId, read[0].BaseDecodeTime));
        Assert.Equal([(3000u, 6000, true), (3003u, 0, false)], read[0].Samples.Select(s => (s.Duration, s.CompositionOffset, s.IsSync)));
        Assert.Equal([new byte[] { 1, 2, 3 }, [4]], read[0].Samples.Select(s => bytes.AsSpan(s.Offset, s.Size).ToArray()));
        Assert.Equal((2u, 48_000UL, 1024u), (read[1].TrackId, read[1].BaseDecodeTime, read[1].Samples[0].Duration));
        Assert.Equal([5, 6], bytes.AsSpan(read[1].Samples[0].Offset, 2).ToArray());
    }

    [Fact]
    public void A_box_reads_the_same_whole_or_not_at_all_at_every_cut()
    {
        var bytes = FragmentWriter.Write(7, Runs);
        var moof = bytes.AsSpan().IndexOf("mdat"u8) - 4;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var position = 0;
            Assert.Equal(cut >= moof, BoxReader.TryRead(bytes.AsSpan(0, cut), ref position, out var box));
            Assert.Equal(cut >= moof ? moof : 0, position);
            Assert.True(cut < moof || (box.Type == BoxType.Moof && box.Size == moof));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 7, 109, 111, 111, 102 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 109, 111, 111, 102 })]
    [InlineData(new byte[] { 0, 0, 0, 1, 109, 111, 111, 102, 0, 0, 0, 0, 0, 0, 0, 15 })]
    [InlineData(new byte[] { 0, 0, 0, 1, 109, 111, 111, 102, 255, 255, 255, 255, 255, 255, 255, 255 })]
    public void A_size_below_its_own_header_is_refused(byte[] bytes)
    {
        var exception = Assert.Throws<Mp4FormatException>(() =>
        {
            var position = 0;
            BoxReader.TryRead(bytes, ref position, out _);
        });
        Assert.Contains("4.2", exception.Message);
    }

    /// <summary>The sizes of the boxes around what was cut off still say that it is there.</summary>
    [Fact]
    public void A_fragment_whose_boxes_are_shorter_than_their_fields_is_refused()
    {
        var bytes = FragmentWriter.Write(7, Runs);
        var moof = bytes.AsSpan().IndexOf("mdat"u8) - 4;
        for (var at = 8; at < moof; at++)
        {
            for (var value = 0; value < 256; value += 5)
            {
                var changed = bytes.ToArray();
                changed[at] = (byte)value;
                var fault = Record.Exception(() => FragmentReader.Read(changed.AsSpan(0, moof)));
                Assert.True(fault is null or Mp4FormatException, $"{fault} for {value} at {at}");
            }
        }
    }

    [Fact]
    public void An_init_segment_names_each_codec_the_way_players_look_for_it()
    {
        foreach (var (entry, name, configuration) in new[]
        {
            (Mp4SampleEntry.Avc1, "avc1", "avcC"), (Mp4SampleEntry.Hvc1, "hvc1", "hvcC"), (Mp4SampleEntry.Av01, "av01", "av1C"),
            (Mp4SampleEntry.Mp4a, "mp4a", "esds"), (Mp4SampleEntry.Opus, "Opus", "dOps"),
        })
        {
            var init = InitSegmentWriter.Write([new Mp4Track(1, 48_000, entry, new byte[] { 9, 8, 7 }) { Width = 4, Height = 2, Channels = 2, SampleRate = 48_000 }]);
            Assert.True(BoxReader.TryFind(init, out var stsd, BoxType.Moov, BoxType.Trak, BoxType.Mdia, BoxType.Minf, BoxType.Stbl, BoxType.Stsd));
            var entries = Encoding.Latin1.GetString(stsd.Body(init));
            Assert.Contains(name, entries);
            Assert.Contains(configuration, entries);
            Assert.Contains("\t\b\a", entries);
            Assert.True(BoxReader.TryFind(init, out _, BoxType.Moov, BoxType.Mvex, BoxType.Trex));
        }
    }
}
