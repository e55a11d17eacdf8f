using CsCheck;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Formats.Mp4;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Cmaf;

public sealed class PackagerPropertyTests
{
    private static readonly Track Video = new(TrackKind.Video, Codec.H264, new byte[] { 1, 66, 0, 30 }, "avc1.42001e") { Width = 64, Height = 64 };

    private static readonly Gen<(int Rate, double Fps, int Gop, double Drift, int Lead, int JitterMs, int[] LostAudio, int Seed)> Streams = Gen.Select(
        Gen.Int[0, 3].Select(i => new[] { 44_100, 48_000, 32_000, 22_050 }[i]),
        Gen.Double[5, 60],
        Gen.Int[10, 150],
        Gen.Double[-0.002, 0.002],
        Gen.Int[-150, 150],
        Gen.Int[0, 8],
        Gen.Int[0, 400].Array[0, 4],
        Gen.Int);

    /// <summary>Twelve seconds of a publisher with an uneven clock, losses, and audio that leads or trails.</summary>
    private static List<SourceFrame> Make((int Rate, double Fps, int Gop, double Drift, int Lead, int JitterMs, int[] LostAudio, int Seed) s)
    {
        var random = new Random(s.Seed);
        var audio = new Track(TrackKind.Audio, Codec.Aac, new byte[] { 0x12, 0x10 }, "mp4a.40.2") { SampleRate = s.Rate, Channels = 2, SamplesPerFrame = 1024 };
        var frames = new List<(double Arrival, SourceFrame Frame)>();
        for (var i = 0; i < 12 * s.Fps; i++)
        {
            var at = (long)(i / s.Fps * 1000) * 1000;
            frames.Add((at, new SourceFrame(Video, at, at, i % s.Gop == 0, new byte[20])));
        }

        for (var i = 0; i < 12.0 * s.Rate / 1024; i++)
        {
            if (!s.LostAudio.Contains(i))
            {
                var at = (long)((i * 1024.0 / s.Rate * (1 + s.Drift) * 1000) + random.Next(s.JitterMs + 1)) * 1000;
                frames.Add((at + (s.Lead * 1000), new SourceFrame(audio, at, at, true, new byte[10])));
            }
        }

        return [.. frames.OrderBy(f => f.Arrival).Select(f => f.Frame)];
    }

    [Fact]
    public void Whatever_a_publisher_sends_the_tracks_have_no_overlap_and_sound_stays_within_its_tolerance()
    {
        Streams.Sample(
            stream =>
            {
                var stage = new Stage();
                var publisher = stage.Publish();
                var media = new List<Frame>();
                stage.Advanced += () =>
                {
                    Assert.True(stage.Broadcast.Timeline.Log.TryGet(stage.Broadcast.Timeline.Log.Next - 1, out var newest));
                    media.Add(newest);
                };
                stage.Play(publisher, Make(stream));
                stage.End();

                PackagerTests.AssertWellFormed(stage.Fragments);
                AssertVideoIsExact(stage.Fragments);
                AssertAudioIsTimely(stage.Fragments, media, stream.Rate);
            },
            iter: 150);
    }

    [Fact]
    public void The_same_frames_give_the_same_bytes()
    {
        Streams.Sample(
            stream =>
            {
                var (one, two) = (new Stage(), new Stage());
                one.Play(one.Publish(), Make(stream).Take(200));
                two.Play(two.Publish(), Make(stream).Take(200));
                Assert.Equal(one.ToFile(), two.ToFile());
            },
            iter: 20);
    }

    private static void AssertVideoIsExact(IEnumerable<Fragment> fragments)
    {
        ulong? end = null;
        foreach (var run in Runs(fragments, InitSegment.VideoTrackId))
        {
            Assert.True(end is null || run.BaseDecodeTime == end, "A gap or an overlap between pictures.");
            Assert.All(run.Samples, sample => Assert.True(sample.Duration > 0));
            end = run.BaseDecodeTime + run.Duration;
        }
    }

    private static void AssertAudioIsTimely(IEnumerable<Fragment> fragments, List<Frame> media, int rate)
    {
        // What went in by time: each sample in the output must lie where a frame was stamped, within the tolerance.
        var stamps = media.Where(frame => frame.Kind == FrameKind.Audio).Select(frame => frame.Dts).ToList();
        foreach (var run in Runs(fragments, InitSegment.AudioTrackId))
        {
            var at = run.BaseDecodeTime;
            foreach (var sample in run.Samples)
            {
                var time = (long)(at * 1e6 / rate);
                var index = stamps.BinarySearch(time);
                index = index < 0 ? ~index : index;
                var nearest = stamps.Skip(Math.Max(0, index - 2)).Take(4).Min(stamp => Math.Abs(stamp - time));
                Assert.InRange(nearest, 0, AudioLane.Tolerance + 1_000);
                at += sample.Duration;
            }
        }
    }

    private static IEnumerable<ReadRun> Runs(IEnumerable<Fragment> fragments, uint track) =>
        fragments.SelectMany(fragment => FragmentReader.Read(fragment.Data.Span)).Where(run => run.TrackId == track);
}
