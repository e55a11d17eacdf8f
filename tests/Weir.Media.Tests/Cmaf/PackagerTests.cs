using System.Text.Json;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Formats.Mp4;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Cmaf;

public sealed class PackagerTests
{
    [Theory]
    [InlineData(nameof(Sample.H264Aac))]
    [InlineData(nameof(Sample.H264BFramesAac))]
    [InlineData(nameof(Sample.H264Only))]
    [InlineData(nameof(Sample.H264Opus))]
    [InlineData(nameof(Sample.AacOnly))]
    [InlineData(nameof(Sample.OpusOnly))]
    [InlineData(nameof(Sample.HevcAac))]
    [InlineData(nameof(Sample.Av1Opus))]
    public void What_ffmpeg_encoded_comes_out_whole_and_decodes_without_a_warning(string sample)
    {
        var frames = Sample.ByName(sample);
        var stage = new Stage();
        stage.Play(stage.Publish(), frames);
        stage.End();

        var runs = stage.Fragments.SelectMany(fragment => FragmentReader.Read(fragment.Data.Span)).ToList();
        Assert.Equal(Count(frames, TrackKind.Video), runs.Where(r => r.TrackId == InitSegment.VideoTrackId).Sum(r => r.Samples.Count));
        Assert.Equal(Count(frames, TrackKind.Audio), runs.Where(r => r.TrackId == InitSegment.AudioTrackId).Sum(r => r.Samples.Count));
        Probe.DecodesCleanly(stage.ToFile());
        if (frames.Any(frame => frame.Track.Kind == TrackKind.Audio))
        {
            Probe.DecodesCleanly(Stage.Concatenate(stage.Fragments, audioOnly: true));
        }
    }

    [Fact]
    public void Presentation_times_survive_with_B_frames_and_sound_stays_with_the_picture()
    {
        var frames = Sample.H264BFramesAac;
        var stage = new Stage();
        stage.Play(stage.Publish(), frames);
        stage.End();

        var expected = frames.Where(f => f.Track.Kind == TrackKind.Video).Select(f => f.Pts).Order().ToList();
        var pictures = Probe.PresentationTimes(stage.ToFile(), "v");
        Assert.Equal(expected.Count, pictures.Count);
        Assert.All(expected.Zip(pictures), pair => Assert.InRange(pair.Second * 1e6 - pair.First, -2000, 2000));
        var sounds = Probe.PresentationTimes(stage.ToFile(), "a");
        var firstSound = frames.First(f => f.Track.Kind == TrackKind.Audio).Pts;
        Assert.InRange((sounds[0] * 1e6) - firstSound, -2000, 2000);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(2_500_000)]
    public void Sound_that_comes_seconds_behind_its_pictures_is_kept(long behind)
    {
        const long soundFrame = 21_333;
        var stage = new Stage();
        var publisher = stage.Publish();
        var (picture, sound) = (Sample.H264Aac.First(f => f.Track.Kind == TrackKind.Video), Sample.H264Aac.First(f => f.Track.Kind == TrackKind.Audio));
        var sounds = 0;
        for (var time = 0L; time <= 20_000_000; time += 40_000)
        {
            publisher.Video(picture.Track, time, 0, time % 2_000_000 == 0, picture.Payload);
            for (; sounds * soundFrame <= time - behind; sounds++)
            {
                publisher.Audio(sound.Track, sounds * soundFrame, sound.Payload);
            }

            stage.Packager.Drain();
        }

        stage.End();
        var runs = stage.Fragments.SelectMany(fragment => FragmentReader.Read(fragment.Data.Span)).ToList();
        Assert.True(runs.Where(r => r.TrackId == InitSegment.AudioTrackId).Sum(r => r.Samples.Count) > sounds * 0.8);
        Assert.NotNull(stage.Fragments[^1].Init.Audio);
        Assert.InRange(stage.Fragments[^1].DiscontinuityNumber, 0, 1);
        var (lastSound, lastPicture) = (runs.Last(r => r.TrackId == InitSegment.AudioTrackId), runs.Last(r => r.TrackId == InitSegment.VideoTrackId));
        Assert.InRange((lastPicture.BaseDecodeTime / (double)InitSegment.VideoTimescale) - (lastSound.BaseDecodeTime / (double)sound.Track.SampleRate), (behind / 1e6) - 0.5, (behind / 1e6) + 0.5);
    }

    [Fact]
    public void A_flood_is_not_a_line_of_the_log_for_each_loss()
    {
        var log = new CountingLog();
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits { MaxFrames = 16 }, clock);
        var packager = new Packager(broadcast, new PackagerLimits(), log);
        using var publisher = broadcast.Publish(new PublisherInfo("test", ""))!;
        var sound = Sample.H264Aac.First(f => f.Track.Kind == TrackKind.Audio);
        for (var i = 0; i < 100 * 1000; i++)
        {
            publisher.Audio(sound.Track, i * 21_333L, sound.Payload);
            if (i % 100 == 0)
            {
                packager.Drain();
            }
        }

        Assert.InRange(log.Lines, 1, 10);
    }

    private sealed class CountingLog : ILogger<Packager>
    {
        public int Lines { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines++;
    }

    [Fact]
    public void A_fragment_is_one_picture_and_the_sound_up_to_it()
    {
        var stage = new Stage();
        stage.Play(stage.Publish(), Sample.H264Aac);
        stage.End();

        // ffmpeg stretches the first picture of this sample over the encoder delay of the sound.
        foreach (var fragment in stage.Fragments.Skip(1).SkipLast(1))
        {
            var video = FragmentReader.Read(fragment.Data.Span).Single(run => run.TrackId == InitSegment.VideoTrackId);
            Assert.Single(video.Samples);
            Assert.Equal(fragment.Independent, video.Samples[0].IsSync);
            Assert.True(fragment.Duration is >= 33_000 and <= 34_000, $"{fragment.Sequence} of {stage.Fragments.Count}: {fragment.Duration} from {fragment.Start}");
        }
    }

    [Fact]
    public void Segments_follow_the_keyframes_and_their_numbers_have_no_gaps()
    {
        var stage = new Stage();
        stage.Play(stage.Publish(), Sample.H264Aac);
        stage.End();

        var starts = stage.Fragments.Where(fragment => fragment.StartsSegment).ToList();
        Assert.Equal([0, 1, 2, 3, 4], starts.Select(fragment => fragment.SegmentNumber));
        Assert.All(starts, fragment => Assert.True(fragment.Independent));
        Assert.Equal(2, stage.Packager.TargetDuration);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void An_interruption_continues_the_clock_and_is_marked_once()
    {
        var stage = new Stage();
        var first = stage.Publish();
        stage.Play(first, Sample.H264Aac.Take(200));
        first.Dispose();
        stage.Packager.Drain();
        var before = stage.Fragments[^1];
        Assert.True(before.EndsSegment);

        stage.Clock.Advance(TimeSpan.FromSeconds(20));
        stage.Play(stage.Publish(), Sample.H264Aac, offset: 77_000_000);
        stage.End();

        var after = stage.Fragments.Single(fragment => fragment.Discontinuity);
        Assert.True(after.StartsSegment && after.Independent);
        Assert.Equal(before.SegmentNumber + 1, after.SegmentNumber);
        Assert.Equal(1, after.DiscontinuityNumber);
        Assert.Same(before.Init, after.Init);
        Assert.InRange(after.Start - before.End, 0, 50_000);
        AssertWellFormed(stage.Fragments);
        Probe.DecodesCleanly(stage.ToFile());
    }

    [Fact]
    public void A_publisher_without_sound_after_one_with_it_gets_tracks_of_its_own()
    {
        var stage = new Stage();
        var first = stage.Publish();
        stage.Play(first, Sample.H264Aac.Take(200));
        first.Dispose();
        stage.Play(stage.Publish(), Sample.H264Only);
        stage.End();

        Assert.NotNull(stage.Fragments[0].Init.Audio);
        Assert.Null(stage.Fragments[^1].Init.Audio);
        Assert.Single(stage.Fragments, fragment => fragment.Discontinuity);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void Sound_that_begins_late_joins_at_a_keyframe()
    {
        var stage = new Stage();
        stage.Play(stage.Publish(), Sample.H264Aac.Where(f => f.Track.Kind == TrackKind.Video || f.Dts > 1_000_000));
        stage.End();

        var changed = stage.Fragments.Single(fragment => fragment.Discontinuity);
        Assert.True(changed.Independent);
        Assert.NotNull(changed.Init.Audio);
        Assert.Null(stage.Fragments[0].Init.Audio);
        AssertWellFormed(stage.Fragments);
    }

    [Theory]
    [InlineData(nameof(Sample.H264Aac), 2_000_000, 4_600_000)]
    [InlineData(nameof(Sample.H264Opus), 1_500_000, 3_100_000)]
    [InlineData(nameof(Sample.H264Aac), 2_000_000, 2_250_000)]
    [InlineData(nameof(Sample.H264Aac), 3_000_000, long.MaxValue)]
    public void Where_sound_is_missing_there_is_silence(string sample, long from, long until)
    {
        var stage = new Stage();
        var frames = Sample.ByName(sample).Where(f => f.Track.Kind == TrackKind.Video || f.Dts < from || f.Dts >= until).ToList();
        stage.Play(stage.Publish(), frames);
        stage.End();

        AssertWellFormed(stage.Fragments);
        Assert.DoesNotContain(stage.Fragments, fragment => fragment.Discontinuity);
        Probe.DecodesCleanly(stage.ToFile());
        var runs = stage.Fragments.SelectMany(fragment => FragmentReader.Read(fragment.Data.Span));
        var sound = runs.Where(run => run.TrackId == InitSegment.AudioTrackId).ToList();
        for (var i = 1; i < sound.Count; i++)
        {
            Assert.Equal(sound[i - 1].BaseDecodeTime + sound[i - 1].Duration, sound[i].BaseDecodeTime);
        }

        // To the end of the pictures, and the sound that came back is where it belongs.
        var last = stage.Fragments[^1];
        var end = (sound[^1].BaseDecodeTime + sound[^1].Duration) / (double)InitSegment.AudioTimescale(last.Init.Audio!);
        Assert.InRange(end - (last.End / 1e6), -0.6, 0.1);
        Assert.InRange(Loudness(stage, from + 200_000, Math.Min(until, 8_000_000) - 50_000), -200, -85);
        Assert.InRange(Loudness(stage, from - 800_000, from - 100_000), -30, 0);
        if (until < long.MaxValue)
        {
            Assert.InRange(Loudness(stage, until + 100_000, until + 700_000), -30, 0);
        }
    }

    [Fact]
    public void Pictures_that_stop_leave_the_sound_going()
    {
        var stage = new Stage();
        stage.Play(stage.Publish(), Sample.H264Aac.Where(f => f.Track.Kind == TrackKind.Audio || f.Dts < 3_000_000));
        stage.End();

        Assert.Null(stage.Fragments[^1].Init.Video);
        Assert.InRange(stage.Fragments[^1].End, 8_900_000, 9_100_000);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void A_picture_a_second_does_not_hold_the_sound_back()
    {
        var stage = new Stage();
        var slow = Sample.H264Aac.Where(f => f.Track.Kind == TrackKind.Audio || f.Keyframe).ToList();
        var worst = 0L;
        stage.Advanced += () => worst = Math.Max(worst, stage.Packager.Edge == 0 ? 0 : stage.Broadcast.Timeline.Edge - stage.Packager.Edge);
        stage.Play(stage.Publish(), slow);
        Assert.InRange(worst, 1, 400_000);
        stage.End();
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void A_clock_that_jumps_in_the_middle_of_a_GOP_loses_nothing()
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        var frames = Sample.H264Aac.ToList();
        stage.Play(publisher, frames.Take(300));
        stage.Play(publisher, frames.Skip(300), offset: 500_000_000);
        stage.End();

        var pictures = stage.Fragments.SelectMany(f => FragmentReader.Read(f.Data.Span))
            .Where(run => run.TrackId == InitSegment.VideoTrackId).Sum(run => run.Samples.Count);
        Assert.Equal(Count(frames, TrackKind.Video), pictures);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void Events_pass_through_in_order_even_before_the_first_picture()
    {
        var stage = new Stage();
        var viewer = new Commenter(Guid.NewGuid(), "Ann", false, true);
        stage.Broadcast.Comments.Post(viewer, "a", "first", null);
        stage.Packager.Drain();
        var item = Assert.IsType<CmafEvent>(Assert.Single(stage.Items));
        Assert.Equal("first", JsonDocument.Parse(item.Event.Json).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public void After_a_restart_numbers_and_times_go_on_where_the_recording_ended()
    {
        var stage = new Stage(new ResumePoint(12_345_000, 7, 3));
        stage.Play(stage.Publish(), Sample.H264Aac);
        stage.End();

        var first = stage.Fragments[0];
        Assert.Equal((7L, 3L), (first.SegmentNumber, first.DiscontinuityNumber));
        Assert.True(first.Discontinuity);
        Assert.True(first.Start >= 12_345_000);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void A_packager_that_lost_its_place_goes_on_at_a_keyframe()
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        stage.Play(publisher, Sample.H264Aac.Take(150));
        foreach (var frame in Enumerable.Repeat(Sample.H264Aac, 8).SelectMany((list, i) => list.Select(f => (f, i))))
        {
            var dts = frame.f.Dts + 6_000_000 + (frame.i * 9_000_000L);
            _ = frame.f.Track.Kind == TrackKind.Video
                ? publisher.Video(frame.f.Track, dts, 0, frame.f.Keyframe, frame.f.Payload)
                : publisher.Audio(frame.f.Track, dts, frame.f.Payload);
        }

        stage.Packager.Drain();
        stage.End();
        var lost = stage.Fragments.First(fragment => fragment.Discontinuity);
        Assert.True(lost.Independent && lost.Start > 30_000_000);
        AssertWellFormed(stage.Fragments);
    }

    [Fact]
    public void The_log_keeps_to_its_byte_limit_and_joiners_find_a_keyframe_or_nothing()
    {
        var stage = new Stage(limits: new PackagerLimits { MaxBytes = 300_000 });
        stage.Advanced += () =>
        {
            Assert.InRange(stage.Items.Sum(item => item.Size), 0, 300_000);
            if (stage.Packager.JoinIndex >= 0)
            {
                Assert.True(stage.Packager.Log.TryGet(stage.Packager.JoinIndex, out var item));
                Assert.True(((Fragment)item).Independent);
            }
        };
        stage.Play(stage.Publish(), Sample.H264Aac);
    }

    /// <summary>Decibels of full scale, of what is heard from one time to another.</summary>
    private static double Loudness(Stage stage, long from, long until)
    {
        if (until - from < 50_000)
        {
            return -100;
        }

        var error = Probe.Filter(stage.ToFile(), FormattableString.Invariant($"atrim={from / 1e6}:{until / 1e6},volumedetect"));
        var level = System.Text.RegularExpressions.Regex.Match(error, @"mean_volume: (-?[0-9.]+|-inf) dB").Groups[1].Value;
        Assert.True(level.Length > 0, error);
        return level == "-inf" ? -100 : double.Parse(level, System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static void AssertWellFormed(IReadOnlyList<Fragment> fragments)
    {
        var ends = new Dictionary<uint, ulong>();
        Fragment? previous = null;
        foreach (var fragment in fragments)
        {
            if (previous is not null)
            {
                Assert.Equal(previous.Sequence + 1, fragment.Sequence);
                Assert.Equal(previous.SegmentNumber + (fragment.StartsSegment ? 1 : 0), fragment.SegmentNumber);
                Assert.Equal(previous.DiscontinuityNumber + (fragment.Discontinuity ? 1 : 0), fragment.DiscontinuityNumber);
                Assert.True(fragment.Start >= previous.End);
                Assert.True(fragment.Discontinuity || fragment.Start == previous.End);
                Assert.True(fragment.StartsSegment || !previous.EndsSegment);
                Assert.True(fragment.StartsPart || !previous.EndsPart);
                Assert.True(fragment.StartsPart || !fragment.StartsSegment);
                Assert.True(!fragment.Discontinuity || fragment.StartsSegment);
                Assert.True(fragment.Init == previous.Init || fragment.Discontinuity);
            }

            Assert.True(fragment.Duration >= 0 && fragment.WallClock > 0);
            foreach (var run in FragmentReader.Read(fragment.Data.Span))
            {
                // Timescales may change with the tracks; the clock of one track never runs backwards.
                var key = run.TrackId + (uint)(fragment.Init.Id * 16);
                Assert.True(run.BaseDecodeTime >= ends.GetValueOrDefault(key));
                ends[key] = run.BaseDecodeTime + run.Duration;
            }

            previous = fragment;
        }
    }

    private static int Count(IEnumerable<SourceFrame> frames, TrackKind kind) => frames.Count(frame => frame.Track.Kind == kind);
}
