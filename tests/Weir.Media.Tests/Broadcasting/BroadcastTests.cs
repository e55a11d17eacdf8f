using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;

// Not "Broadcasting": that name would hide Weir.Media.Broadcasting from the other tests.
namespace Weir.Media.Tests.Broadcasts;

public class BroadcastTests
{
    private static readonly Track Video = new(TrackKind.Video, Codec.H264, new byte[] { 1 }, "avc1.64001f");
    private static readonly Track Audio = new(TrackKind.Audio, Codec.Aac, new byte[] { 2 }, "mp4a.40.2");
    private readonly Broadcast _broadcast = new(Guid.NewGuid(), new TimelineLimits(), new FakeTimeProvider());
    private readonly List<BroadcastState> _states = [];

    public BroadcastTests() => _broadcast.StateChanged += (_, state) => _states.Add(state);

    [Fact]
    public void What_an_encoder_calls_itself_neither_ends_a_line_nor_turns_it_around() =>
        Assert.Equal("OBS 30info: x 名", PublisherInfo.Shorten("OBS\r\n\u001B \u202E\u20663\u20280\u2029info: x\u200B 名"));

    [Fact]
    public void It_is_live_from_the_first_frame_interrupted_without_a_publisher_and_ended_for_good()
    {
        var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        Assert.Equal(BroadcastState.Ready, _broadcast.State);
        Assert.True(publisher.Video(Video, 0, 0, true, new byte[1]));
        publisher.Dispose();
        var again = _broadcast.Publish(new PublisherInfo("test", ""))!;
        Assert.True(again.Video(Video, 0, 0, true, new byte[1]));
        _broadcast.End();
        Assert.True(again.Replaced.IsCancellationRequested);
        Assert.False(again.Video(Video, 40_000, 0, true, new byte[1]));
        Assert.Null(_broadcast.Publish(new PublisherInfo("test", "")));
        again.Dispose();
        Assert.Equal([BroadcastState.Live, BroadcastState.Interrupted, BroadcastState.Live, BroadcastState.Ended], _states);
    }

    [Fact]
    public void A_newer_publisher_takes_over_without_an_interruption()
    {
        var older = _broadcast.Publish(new PublisherInfo("test", "old"))!;
        older.Video(Video, 0, 0, true, new byte[1]);
        using var newer = _broadcast.Publish(new PublisherInfo("test", "new"))!;
        Assert.True(older.Replaced.IsCancellationRequested);
        Assert.False(older.Video(Video, 40_000, 0, true, new byte[1]));
        older.Describe("late");
        older.Dispose();
        Assert.Equal((BroadcastState.Live, newer, "new"), (_broadcast.State, _broadcast.Publisher, _broadcast.Health.Take().Encoder));
    }

    [Fact]
    public void Both_tracks_of_a_publisher_who_came_back_are_marked_discontinuous_once()
    {
        using (var first = _broadcast.Publish(new PublisherInfo("test", ""))!)
        {
            first.Video(Video, 0, 0, true, new byte[1]);
        }

        using var second = _broadcast.Publish(new PublisherInfo("test", ""))!;
        second.Video(Video, 0, 0, false, new byte[1]);
        second.Video(Video, 40_000, 0, true, new byte[1]);
        second.Audio(Audio, 40_000, new byte[1]);
        second.Video(Video, 80_000, 0, false, new byte[1]);
        second.Audio(Audio, 60_000, new byte[1]);
        List<(FrameKind, bool)> marks = [];
        for (var i = 0L; i < _broadcast.Timeline.Log.Next; i++)
        {
            if (_broadcast.Timeline.Log.TryGet(i, out var frame) && frame.Kind != FrameKind.Event)
            {
                marks.Add((frame.Kind, frame.AfterDiscontinuity));
            }
        }

        Assert.Equal(
            [(FrameKind.Video, false), (FrameKind.Video, true), (FrameKind.Audio, true), (FrameKind.Video, false), (FrameKind.Audio, false)],
            marks);
    }

    [Fact]
    public void Pictures_that_come_seldom_beside_sound_are_shown_to_those_who_can_decode_them()
    {
        var timeline = _broadcast.Timeline;
        var (asked, clock) = (0, new FakeTimeProvider());
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        publisher.KeyframeWanted = () => asked++;
        publisher.Video(Video, 0, 0, true, new byte[1]);
        LiveCursor always = new(timeline, new LagPolicy(), clock), late = new(timeline, new LagPolicy(), clock);
        Assert.True(always.TryNext(out _));
        Sound(0, 12_000_000);
        Assert.Null(timeline.RunningVideo);
        Assert.True(late.TryNext(out var joined) && joined.Kind == FrameKind.Audio);

        // Nothing was lost: whoever saw the keyframe has what this picture refers to.
        Assert.True(publisher.Video(Video, 12_000_000, 0, false, new byte[1]));
        Assert.Equal((1, -1L), (asked, timeline.JoinIndex));
        Sound(12_020_000, 12_100_000);
        Assert.Equal([12_000_000], Pictures(always));
        Assert.Empty(Pictures(late));
        publisher.Video(Video, 12_120_000, 0, true, new byte[1]);
        publisher.Video(Video, 12_160_000, 0, false, new byte[1]);
        Assert.Equal(1, asked);
        Assert.Equal([12_120_000, 12_160_000], Pictures(always));
        Assert.Equal([12_120_000, 12_160_000], Pictures(late));

        void Sound(long from, long until)
        {
            for (var time = from; time <= until; time += 20_000)
            {
                publisher.Audio(Audio, time, new byte[1]);
                if (time < 12_000_000)
                {
                    while (always.TryNext(out _))
                    {
                    }
                }
            }
        }

        static List<long> Pictures(LiveCursor cursor)
        {
            List<long> pictures = [];
            while (cursor.TryNext(out var frame))
            {
                pictures.AddRange(frame.Kind == FrameKind.Video ? [frame.Dts] : []);
            }

            return pictures;
        }
    }

    [Fact]
    public void A_wire_form_is_built_once_a_frame()
    {
        var built = 0;
        var form = new WireForm<string>(WireForms.Flv, _ => $"{Interlocked.Increment(ref built)}");
        var frame = _broadcast.Timeline.AppendMedia(Video, 0, 0, true, false, new byte[1]);
        Assert.Same(form.Of(frame), form.Of(frame));
        Assert.Equal(1, built);
    }
}
