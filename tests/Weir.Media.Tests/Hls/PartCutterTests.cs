using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Hls;

namespace Weir.Media.Tests.Hls;

/// <summary>Frames in, parts out: what 8216bis 4.4.4.9 and 4.4.3.1 demand of them, whatever the publisher's clock does.</summary>
public sealed class PartCutterTests
{
    private static readonly Track Video = new(TrackKind.Video, Codec.H264, new byte[] { 1, 66, 0, 30 }, "avc1.42001e") { Width = 64, Height = 64 };
    private static readonly byte[] Payload = new byte[8];

    private static readonly int Draws = Deep.Size(100, 40_000);

    /// <summary>Rates at which cutters failed: few or many pictures a fragment in turns, and no whole number of them in the window.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(33.776811)]
    [InlineData(240)]
    [InlineData(119.88)]
    [InlineData(34.482)]
    [InlineData(29.97)]
    [InlineData(23.976)]
    [InlineData(19.98)]
    [InlineData(13.31)]
    [InlineData(12)]
    [InlineData(9.99)]
    [InlineData(8)]
    [InlineData(6)]
    [InlineData(5)]
    [InlineData(4)]
    [InlineData(3.91)]
    [InlineData(3.34)]
    [InlineData(3.3)]
    [InlineData(1)]
    public void At_a_steady_rate_parts_keep_to_their_target(double rate)
    {
        AssertSteady(rate, sound: 0);
        AssertSteady(rate, sound: 16_000);
        AssertSteady(rate, sound: 48_000);
    }

    [Fact]
    public void At_any_steady_rate_parts_keep_to_their_target() =>
        Gen.Select(Gen.Double[1, 240], Gen.OneOf([.. new[] { 0, 0, 16_000, 32_000, 44_100, 48_000 }.Select(Gen.Const)])).Sample(AssertSteady, iter: Draws);

    [Fact]
    public void At_any_rate_that_varies_parts_keep_to_their_target()
    {
        // Up to 300 ms, so that there always is a way without sound too.
        var phase = Gen.Select(Gen.Double[3.34, 240], Gen.Double[0, 4], Gen.Double[0, 1]);
        Gen.Select(phase.Array[1, 6], Gen.OneOf([.. new[] { 0, 0, 44_100, 48_000 }.Select(Gen.Const)]), Gen.Int[1, 400], Gen.Int).Sample((phases, sound, group, seed) =>
        {
            var pictures = Uneven(phases, 300, new Random(seed));
            var hls = Play(Merge(Pictures(pictures, i => i % group == 0), Sounds(sound, pictures[^1])));
            AssertBounds(hls, mayHideFirst: true);
        }, iter: Draws);
    }

    [Fact]
    public void With_sound_parts_keep_to_their_target_however_rare_pictures_become()
    {
        var phase = Gen.Select(Gen.Double[0.4, 60], Gen.Double[0, 6], Gen.Double[0, 1]);
        Gen.Select(phase.Array[1, 5], Gen.OneOf([.. new[] { 32_000, 44_100, 48_000 }.Select(Gen.Const)]), Gen.Int[-150, 150], Gen.Int).Sample((phases, sound, lead, seed) =>
        {
            var pictures = Uneven(phases, 2_500, new Random(seed));
            var hls = Play(Merge(Pictures(pictures, i => i % 60 == 0), Sounds(sound, pictures[^1]), lead * 1000));
            AssertBounds(hls, mayHideFirst: true);
        }, iter: Draws);
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(11_025)]
    [InlineData(16_000)]
    [InlineData(22_050)]
    [InlineData(32_000)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    public void Sound_alone_keeps_to_its_target(int rate) => AssertBounds(Play(Sounds(rate, 20_000_000)));

    [Fact]
    public void Without_sound_a_picture_above_the_target_is_a_part_alone_and_everything_else_keeps_the_bounds()
    {
        // 30 pictures a second, then one a second.
        List<long> pictures = [.. Enumerable.Range(0, 120).Select(i => i * 1_000_000L / 30), .. Enumerable.Range(4, 8).Select(i => i * 1_000_000L)];
        var hls = Play(Pictures(pictures, i => i == 0 || i == 60));
        Assert.Equal(300_000, hls.PartTarget);
        AssertBounds(hls, mayExceed: part => part.Duration == 1_000_000 && part.Fragments.Sum(fragment => fragment.Pictures) == 1);
        Assert.Contains(hls.Held.SelectMany(segment => segment.Parts), part => part.Duration == 1_000_000);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.4)]
    [InlineData(0.35)]
    [InlineData(0.3334)]
    public void Without_sound_segments_keep_to_their_target_however_rare_pictures_become(double rate)
    {
        // As rare as they may be: after a longer pause the clock goes on as if there had been none.
        List<long> pictures = [.. Steady(30, 3.9), .. Enumerable.Range(0, 12).Select(i => 4_000_000 + (long)(i * 1_000_000 / rate))];
        Assert.True(pictures[^1] - pictures[^2] <= ClockMapper.JumpThreshold);
        foreach (var group in new[] { 30, 60 })
        {
            var hls = Play(Pictures(pictures, i => i % group == 0));
            AssertBounds(hls, mayExceed: part => part.Fragments.Sum(fragment => fragment.Pictures) == 1);
            Assert.Contains(hls.Held, segment => segment.Duration > 1_900_000);
        }
    }

    [Theory]
    [InlineData(30)]
    [InlineData(1)]
    [InlineData(0.4)]
    [InlineData(0.3334)]
    public void Where_sound_ends_and_pictures_become_rare_parts_keep_to_their_target(double rate)
    {
        var later = Enumerable.Range(0, (int)Math.Max(12, rate * 12)).Select(i => 4_000_000 + (long)(i * 1_000_000 / rate));
        List<long> pictures = [.. Steady(30, 3.9), .. later];
        AddUsual(pictures);
        foreach (var sound in new[] { 16_000, 44_100, 48_000 })
        {
            var hls = Play(Merge(Pictures(pictures, i => i % 60 == 0), Sounds(sound, 3_000_000)));
            Assert.Equal(2, hls.Target);
            AssertBounds(hls);
            Assert.Equal(0, hls.Held[^1].First.DiscontinuityNumber);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.4)]
    [InlineData(0.25)]
    public void When_pictures_become_rare_beside_sound_parts_keep_to_their_target(double rate)
    {
        List<long> pictures = [.. Enumerable.Range(0, 120).Select(i => i * 1_000_000L / 30), .. Enumerable.Range(0, 12).Select(i => 4_000_000 + (long)(i * 1_000_000 / rate))];
        AddUsual(pictures);
        foreach (var sound in new[] { 32_000, 44_100, 48_000 })
        {
            AssertBounds(Play(Merge(Pictures(pictures, i => i % 60 == 0 || i > 120), Sounds(sound, pictures[^1]))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.4)]
    [InlineData(0.25)]
    public void Rare_pictures_beside_sound_are_no_discontinuity_each(double rate)
    {
        List<long> pictures = [.. Enumerable.Range(0, 15).Select(i => (long)(i * 1_000_000 / rate))];
        AddUsual(pictures);
        var hls = Play(Merge(Pictures(pictures, _ => true), Sounds(48_000, pictures[^1])));
        AssertBounds(hls, mayHideFirst: true);

        // Once the broadcast is taken for sound alone and once the picture comes back; from then on it is known that pictures are rare.
        Assert.InRange(hls.Held[^1].First.DiscontinuityNumber, 0, 2);
    }

    [Theory]
    [InlineData(-2_000_000)]
    [InlineData(-900_000)]
    [InlineData(3_100_000)]
    public void When_the_clock_of_an_encoder_jumps_parts_keep_to_their_target(long jump)
    {
        foreach (var sound in new[] { 0, 48_000 })
        {
            var mapper = new ClockMapper(0);
            var pictures = Steady(30, 12);
            var frames = Merge(Pictures(pictures, i => i % 30 == 0), Sounds(sound, pictures[^1])).Select(frame =>
            {
                // Sound comes on the old clock for a moment longer.
                var from = frame.Kind == FrameKind.Video ? 6_000_000 : 6_200_000;
                var time = mapper.Map(frame.Kind == FrameKind.Video ? TrackKind.Video : TrackKind.Audio, 20_000_000 + frame.Dts + (frame.Dts >= from ? jump : 0), 0);
                return Make(frame.Track!, frame.Kind, time.Dts, frame.IsKeyframe, time.Jumped);
            });
            AssertBounds(Play(frames), mayHideFirst: true);
        }
    }

    [Theory]
    [InlineData(12, 2)]
    [InlineData(5, 2)]
    public void When_no_part_fits_the_segment_ends_and_the_next_keyframe_begins_another(int rate, int seconds)
    {
        List<long> pictures = [.. Enumerable.Range(0, 60).Select(i => i * 1_000_000L / 30), .. Enumerable.Range(0, rate * 12).Select(i => 2_000_000 + (i * 1_000_000L / rate))];
        var hls = Play(Pictures(pictures, i => i < 60 ? i == 0 : (i - 60) % (rate * seconds) == 0));
        Assert.Equal(300_000, hls.PartTarget);
        AssertBounds(hls);
        for (var at = 2_000_000L; at < 14_000_000; at += seconds * 1_000_000L)
        {
            Assert.Contains(hls.Held, segment => segment.First.Start == at && segment.First.Independent);
        }
    }

    [Theory]
    [InlineData(24)]
    [InlineData(25)]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(60)]
    public void At_usual_rates_the_target_is_300_ms(int rate) => Assert.Equal(300_000, Play(Pictures(Steady(rate, 4), i => i % rate == 0)).PartTarget);

    [Fact]
    public void Parts_end_as_soon_as_the_next_picture_would_not_fit()
    {
        // Nine pictures at 30 a second are 300 ms, and known to be when the tenth comes: not when the one after it does.
        var window = new HlsWindow(new HlsLimits(), new FakeTimeProvider());
        var known = new List<(long At, int Parts)>();
        Play(Pictures([.. Enumerable.Range(0, 150).Select(i => i * 33_333L)], i => i % 60 == 0), window, (at, snapshot) => known.Add((at, snapshot.Held.Sum(s => s.Parts.Length))));
        var third = known.First(entry => entry.Parts == known[0].Parts + 1);
        Assert.Equal(known[0].At + (9 * 33_333), third.At);
    }

    private static void AssertSteady(double rate, int sound)
    {
        // Time stamps in whole milliseconds, as FLV has them; a keyframe about every two seconds.
        var pictures = Steady(rate, 16);
        var group = (int)Math.Max(1, Math.Round(rate * 2));
        var hls = Play(Merge(Pictures(pictures, i => i % group == 0), Sounds(sound, pictures[^1])));
        AssertBounds(hls);

        // A target that fits lets segments end at keyframes alone.
        var groups = pictures.Count / group;
        Assert.Equal(Enumerable.Range(0, groups).Select(i => pictures[i * group]), hls.Held.Take(groups).Select(segment => segment.First.Start));
    }

    private static void AssertBounds(HlsSnapshot hls, bool mayHideFirst = false, Func<HlsPart, bool>? mayExceed = null)
    {
        foreach (var segment in hls.Held)
        {
            Assert.True(segment.ListsParts || (mayHideFirst && segment == hls.Held[0]), "Parts that are not listed.");
            Assert.True(Math.Round(segment.Duration / 1e6, MidpointRounding.AwayFromZero) <= hls.Target, $"A segment of {segment.Duration}, target {hls.Target} s.");
            var rest = segment.ListsParts ? segment.Parts.Length : 0;
            foreach (var part in segment.Parts.Take(segment.ListsParts ? rest : 0))
            {
                rest--;
                Assert.True(part.Duration <= hls.PartTarget || mayExceed?.Invoke(part) == true, $"{part.Duration} > {hls.PartTarget}");
                Assert.True(rest == 0 || part.Duration >= hls.PartTarget * 0.85, $"{part.Duration} < 85 % of {hls.PartTarget}");
            }
        }
    }

    private static List<long> Steady(double rate, double seconds) =>
        [.. Enumerable.Range(0, (int)(rate * seconds) + 2).Select(i => (long)(i / rate * 1000) * 1000)];

    /// <summary>Phases of a rate, a length in seconds, and how far each picture may be from it; in whole milliseconds, none longer than the longest.</summary>
    private static List<long> Uneven((double Rate, double Seconds, double Jitter)[] phases, double longest, Random random)
    {
        List<long> pictures = [0];
        var at = 0.0;
        foreach (var (rate, seconds, jitter) in phases.Append((30, 3, 0)))
        {
            for (var until = at + (seconds * 1000); at < until;)
            {
                at += Math.Clamp(1000 / rate * (1 + (jitter * ((random.NextDouble() * 2) - 1))), 1, longest - 1);
                pictures.Add((long)at * 1000);
            }
        }

        return pictures;
    }

    /// <summary>How long the very last picture lasts nobody knows: it is taken to be as long as the one before.</summary>
    private static void AddUsual(List<long> pictures)
    {
        var end = pictures[^1];
        pictures.AddRange(Enumerable.Range(1, 60).Select(i => end + (i * 1_000_000L / 30)));
    }

    private static IEnumerable<Frame> Pictures(IReadOnlyList<long> times, Func<int, bool> isKeyframe) =>
        times.Select((time, i) => Make(Video, FrameKind.Video, time, isKeyframe(i)));

    /// <summary>Until after the last picture has ended.</summary>
    private static IEnumerable<Frame> Sounds(int rate, long end)
    {
        var track = new Track(TrackKind.Audio, Codec.Aac, new byte[] { 0x12, 0x10 }, "mp4a.40.2") { SampleRate = rate, Channels = 2, SamplesPerFrame = 1024 };
        return Enumerable.Range(0, (int)((end + 1_000_000) / 1e6 * rate / 1024)).Select(i => Make(track, FrameKind.Audio, i * 1_024_000L / rate * 1000, isKeyframe: true));
    }

    /// <param name="lead">How much later than the pictures of its time sound arrives.</param>
    private static IEnumerable<Frame> Merge(IEnumerable<Frame> pictures, IEnumerable<Frame> sounds, long lead = 0) =>
        pictures.Concat(sounds).OrderBy(frame => frame.Dts + (frame.Kind == FrameKind.Audio ? lead : 0));

    private static Frame Make(Track track, FrameKind kind, long time, bool isKeyframe, bool afterJump = false) => new()
    {
        AfterDiscontinuity = afterJump,
        Index = 0, Kind = kind, Track = track, Dts = time, Pts = time, WallClock = 1 + time, IsKeyframe = isKeyframe, Payload = Payload,
    };

    private static HlsSnapshot Play(IEnumerable<Frame> frames) =>
        Play(frames, new HlsWindow(new HlsLimits { PlaylistTargets = 1000, MaxBytes = long.MaxValue }, new FakeTimeProvider()));

    private static HlsSnapshot Play(IEnumerable<Frame> frames, HlsWindow window, Action<long, HlsSnapshot>? look = null)
    {
        var fragments = new List<Fragment>();
        var assembler = new Assembler(new PackagerLimits(), new ResumePoint(0, 0, 0), item => fragments.Add((Fragment)item));
        foreach (var frame in frames)
        {
            assembler.Push(frame);
            Show();
            if (look is not null && window.Snapshot("m", "r", deltasAllowed: true, ended: false) is { } now)
            {
                look(frame.Dts, now);
            }
        }

        assembler.Flush();
        Show();
        window.End();
        return window.Snapshot("m", "r", deltasAllowed: true, ended: true)!;

        void Show()
        {
            fragments.ForEach(fragment => window.Add(fragment, assembler.TargetDuration, assembler.PartTarget));
            fragments.Clear();
        }
    }
}
