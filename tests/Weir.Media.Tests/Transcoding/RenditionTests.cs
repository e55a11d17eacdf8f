using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Transcoding;

namespace Weir.Media.Tests.Transcoding;

/// <summary>Sound through the real ffmpeg: it arrives, and where it belongs.</summary>
public sealed class RenditionTests
{
    private const long Start = 5_000_000;
    private static readonly FfmpegProgram Ffmpeg = FfmpegProgram.Find() ?? throw new InvalidOperationException("These tests need ffmpeg.");
    private static readonly Track Picture = new(TrackKind.Video, Codec.H264, new byte[] { 1 }, "avc1.42e01f");
    private static readonly Guid Host = Guid.NewGuid();
    private readonly Broadcast _broadcast = new(Guid.NewGuid(), new TimelineLimits(), TimeProvider.System);

    [Theory]
    [InlineData(Codec.Aac, 48_000)]
    [InlineData(Codec.Aac, 44_100)]
    [InlineData(Codec.Opus, 48_000)]
    public async Task A_beep_is_where_it_was_before_transcoding(Codec source, int rate)
    {
        var (track, frames) = await RecordAsync(source, rate);
        await using var renditions = new Renditions(_broadcast, Host, new Transcoders(Ffmpeg), TimeProvider.System, NullLogger.Instance);
        using var lease = renditions.Lease(source == Codec.Aac ? Codec.Opus : Codec.Aac)!;
        var publisher = _broadcast.Publish(new PublisherInfo("RTMP", ""))!;
        publisher.Video(Picture, Start, 0, keyframe: true, new byte[] { 1 });
        var time = Start;
        foreach (var frame in frames)
        {
            publisher.Audio(track, time, frame);
            time += source == Codec.Aac ? 1024 * 1_000_000L / rate : 20_000;
        }

        // The encoder holds back its last frames; what lies behind the beep is enough.
        var origin = _broadcast.Timeline.Log.TryGet(_broadcast.Timeline.JoinIndex, out var first) ? first.Dts : throw new InvalidOperationException();
        var sound = await SoundAsync(lease.Timeline, until: origin + 1_500_000);
        Assert.Equal(FrameKind.Video, Frames(lease.Timeline)[0].Kind);
        Assert.All(sound, frame => Assert.Equal(source == Codec.Aac ? Codec.Opus : Codec.Aac, frame.Track!.Codec));
        Assert.All(sound.Zip(sound.Skip(1)), pair => Assert.InRange(pair.Second.Dts - pair.First.Dts, 19_000, 22_000));

        var before = await BeepAsync(track, frames);
        var after = await BeepAsync(sound[0].Track!, [.. sound.Select(frame => frame.Payload.ToArray())]);
        Assert.InRange((sound[0].Dts - origin) + after - before, -10_000, 10_000);
    }

    [Fact]
    public async Task Sound_that_fits_already_is_passed_on_and_no_child_is_started()
    {
        await using var renditions = new Renditions(
            _broadcast, Host, new Transcoders(new FfmpegProgram("/nowhere")), TimeProvider.System, NullLogger.Instance);
        using var lease = renditions.Lease(Codec.Opus)!;
        var publisher = _broadcast.Publish(new PublisherInfo("WHIP", ""))!;
        var opus = Tracks.FromDOps(new OpusHeader(2, 0, 48000, 0, 0).WriteDOps());
        publisher.Video(Picture, 0, 0, keyframe: true, new byte[] { 1 });
        publisher.Audio(opus, 0, new byte[] { 0xfc, 1 });
        publisher.Video(Picture, 33_000, 0, keyframe: false, new byte[] { 2 });
        _broadcast.End();
        while (!lease.Timeline.Log.IsCompleted)
        {
            await lease.Timeline.Log.WaitAsync(lease.Timeline.Log.Next, TestContext.Current.CancellationToken);
        }

        Assert.Equal([FrameKind.Video, FrameKind.Audio, FrameKind.Video], Frames(lease.Timeline).Select(frame => frame.Kind));
        Assert.Null(renditions.Lease(Codec.Opus));
    }

    [Fact]
    public async Task Readers_share_one_rendition_and_without_ffmpeg_there_is_none()
    {
        await using var renditions = new Renditions(_broadcast, Host, new Transcoders(Ffmpeg), TimeProvider.System, NullLogger.Instance);
        using var first = renditions.Lease(Codec.Opus)!;
        using var second = renditions.Lease(Codec.Opus)!;
        Assert.Same(first.Timeline, second.Timeline);
        await using var none = new Renditions(_broadcast, Host, new Transcoders(null), TimeProvider.System, NullLogger.Instance);
        Assert.Null(none.Lease(Codec.Opus));
    }

    [Fact]
    public async Task Beyond_so_many_processes_there_are_pictures_without_sound_until_one_ends()
    {
        var (track, frames) = await RecordAsync(Codec.Aac, 48_000);
        var transcoders = new Transcoders(Ffmpeg, most: 1, mostOfHost: 1);
        var other = new Broadcast(Guid.NewGuid(), new TimelineLimits(), TimeProvider.System);
        await using var second = new Renditions(other, Guid.NewGuid(), transcoders, TimeProvider.System, NullLogger.Instance);
        Assert.True(second.CanTranscode(Codec.Opus));
        await using (var first = new Renditions(_broadcast, Host, transcoders, TimeProvider.System, NullLogger.Instance))
        {
            using var lease = first.Lease(Codec.Opus)!;
            Play(_broadcast, track, frames);
            await SoundAsync(lease.Timeline, until: 0);
            // Who comes now shares the process that is there; another broadcast has none.
            Assert.True(first.CanTranscode(Codec.Opus));
            Assert.False(second.CanTranscode(Codec.Opus));
            using var silent = second.Lease(Codec.Opus)!;
            Play(other, track, frames);
            while (Frames(silent.Timeline).Count == 0)
            {
                await silent.Timeline.Log.WaitAsync(silent.Timeline.Log.Next, TestContext.Current.CancellationToken);
            }

            // Asked again: all that was published has been looked at by now, or is looked at while there is no place.
            Assert.False(second.CanTranscode(Codec.Opus));
            Assert.Equal([FrameKind.Video], Frames(silent.Timeline).Select(frame => frame.Kind));
        }

        using var late = second.Lease(Codec.Opus)!;
        Assert.NotEmpty(await SoundAsync(late.Timeline, until: 0));
        Assert.False(transcoders.HasPlace(Guid.NewGuid()));
    }

    [Fact]
    public void One_host_has_so_many_processes_and_leaves_the_rest_to_others()
    {
        var transcoders = new Transcoders(Ffmpeg, most: 3, mostOfHost: 2);
        var (first, second) = (transcoders.TryEnter(Host)!, transcoders.TryEnter(Host)!);
        Assert.False(transcoders.HasPlace(Host));
        Assert.Null(transcoders.TryEnter(Host));
        using var third = transcoders.TryEnter(Guid.NewGuid())!;
        first.Dispose();
        first.Dispose();
        using var fourth = transcoders.TryEnter(Guid.NewGuid())!;
        Assert.False(transcoders.HasPlace(Host));
        second.Dispose();
        Assert.True(transcoders.HasPlace(Host));
        Assert.False(new Transcoders(null).HasPlace(Host));
    }

    [Fact]
    public void A_gap_of_the_input_is_a_gap_of_the_output_at_its_place()
    {
        var times = new MediaTimes();
        times.In(0, 1_000_000);
        times.In(20_000, 1_021_000);
        times.In(40_000, 1_540_000);
        Assert.Equal(1_020_000, times.Out(20_000));
        Assert.Equal(1_540_000, times.Out(40_000));
        Assert.Equal(1_560_000, times.Out(60_000));
    }

    private static void Play(Broadcast broadcast, Track track, List<byte[]> frames)
    {
        var publisher = broadcast.Publish(new PublisherInfo("RTMP", ""))!;
        publisher.Video(Picture, Start, 0, keyframe: true, new byte[] { 1 });
        for (var i = 0; i < frames.Count; i++)
        {
            publisher.Audio(track, Start + (i * 1024 * 1_000_000L / 48_000), frames[i]);
        }
    }

    private static List<Frame> Frames(Timeline timeline)
    {
        List<Frame> frames = [];
        for (var index = timeline.Log.First; index < timeline.Log.Next; index++)
        {
            if (timeline.Log.TryGet(index, out var frame))
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    private static async Task<List<Frame>> SoundAsync(Timeline timeline, long until)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Limit);
        while (true)
        {
            var next = timeline.Log.Next;
            List<Frame> sound = [.. Frames(timeline).Where(frame => frame.Kind == FrameKind.Audio)];
            if (sound.Count > 0 && sound[^1].Dts >= until)
            {
                return sound;
            }

            await timeline.Log.WaitAsync(next, limit.Token);
        }
    }

    /// <summary>1.8 s of silence with a tone from 1 s on.</summary>
    private static async Task<(Track Track, List<byte[]> Frames)> RecordAsync(Codec codec, int rate)
    {
        var coded = await RunAsync(
            [
                "-f", "lavfi", "-i", $"aevalsrc=if(gte(t\\,1)\\,0.8*sin(2*PI*1000*t)\\,0):s={rate}:d=1.8", "-ac", "2",
                .. codec == Codec.Aac ? (string[])["-c:a", "aac", "-f", "adts"] : ["-c:a", "libopus", "-frame_duration", "20", "-f", "ogg", "-page_duration", "20000"], "pipe:1",
            ],
            []);
        List<byte[]> frames = [];
        ReadOnlySpan<byte> rest = coded;
        if (codec == Codec.Aac)
        {
            while (Adts.TryRead(ref rest, out _, out var frame))
            {
                frames.Add(frame.ToArray());
            }

            return (Tracks.FromAac(AudioSpecificConfig.WriteLowComplexity(rate, 2)), frames);
        }

        var reader = new OggReader();
        while (reader.TryRead(ref rest, frames))
        {
            // The next page.
        }

        return (Tracks.FromDOps(new OpusHeader(2, 0, 48000, 0, 0).WriteDOps()), frames[2..]);
    }

    /// <summary>Microseconds from the first frame to the tone, by ffmpeg's decoder.</summary>
    private static async Task<long> BeepAsync(Track track, List<byte[]> frames)
    {
        byte[] coded;
        string format;
        if (track.Codec == Codec.Aac)
        {
            var configuration = AudioSpecificConfig.Read(track.Configuration.Span);
            (coded, format) = ([.. frames.SelectMany(frame => Adts.Write(configuration, frame)!)], "aac");
        }
        else
        {
            var writer = new OggWriter(serial: 1);
            (coded, format) = ([.. writer.Begin(new OpusHeader(2, 0, 48000, 0, 0)), .. frames.SelectMany((frame, index) => writer.Packet(frame, (index + 1) * 960L))], "ogg");
        }

        var samples = await RunAsync(["-f", format, "-i", "pipe:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "pipe:1"], coded);
        for (var i = 0; i + 1 < samples.Length; i += 2)
        {
            if (Math.Abs((int)BinaryPrimitives.ReadInt16LittleEndian(samples.AsSpan(i))) > 6000)
            {
                return i / 2 * 1_000_000L / 48_000;
            }
        }

        throw new InvalidOperationException("There is no tone.");
    }

    private static async Task<byte[]> RunAsync(string[] arguments, byte[] input)
    {
        using var process = Process.Start(new ProcessStartInfo(Ffmpeg.Path, ["-hide_banner", "-loglevel", "error", .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        return output.ToArray();
    }
}
