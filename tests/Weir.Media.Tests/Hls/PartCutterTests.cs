using CsCheck;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Hls;

namespace Weir.Media.Tests.Hls;

public sealed class PartCutterTests
{
    private static readonly InitSegment Init = new(0, null, new Track(TrackKind.Audio, Codec.Aac, new byte[] { 0x11, 0x90 }, "mp4a.40.2") { SampleRate = 48000, Channels = 2 });

    [Fact]
    public void At_any_frame_rate_parts_keep_to_their_target_and_to_85_percent_of_it()
    {
        // Time stamps in whole milliseconds, as FLV has them.
        Gen.Double[4.0, 120.0].Sample(fps =>
        {
            var frames = Enumerable.Range(0, (int)(fps * 12)).Select(i => (long)(i / fps * 1000) * 1000).ToList();
            var fragments = Fragments(frames);
            var first = fragments.TakeWhile(fragment => fragment.Start < 2_000_000).ToList();
            var cutter = PartCutter.For(first);
            var parts = fragments.SelectMany(cutter.Add).ToList();
            foreach (var part in parts.Take(parts.Count - 1))
            {
                Assert.True(part.Duration <= cutter.Target, $"{fps}: {part.Duration} > {cutter.Target}");
                Assert.True(part.Duration >= cutter.Target * 0.85, $"{fps}: {part.Duration} < 85 % of {cutter.Target}");
            }
        });
    }

    [Theory]
    [InlineData(24)]
    [InlineData(25)]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(60)]
    public void At_usual_frame_rates_the_target_is_300_ms(int fps) => Assert.Equal(
        300_000, PartCutter.For(Fragments([.. Enumerable.Range(0, fps * 2).Select(i => i * 1_000_000L / fps)])).Target);

    // As the packager cuts them: whole pictures, at least 30 ms, and sound alone where a picture lasts too long.
    private static List<Fragment> Fragments(List<long> frames)
    {
        var fragments = new List<Fragment>();
        var start = frames[0];
        foreach (var end in frames.Skip(1))
        {
            if (end - start >= 30_000)
            {
                fragments.Add(Make(start, end - start));
                start = end;
            }
        }

        return fragments;
    }

    private static Fragment Make(long start, long duration) => new(null)
    {
        Sequence = 1,
        Init = Init,
        Data = ReadOnlyMemory<byte>.Empty,
        SegmentNumber = 0,
        DiscontinuityNumber = 0,
        StartsSegment = start == 0,
        EndsSegment = false,
        Independent = true,
        Discontinuity = false,
        Start = start,
        Duration = duration,
        WallClock = 1,
        Pictures = 1,
    };
}
