using System.Buffers.Binary;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Tests.Formats;

namespace Weir.Media.Tests.Rtmp;

/// <summary>HEVC, AV1 and Opus through a whole session to a player, over real sockets.</summary>
public class EnhancedRtmpTests
{
    [Theory]
    [InlineData("h264.mp4", Codec.H264, Codec.Aac)]
    [InlineData("hevc.mp4", Codec.Hevc, Codec.Opus)]
    [InlineData("av1.mp4", Codec.Av1, Codec.Opus)]
    public async Task Every_frame_published_reaches_the_player_with_its_bytes_and_times(string file, Codec video, Codec audio)
    {
        var sample = MediaSample.Load(await Samples.Path(file));
        await using var node = new TestNode();
        var received = await PublishAndPlay(node, sample);

        Assert.Equal((video, audio), (node.Broadcast.Timeline.Video!.Codec, node.Broadcast.Timeline.Audio!.Codec));
        Assert.Equal(322, node.Broadcast.Timeline.Video.Width);
        foreach (var isVideo in new[] { true, false })
        {
            var sent = sample.Frames.Where(frame => frame.IsVideo == isVideo).ToList();
            var got = received.Where(frame => frame.IsVideo == isVideo && frame.Packet == FlvPacket.CodedFrames).ToList();
            Assert.Equal(sent.Select(frame => Convert.ToHexString(frame.Payload.Span)), got.Select(frame => Convert.ToHexString(frame.Payload.Span)));
            Assert.Equal(sent.Select(frame => frame.IsKeyframe), got.Select(frame => frame.IsKeyframe));
            Assert.Equal(sent.Select(frame => (uint)(frame.Dts / 1000)), got.Select(frame => frame.Timestamp));
            Assert.Equal(
                sent.Select(frame => (int)(((frame.Dts + frame.CompositionOffset) / 1000) - (frame.Dts / 1000))),
                got.Select(frame => frame.CompositionTime));
            var configuration = received.First(frame => frame.IsVideo == isVideo);
            Assert.Equal(FlvPacket.SequenceStart, configuration.Packet);
            Assert.Equal((isVideo ? sample.VideoConfiguration : sample.AudioConfiguration).ToArray(), configuration.Payload.ToArray());
        }

        await DecodesWithoutComplaint(sample, received);
    }

    [Fact]
    public async Task Connect_announces_what_the_server_carries_only_to_clients_who_asked()
    {
        await using var node = new TestNode();
        await using var enhanced = await RtmpClient.ConnectAsync("127.0.0.1", node.Port);
        var answer = enhanced.ConnectResult.OfType<Amf0Object>().First();
        Assert.Equal(["avc1", "hvc1", "av01", "mp4a", "Opus"], (List<object?>)answer["fourCcList"]!);
        Assert.Equal(4.0, ((Amf0Object)answer["videoFourCcInfoMap"]!)["hvc1"]);
        Assert.Equal(4.0, ((Amf0Object)answer["audioFourCcInfoMap"]!)["Opus"]);
        Assert.Equal(12.0, answer["capsEx"]);
        await using var legacy = await RtmpClient.ConnectAsync("127.0.0.1", node.Port, enhanced: false);
        Assert.All(legacy.ConnectResult.OfType<Amf0Object>(), part => Assert.Null(part["fourCcList"]));
    }

    private static async Task<List<ReceivedFrame>> PublishAndPlay(TestNode node, MediaSample sample)
    {
        await using var player = await RtmpClient.ConnectAsync("127.0.0.1", node.Port);
        await player.PlayAsync(node.PlayName);
        List<ReceivedFrame> received = [];
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var playing = Task.Run(async () =>
        {
            while (await player.ReceiveAsync() is { } message)
            {
                if (ReceivedFrame.Of(message) is { } frame)
                {
                    received.Add(frame);
                    if (frame.Packet == FlvPacket.CodedFrames)
                    {
                        first.TrySetResult();
                    }
                }
                else if (message.Type == Media.Rtmp.RtmpMessageType.CommandAmf0
                    && Amf0Reader.ReadAll(message.Payload.Span) is [.., Amf0Object status] && status["code"] is "NetStream.Play.UnpublishNotify")
                {
                    return;
                }
            }
        });

        await using (var publisher = await RtmpClient.ConnectAsync("127.0.0.1", node.Port))
        {
            await publisher.PublishAsync(TestNode.Key);
            await publisher.SendConfigurationAsync(sample);

            // The player joins at the newest keyframe: the rest follows when it has the first.
            var head = sample.Frames.TakeWhile(frame => frame.Dts < 100_000).Count();
            foreach (var frame in sample.Frames.Take(head))
            {
                await publisher.SendFrameAsync(sample, frame);
            }

            await first.Task.WaitAsync(Patience.Limit);
            foreach (var frame in sample.Frames.Skip(head))
            {
                await publisher.SendFrameAsync(sample, frame);
            }

            await publisher.UnpublishAsync(TestNode.Key);
            await publisher.StatusAsync("NetStream.Unpublish.Success");
        }

        node.Broadcast.End();
        await playing.WaitAsync(Patience.Limit);
        return received;
    }

    /// <summary>What the player got, as an elementary stream, through ffmpeg's decoder.</summary>
    private static async Task DecodesWithoutComplaint(MediaSample sample, List<ReceivedFrame> received)
    {
        using var stream = new MemoryStream();
        var frames = received.Where(frame => frame.IsVideo && frame.Packet == FlvPacket.CodedFrames).ToList();
        var configuration = received.First(frame => frame.IsVideo).Payload;
        switch (sample.VideoCodec)
        {
            case FourCc.Av1:
                foreach (var frame in frames)
                {
                    stream.Write([0x12, 0]);
                    stream.Write(frame == frames[0] ? configuration.Span[4..] : []);
                    stream.Write(frame.Payload.Span);
                }

                break;
            default:
                foreach (var unit in ParameterSets(sample.VideoCodec, configuration.ToArray()))
                {
                    stream.Write([0, 0, 0, 1, .. unit]);
                }

                foreach (var frame in frames)
                {
                    foreach (var unit in new NalUnits(frame.Payload.Span))
                    {
                        stream.Write([0, 0, 0, 1]);
                        stream.Write(unit);
                    }
                }

                break;
        }

        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, stream.ToArray());
            var format = sample.VideoCodec switch { FourCc.Avc => "h264", FourCc.Hevc => "hevc", _ => "obu" };
            var complaints = await Samples.Run("ffmpeg", $"-hide_banner -loglevel error -f {format} -i {path} -f null -");
            Assert.Equal("", complaints);
            var count = await Samples.Run("ffprobe", $"-loglevel error -f {format} -count_frames -show_entries stream=nb_read_frames -of csv=p=0 {path}");
            Assert.Equal(frames.Count, int.Parse(count.Trim().Trim(',')));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static List<byte[]> ParameterSets(FourCc codec, byte[] configuration)
    {
        if (codec == FourCc.Avc)
        {
            var avc = AvcConfiguration.Read(configuration);
            return [.. avc.Sps, .. avc.Pps];
        }

        List<byte[]> units = [];
        var at = 23;
        for (var arrays = configuration[22]; arrays > 0; arrays--)
        {
            var count = BinaryPrimitives.ReadUInt16BigEndian(configuration.AsSpan(at + 1));
            at += 3;
            for (; count > 0; count--)
            {
                var length = BinaryPrimitives.ReadUInt16BigEndian(configuration.AsSpan(at));
                units.Add(configuration[(at + 2)..(at + 2 + length)]);
                at += 2 + length;
            }
        }

        return units;
    }
}
