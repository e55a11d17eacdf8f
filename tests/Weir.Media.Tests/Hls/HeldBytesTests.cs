using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Hls;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Hls;

/// <summary>What a broadcast holds in memory is bounded in bytes, whatever its publisher says of times.</summary>
public sealed class HeldBytesTests
{
    private static readonly Track Picture = Sample.H264Aac.First(frame => frame.Track.Kind == TrackKind.Video).Track;
    private static readonly Track Sound = Sample.H264Aac.First(frame => frame.Track.Kind == TrackKind.Audio).Track;

    /// <summary>A clock that hardly moves, keyframes far apart or none at all, with sound and without.</summary>
    [Theory]
    [InlineData(1_000, 0, true)]
    [InlineData(1_000, 0, false)]
    [InlineData(1_000, 500, true)]
    [InlineData(5_000, 0, true)]
    [InlineData(33_000, 0, true)]
    [InlineData(33_000, 180, false)]
    [InlineData(100_000, 1, true)]
    public void A_broadcast_holds_so_many_bytes_and_no_more(long step, int group, bool sound)
    {
        const int Frame = 100_000;
        var packaging = new PackagerLimits
        {
            MaxBytes = 3 << 20, FragmentBytes = 1 << 20, SegmentBytes = 2 << 20, GatheredBytes = 2 << 20,
        };
        var hls = new HlsLimits { MaxBytes = 3 << 20, MostBytes = 4 << 20 };
        var stage = new Stage(limits: packaging);
        using var origin = new HlsOrigin(stage.Packager, "path", hls, stage.Clock, NullLogger<HlsOrigin>.Instance);
        using var publisher = stage.Publish();
        var (payload, quiet) = (new byte[Frame], new byte[] { 0x21, 0x10, 4 });
        long most = 0;
        for (var i = 0; i < 600; i++)
        {
            stage.Clock.Advance(TimeSpan.FromSeconds((double)Frame / Publisher.MaxBytesPerSecond));
            Assert.True(publisher.Video(Picture, i * step, 0, keyframe: i == 0 || (group > 0 && i % group == 0), payload));
            if (sound && i * step % 21_000 < step)
            {
                Assert.True(publisher.Audio(Sound, i * step, quiet));
            }

            stage.Packager.Drain();
            origin.Drain();
            most = Math.Max(most, origin.Held);
            Assert.InRange(stage.Packager.Held, 0, packaging.MaxBytes + packaging.FragmentBytes + packaging.GatheredBytes + (3 * Frame));
        }

        // The segment that is being made comes on top.
        var least = sound || group > 0 ? Frame : 0;
        Assert.InRange(most, least, hls.MostBytes + packaging.SegmentBytes + packaging.FragmentBytes + (3 * Frame));
    }

    [Fact]
    public void Forty_megabits_with_usual_keyframes_hold_what_the_documents_say()
    {
        const int Second = 40_000_000 / 8;
        var stage = new Stage(limits: new PackagerLimits());
        using var origin = new HlsOrigin(stage.Packager, "path", new HlsLimits(), stage.Clock, NullLogger<HlsOrigin>.Instance);
        using var publisher = stage.Publish();
        var (payload, quiet) = (new byte[Second / 30], new byte[] { 0x21, 0x10, 4 });
        long most = 0;
        for (var i = 0; i < 40 * 30; i++)
        {
            stage.Clock.Advance(TimeSpan.FromSeconds(1d / 30));
            Assert.True(publisher.Video(Picture, i * 33_333L, 0, keyframe: i % 60 == 0, payload));
            Assert.True(publisher.Audio(Sound, i * 33_333L, quiet));
            stage.Packager.Drain();
            origin.Drain();
            most = Math.Max(most, origin.Held);
        }

        var timeline = stage.Broadcast.Timeline.Log;
        long frames = 0;
        for (var i = timeline.First; i < timeline.Next; i++)
        {
            Assert.True(timeline.TryGet(i, out var frame));
            frames += frame.Payload.Length;
        }

        TestContext.Current.SendDiagnosticMessage("HLS {0:N0}, log {1:N0}, timeline {2:N0}", most, stage.Packager.Held, frames);
        Assert.InRange(most, 40 << 20, 90 << 20);
        Assert.InRange(frames, Second, 32 << 20);
    }

    [Fact]
    public void A_frame_of_sound_that_no_codec_makes_is_dropped()
    {
        var stage = new Stage();
        using var publisher = stage.Publish();
        Assert.True(publisher.Audio(Sound, 0, new byte[Publisher.MaxSound + 1]));
        Assert.Equal(0, stage.Broadcast.Timeline.Log.Next);
        Assert.True(publisher.Audio(Sound, 0, new byte[Publisher.MaxSound]));
        Assert.NotEqual(0, stage.Broadcast.Timeline.Log.Next);
    }
}
