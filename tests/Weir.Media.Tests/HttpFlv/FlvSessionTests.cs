using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.HttpFlv;
using Weir.Media.Tests.Formats;
using Weir.Media.Tests.Rtmp;

namespace Weir.Media.Tests.HttpFlv;

public class FlvSessionTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Broadcast _broadcast;

    public FlvSessionTests() => _broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits { MinWindow = 60_000_000 }, _clock);

    [Fact]
    public async Task What_comes_out_is_an_FLV_file_ffmpeg_reads_without_a_complaint()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        using var viewer = new TestViewer(_broadcast);
        var (bytes, end) = await PlayWhole(viewer, sample);
        Assert.Equal(FlvEnd.Ended, end);
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, bytes);
            Assert.Equal("", await Samples.Run("ffmpeg", $"-hide_banner -loglevel warning -f flv -i {path} -f null -"));
            var packets = await Samples.Run("ffprobe", $"-loglevel error -count_packets -show_entries stream=codec_name,nb_read_packets -of csv=p=0 -f flv {path}");
            Assert.Contains($"h264,{sample.Frames.Count(f => f.IsVideo)}", packets);
            Assert.Contains($"aac,{sample.Frames.Count(f => !f.IsVideo)}", packets);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("hevc.mp4")]
    [InlineData("av1.mp4")]
    public async Task Newer_codecs_come_out_as_Enhanced_FLV(string file)
    {
        var sample = MediaSample.Load(await Samples.Path(file));
        using var viewer = new TestViewer(_broadcast);
        var tags = Tags((await PlayWhole(viewer, sample)).Bytes);
        var video = tags.Where(tag => tag.Type == FlvTagType.Video).Select(tag => (tag.Body, Tag: FlvReader.ReadVideo(tag.Body))).ToList();
        Assert.Equal(FlvPacket.SequenceStart, video[0].Tag.Packet);
        Assert.All(video, item => Assert.Equal(sample.VideoCodec, item.Tag.Codec));
        Assert.Equal(
            sample.Frames.Where(frame => frame.IsVideo).Select(frame => Convert.ToHexString(frame.Payload.Span)),
            video.Skip(1).Select(item => Convert.ToHexString(item.Body.AsSpan(item.Tag.Offset, item.Tag.Length))));
        var audio = FlvReader.ReadAudio(tags.First(tag => tag.Type == FlvTagType.Audio).Body);
        Assert.Equal((FlvPacket.SequenceStart, FourCc.Opus), (audio.Packet, audio.Codec));
    }

    [Fact]
    public async Task The_header_promises_only_the_tracks_there_are()
    {
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        var track = Tracks.FromAac(Convert.FromHexString("1210"));
        for (var i = 0; i < 60; i++)
        {
            publisher.Audio(track, i * 23_220L, new byte[] { 1, 2, 3 });
        }

        using var viewer = new TestViewer(_broadcast);
        var pipe = new Pipe();
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        for (var i = 60; i < 120; i++)
        {
            publisher.Audio(track, i * 23_220L, new byte[] { 1, 2, 3 });
        }

        var head = await pipe.Reader.ReadAtLeastAsync(9);
        Assert.Equal(4, head.Buffer.FirstSpan[4]);
        pipe.Reader.AdvanceTo(head.Buffer.Start);
        _broadcast.End();
        await Drain(pipe, session);
        Assert.Equal(FlvEnd.Ended, await session);
    }

    [Fact]
    public async Task The_header_does_not_promise_sound_that_ended()
    {
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        var (video, audio) = (Tracks.FromAvcC(sample.VideoConfiguration), Tracks.FromAac(Convert.FromHexString("1210")));
        for (var i = 0; i < 200; i++)
        {
            publisher.Video(video, i * 40_000L, 0, i % 25 == 0, new byte[] { 0, 0, 0, 1, 0x65 });
            if (i < 25)
            {
                publisher.Audio(audio, i * 40_000L, new byte[] { 1, 2, 3 });
            }
        }

        using var viewer = new TestViewer(_broadcast);
        var pipe = new Pipe();
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        var head = await pipe.Reader.ReadAtLeastAsync(9);
        Assert.Equal(1, head.Buffer.FirstSpan[4]);
        pipe.Reader.AdvanceTo(head.Buffer.Start);
        _broadcast.End();
        await Drain(pipe, session);
    }

    [Fact]
    public async Task A_broadcast_with_nothing_to_show_is_waited_for_ten_seconds()
    {
        using var viewer = new TestViewer(_broadcast);
        var pipe = new Pipe();
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(session.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(FlvEnd.NothingToShow, await session.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task A_cut_ends_a_write_that_is_under_way()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        Feed(publisher, sample);
        using var viewer = new TestViewer(_broadcast);

        // Nobody reads, and the pipe takes a kilobyte before it makes its writer wait.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        Assert.False(session.IsCompleted);
        viewer.Close(ViewerEnd.Cut);
        Assert.Equal(FlvEnd.Cut, await session.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task A_viewer_who_stops_reading_is_let_go_after_the_write_timeout()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        Feed(publisher, sample);
        using var viewer = new TestViewer(_broadcast);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(FlvEnd.TooSlow, await session.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task An_interruption_keeps_the_connection_and_a_new_configuration_is_announced()
    {
        var first = MediaSample.Load(await Samples.Path("h264.mp4"));
        var second = MediaSample.Load(await Samples.Path("hevc.mp4"));
        using var viewer = new TestViewer(_broadcast);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);
        using (var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!)
        {
            Feed(publisher, first);
            var begun = await pipe.Reader.ReadAtLeastAsync(10_000);
            pipe.Reader.AdvanceTo(begun.Buffer.Start);
        }

        Assert.Equal(BroadcastState.Interrupted, _broadcast.State);
        using (var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!)
        {
            Feed(publisher, second);
        }

        _broadcast.End();
        var tags = Tags(await Drain(pipe, session));
        var starts = tags.Where(tag => tag.Type == FlvTagType.Video).Select(tag => FlvReader.ReadVideo(tag.Body))
            .Where(tag => tag.Packet == FlvPacket.SequenceStart).Select(tag => tag.Codec);
        Assert.Equal([FourCc.Avc, FourCc.Hevc], starts);
        var times = tags.Where(tag => tag.Type == FlvTagType.Video).Select(tag => tag.Timestamp).ToList();
        Assert.Equal(times.Order(), times);
        Assert.InRange(times[^1], 5_500u, 6_500u);
    }

    internal static void Feed(Publisher publisher, MediaSample sample, long from = 0, long to = long.MaxValue)
    {
        var video = sample.VideoCodec switch
        {
            FourCc.Avc => Tracks.FromAvcC(sample.VideoConfiguration),
            FourCc.Hevc => Tracks.FromHvcC(sample.VideoConfiguration),
            _ => Tracks.FromAv1C(sample.VideoConfiguration),
        };
        var audio = sample.AudioCodec == FourCc.Aac ? Tracks.FromAac(sample.AudioConfiguration) : Tracks.FromOpusHead(sample.AudioConfiguration);
        foreach (var frame in sample.Frames.Where(frame => frame.Dts >= from && frame.Dts < to))
        {
            if (frame.IsVideo)
            {
                publisher.Video(video, frame.Dts, frame.CompositionOffset, frame.IsKeyframe, frame.Payload);
            }
            else
            {
                publisher.Audio(audio, frame.Dts, frame.Payload);
            }
        }
    }

    internal static List<(FlvTagType Type, uint Timestamp, byte[] Body)> Tags(byte[] file)
    {
        Assert.Equal("FLV\x1"u8.ToArray(), file[..4]);
        List<(FlvTagType, uint, byte[])> tags = [];
        for (var at = 13; at < file.Length;)
        {
            var size = (file[at + 1] << 16) | (file[at + 2] << 8) | file[at + 3];
            var time = (uint)((file[at + 4] << 16) | (file[at + 5] << 8) | file[at + 6] | (file[at + 7] << 24));
            tags.Add(((FlvTagType)file[at], time, file[(at + 11)..(at + 11 + size)]));
            Assert.Equal(11 + size, BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 11 + size)));
            at += 15 + size;
        }

        return tags;
    }

    /// <summary>The viewer joins before the first frame, so that it gets every one.</summary>
    private async Task<(byte[] Bytes, FlvEnd End)> PlayWhole(Viewer viewer, MediaSample sample)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var publisher = _broadcast.Publish(new PublisherInfo("test", ""))!;
        var session = FlvSession.RunAsync(viewer, pipe.Writer, new FlvOptions(), _clock, CancellationToken.None);

        // It joins at the newest keyframe: the rest follows when it has the first.
        Feed(publisher, sample, to: 100_000);
        var begun = await pipe.Reader.ReadAtLeastAsync(sample.Frames[0].Payload.Length + 200);
        pipe.Reader.AdvanceTo(begun.Buffer.Start);
        Feed(publisher, sample, from: 100_000);
        _broadcast.End();
        return (await Drain(pipe, session), await session);
    }

    private static async Task<byte[]> Drain(Pipe pipe, Task session)
    {
        using var collected = new MemoryStream();
        var reading = pipe.Reader.CopyToAsync(collected);
        await session.WaitAsync(Patience.Limit);
        await pipe.Writer.CompleteAsync();
        await reading;
        return collected.ToArray();
    }
}
