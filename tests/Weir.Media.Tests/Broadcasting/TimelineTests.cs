using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;

// Not "Broadcasting": that name would hide Weir.Media.Broadcasting from the other tests.
namespace Weir.Media.Tests.Broadcasts;

public class TimelineTests
{
    private static readonly Track Video = new(TrackKind.Video, Codec.H264, new byte[] { 1 }, "avc1.64001f") { Width = 2, Height = 2 };
    private static readonly Track Audio = new(TrackKind.Audio, Codec.Aac, new byte[] { 2 }, "mp4a.40.2") { SampleRate = 48000, Channels = 2 };
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Everything_from_the_newest_keyframe_on_stays_within_the_limits() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 3], Gen.Int[1, 300]).Array[1, 400].Sample(steps =>
        {
            var limits = new TimelineLimits { MaxFrames = 128, MaxBytes = 20_000, MinWindow = 500_000 };
            var timeline = new Timeline(limits, _clock);
            long time = 0, lastKey = -1;
            foreach (var (step, kind, size) in steps)
            {
                time += step * 1000;
                var frame = kind switch
                {
                    // A publisher's first picture is a keyframe.
                    0 or 1 when kind == 0 || lastKey < 0 => timeline.AppendMedia(Video, time, time, keyframe: true, false, new byte[size]),
                    1 => timeline.AppendMedia(Video, time, time, keyframe: false, false, new byte[size]),
                    2 => timeline.AppendMedia(Audio, time, time, keyframe: true, false, new byte[size]),
                    _ => timeline.AppendEvent(_ => new TimelineEvent("x", new byte[size])),
                };
                lastKey = frame!.Kind == FrameKind.Video && frame.IsKeyframe ? frame.Index : lastKey;
                var held = Held(timeline);
                Assert.True(held.Sum(f => (long)f.Payload.Length) <= limits.MaxBytes);
                Assert.True(held.Count <= limits.MaxFrames);
                Assert.Equal(Enumerable.Range(0, held.Count).Select(i => timeline.Log.First + i), held.Select(f => f.Index));
                if (timeline.JoinIndex >= 0 && timeline.RunningVideo is not null)
                {
                    Assert.Equal(lastKey, timeline.JoinIndex);
                    Assert.True(timeline.Log.TryGet(timeline.JoinIndex, out var join) && join.IsKeyframe);
                }
            }
        }, iter: 300);

    [Fact]
    public void A_track_that_ended_is_not_promised_to_those_who_join()
    {
        var timeline = new Timeline(new TimelineLimits(), _clock);
        for (var time = 0L; time <= 6_000_000; time += 40_000)
        {
            timeline.AppendMedia(Video, time, time, time % 2_000_000 == 0, false, new byte[1]);
            if (time < 1_000_000)
            {
                timeline.AppendMedia(Audio, time, time, true, false, new byte[1]);
            }
        }

        Assert.Equal((Video, null), new LiveCursor(timeline, new LagPolicy(), _clock).TracksAhead());
        for (var time = 6_040_000L; time <= 20_000_000; time += 40_000)
        {
            timeline.AppendMedia(Audio, time, time, true, false, new byte[1]);
        }

        Assert.Equal((null, Audio), new LiveCursor(timeline, new LagPolicy(), _clock).TracksAhead());
        var cursor = new LiveCursor(timeline, new LagPolicy(), _clock);
        Assert.True(cursor.TryNext(out var first) && first.Dts == 20_000_000);

        // It comes back in the middle of a group: whoever joins then waits for the keyframe.
        timeline.AppendMedia(Video, 20_040_000, 20_040_000, false, false, new byte[1]);
        Assert.Equal(-1, timeline.JoinIndex);
        var key = timeline.AppendMedia(Video, 20_080_000, 20_080_000, true, false, new byte[1]);
        Assert.Equal((key.Index, Video), (timeline.JoinIndex, timeline.RunningVideo));
    }

    [Fact]
    public void Sound_seconds_behind_its_pictures_is_not_taken_for_silence()
    {
        var timeline = new Timeline(new TimelineLimits(), _clock);
        for (var time = 0L; time <= 6_000_000; time += 40_000)
        {
            timeline.AppendMedia(Video, time + 3_000_000, time + 3_000_000, time % 2_000_000 == 0, false, new byte[1]);
            timeline.AppendMedia(Audio, time, time, true, false, new byte[1]);
        }

        Assert.Equal((Video, Audio), (timeline.RunningVideo, timeline.RunningAudio));
    }

    [Fact]
    public void Events_stand_at_the_edge_of_the_media_clock()
    {
        var timeline = new Timeline(new TimelineLimits(), _clock, startAt: 5_000_000);
        Assert.Equal(5_000_000, timeline.AppendEvent(at => new TimelineEvent("x", BitConverter.GetBytes(at)))!.Dts);
        timeline.AppendMedia(Video, 5_200_000, 5_300_000, true, false, new byte[1]);
        Assert.Equal(5_200_000, timeline.AppendEvent(_ => new TimelineEvent("x", Array.Empty<byte>()))!.Dts);
    }

    [Fact]
    public void A_cursor_begins_at_the_newest_keyframe_and_leaves_events_out()
    {
        var timeline = new Timeline(new TimelineLimits(), _clock);
        timeline.AppendMedia(Video, 0, 0, true, false, new byte[1]);
        timeline.AppendMedia(Audio, 10_000, 10_000, true, false, new byte[1]);
        var key = timeline.AppendMedia(Video, 40_000, 40_000, true, false, new byte[1]);
        timeline.AppendEvent(_ => new TimelineEvent("x", Array.Empty<byte>()));
        var next = timeline.AppendMedia(Video, 80_000, 80_000, false, false, new byte[1]);
        var cursor = new LiveCursor(timeline, new LagPolicy(), _clock);
        Assert.Equal([key, next], ReadAll(cursor));
    }

    [Fact]
    public void A_cursor_that_lags_goes_on_at_a_newer_keyframe_and_counts_it()
    {
        var timeline = new Timeline(new TimelineLimits { MinWindow = 60_000_000 }, _clock);
        timeline.AppendMedia(Video, 0, 0, true, false, new byte[1]);
        var cursor = new LiveCursor(timeline, new LagPolicy(), _clock);
        Assert.True(cursor.TryNext(out _));
        for (var i = 1; i <= 200; i++)
        {
            timeline.AppendMedia(Video, i * 40_000, i * 40_000, i % 50 == 0, false, new byte[1]);
        }

        Assert.True(cursor.TryNext(out var frame));
        Assert.Equal((8_000_000, 1), (frame.Dts, cursor.Skips));
        Assert.True(frame.IsKeyframe);
    }

    [Fact]
    public void A_cursor_whose_frames_are_gone_waits_for_a_keyframe()
    {
        var timeline = new Timeline(new TimelineLimits { MaxFrames = 16 }, _clock);
        timeline.AppendMedia(Video, 0, 0, true, false, new byte[1]);
        var cursor = new LiveCursor(timeline, new LagPolicy(), _clock);
        Assert.True(cursor.TryNext(out _));
        for (var i = 1; i <= 30; i++)
        {
            timeline.AppendMedia(Video, i * 40_000, i * 40_000, false, false, new byte[1]);
        }

        Assert.False(cursor.TryNext(out _));
        var key = timeline.AppendMedia(Video, 2_000_000, 2_000_000, true, false, new byte[1]);
        Assert.True(cursor.TryNext(out var frame));
        Assert.Same(key, frame);
        Assert.Equal(1, cursor.Skips);
    }

    [Fact]
    public void A_long_keyframe_interval_is_no_lag_of_the_viewers()
    {
        var timeline = new Timeline(new TimelineLimits(), _clock);
        for (var i = 0; i <= 250; i++)
        {
            timeline.AppendMedia(Video, i * 40_000, i * 40_000, i == 0, false, new byte[1]);
        }

        var cursor = new LiveCursor(timeline, new LagPolicy(), _clock);
        Assert.Equal(251, ReadAll(cursor).Count);
        Assert.Equal(0, cursor.Skips);
    }

    [Fact]
    public void A_viewer_who_skips_too_often_is_too_slow_and_one_who_recovers_is_not()
    {
        var timeline = new Timeline(new TimelineLimits { MinWindow = 600_000_000 }, _clock);
        var policy = new LagPolicy { MaxSkips = 3 };
        var hasty = new LiveCursor(timeline, policy, _clock);
        var patient = new LiveCursor(timeline, policy, new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(40) });
        for (var i = 0; i < 5; i++)
        {
            timeline.AppendMedia(Video, i * 10_000_000L, i * 10_000_000L, true, false, new byte[1]);
            timeline.AppendMedia(Video, (i * 10_000_000L) + 40_000, (i * 10_000_000L) + 40_000, false, false, new byte[1]);
            hasty.TryNext(out _);
            patient.TryNext(out _);
        }

        Assert.Equal((4, true), (hasty.Skips, hasty.IsTooSlow));
        Assert.Equal((4, false), (patient.Skips, patient.IsTooSlow));
    }

    private static List<Frame> Held(Timeline timeline)
    {
        List<Frame> frames = [];
        for (var i = timeline.Log.First; i < timeline.Log.Next; i++)
        {
            Assert.True(timeline.Log.TryGet(i, out var frame));
            frames.Add(frame);
        }

        return frames;
    }

    private static List<Frame> ReadAll(LiveCursor cursor)
    {
        List<Frame> frames = [];
        while (cursor.TryNext(out var frame))
        {
            frames.Add(frame);
        }

        return frames;
    }
}
