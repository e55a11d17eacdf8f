using CsCheck;
using Weir.Media.Broadcasting;

// Not "Broadcasting": that name would hide Weir.Media.Broadcasting from the other tests.
namespace Weir.Media.Tests.Broadcasts;

public class ClockMapperTests
{
    private static readonly Gen<(bool Video, long Step)> Steps = Gen.Select(
        Gen.Bool,
        Gen.Frequency(
            (20, Gen.Long[0, 60_000]),
            (3, Gen.Long[-400_000, 0]),
            (1, Gen.Long[-10_000_000_000, 10_000_000_000])));

    [Fact]
    public void Whatever_an_encoder_sends_a_track_never_runs_backwards_and_never_leaps() =>
        Gen.Select(Gen.Long[-10_000_000, 10_000_000], Gen.Long[0, 100_000_000], Steps.Array[1, 200]).Sample((origin, startAt, steps) =>
        {
            var mapper = new ClockMapper(startAt);
            long now = origin, edge = startAt;
            long[] last = [long.MinValue, long.MinValue];
            foreach (var (video, step) in steps)
            {
                now += step;
                var kind = video ? TrackKind.Video : TrackKind.Audio;
                var mapped = mapper.Map(kind, now, 0);
                Assert.True(mapped.Dts >= startAt);
                Assert.True(mapped.Dts > last[(int)kind]);
                Assert.True(mapped.Dts - edge <= ClockMapper.JumpThreshold, $"a leap of {mapped.Dts - edge}");
                last[(int)kind] = mapped.Dts;
                edge = Math.Max(edge, mapped.Dts);
            }
        });

    [Fact]
    public void A_regular_stream_is_only_moved_to_where_the_timeline_is() =>
        Gen.Select(Gen.Long[-1_000_000_000, 1_000_000_000], Gen.Long[0, 1_000_000_000]).Sample((origin, startAt) =>
        {
            var mapper = new ClockMapper(startAt);
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(startAt + (i * 40_000), mapper.Map(TrackKind.Video, origin + (i * 40_000), 0).Dts);
                Assert.Equal(startAt + (i * 40_000) + 10_000, mapper.Map(TrackKind.Audio, origin + (i * 40_000) + 10_000, 0).Dts);
            }

            Assert.Equal((0, 0), (mapper.Jumps, mapper.Corrections));
        });

    [Theory]
    [InlineData(3_600_000_000)]
    [InlineData(-3_600_000_000)]
    public void A_jump_takes_one_frames_time_and_both_tracks_stay_together(long jump)
    {
        var mapper = new ClockMapper(0);
        for (var i = 0; i < 100; i++)
        {
            var time = (i * 40_000L) + 3_700_000_000 + (i >= 50 ? jump : 0);
            var video = mapper.Map(TrackKind.Video, time, 0);
            var audio = mapper.Map(TrackKind.Audio, time + 5_000, 0);
            Assert.Equal(i == 50, video.Jumped);
            Assert.False(audio.Jumped);
            Assert.Equal(5_000, audio.Dts - video.Dts);
        }

        Assert.Equal(1, mapper.Jumps);
        Assert.InRange(mapper.Map(TrackKind.Video, 3_700_000_000 + jump + 4_000_000, 0).Dts, 3_950_000, 4_050_000);
    }

    [Theory]
    [InlineData(-2_000_000)]
    [InlineData(-900_000)]
    [InlineData(3_020_000)]
    [InlineData(3_500_000)]
    public void A_small_jump_takes_no_media_time_although_the_other_track_comes_on_the_old_clock_for_a_moment(long jump)
    {
        var mapper = new ClockMapper(0);
        long last = 0;
        for (var i = 0; i < 200; i++)
        {
            var time = 10_000_000 + (i * 40_000L);
            var video = mapper.Map(TrackKind.Video, time + (i >= 100 ? jump : 0), 0).Dts;
            var audio = mapper.Map(TrackKind.Audio, time + 5_000 + (i >= 110 ? jump : 0), 0).Dts;
            Assert.True(video - last is >= 0 and <= 80_000, $"A step of {video - last} at {i}");
            Assert.True(Math.Abs(audio - video) <= 60_000, $"Sound {audio - video} from its picture at {i}");
            last = video;
        }

        Assert.Equal(1, mapper.Jumps);
    }

    [Fact]
    public void Audio_that_was_still_on_its_way_when_video_jumped_stays_on_the_old_clock()
    {
        var mapper = new ClockMapper(0);
        mapper.Map(TrackKind.Video, 0, 0);
        mapper.Map(TrackKind.Audio, 0, 0);
        Assert.True(mapper.Map(TrackKind.Video, 9_000_000_000, 0).Jumped);
        Assert.Equal(new MappedTime(21_000, 21_000, false), mapper.Map(TrackKind.Audio, 21_000, 0));
        Assert.Equal(1, mapper.Jumps);
    }

    [Fact]
    public void Presentation_is_never_before_decoding_and_an_absurd_composition_is_left_out() =>
        Gen.Long.Sample(composition =>
        {
            var mapped = new ClockMapper(0).Map(TrackKind.Video, 0, composition);
            Assert.InRange(mapped.Pts - mapped.Dts, 0, 10_000_000);
        });
}
