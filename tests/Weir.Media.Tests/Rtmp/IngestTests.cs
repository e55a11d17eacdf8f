using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Rtmp;
using Weir.Media.Tests.Formats;

namespace Weir.Media.Tests.Rtmp;

/// <summary>What encoders get wrong must not end a broadcast.</summary>
public class IngestTests
{
    private readonly SessionRig _rig = new();

    [Fact]
    public async Task The_same_configuration_again_is_the_same_track_and_a_changed_one_a_new_track()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        var other = MediaSample.Load(await Samples.Path("hevc.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, sample.Frames[0]);
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, sample.Frames[0], 40_000);
        await client.SendConfigurationAsync(other);
        await client.SendFrameAsync(other, other.Frames[0], 80_000);
        var frames = await FramesAsync(3);
        Assert.Same(frames[0].Track, frames[1].Track);
        Assert.Equal(Codec.Hevc, frames[2].Track!.Codec);
    }

    [Fact]
    public async Task Pictures_whose_NAL_lengths_do_not_add_up_are_dropped_and_the_rest_taken()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, sample.Frames[0]);
        await client.SendVideoAsync(40, Convert.FromHexString("2701000000" + "0000ffff4101"));
        await client.SendVideoAsync(80, Convert.FromHexString("2701000000"));
        await client.SendVideoAsync(120, Convert.FromHexString("27"));
        await client.SendVideoAsync(120, Array.Empty<byte>());
        await client.SendVideoAsync(160, Convert.FromHexString("2701000000" + "000000024101"));
        var frames = await FramesAsync(2);
        Assert.Equal("000000024101", Convert.ToHexString(frames[1].Payload.Span));
    }

    [Fact]
    public async Task A_configuration_that_makes_no_sense_keeps_the_one_before()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, sample.Frames[0]);
        await client.SendVideoAsync(0, Convert.FromHexString("1700000000" + "0164001fffe100"));
        await client.SendFrameAsync(sample, sample.Frames[0], 40_000);
        var frames = await FramesAsync(2);
        Assert.Same(frames[0].Track, frames[1].Track);
    }

    [Fact]
    public async Task A_codec_nobody_carries_is_said_to_the_host_and_the_rest_taken()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendVideoAsync(0, Convert.FromHexString("90" + "76703039" + "00"));
        await client.SendAudioAsync(0, Convert.FromHexString("2faabb"));
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, sample.Frames[0]);
        await FramesAsync(1);
        _rig.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Contains("unsupportedCodec", _rig.Broadcast.Health.Take().Warnings);
    }

    [Fact]
    public async Task Pictures_before_the_first_keyframe_are_not_shown()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        var pictures = sample.Frames.Where(frame => frame.IsVideo).ToList();
        await using var client = await _rig.PublishAsync();
        await client.SendFrameAsync(sample, pictures[0]);
        await client.SendConfigurationAsync(sample);
        await client.SendFrameAsync(sample, pictures[1]);
        await client.SendFrameAsync(sample, pictures[0], 80_000);
        var frames = await FramesAsync(1);
        Assert.True(frames[0].IsKeyframe);
    }

    [Fact]
    public async Task Time_stamps_that_wrap_run_backwards_or_jump_give_a_timeline_that_runs_on()
    {
        await using var client = await _rig.PublishAsync();
        await client.SendAudioAsync(0, Convert.FromHexString("af001210"));
        uint[] stamps = [uint.MaxValue - 20, uint.MaxValue, 22, 45, 40, 68, 3_000_000_000, 3_000_000_023, 1_500_000_000, 1_500_000_023];
        foreach (var stamp in stamps)
        {
            await client.SendAudioAsync(stamp, Convert.FromHexString("af0121"));
        }

        var frames = await FramesAsync(stamps.Length);
        var times = frames.Select(frame => frame.Dts).ToList();
        Assert.Equal(times.Order().Distinct(), times);
        Assert.InRange(times[^1], 100_000, 400_000);
        Assert.Equal(2, frames.Count(frame => frame.AfterDiscontinuity));
    }

    [Fact]
    public async Task Video_alone_and_audio_alone_are_broadcasts_too()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        foreach (var frame in sample.Frames.Where(frame => frame.IsVideo))
        {
            await client.SendFrameAsync(sample, frame);
        }

        await FramesAsync(sample.Frames.Count(frame => frame.IsVideo));
        Assert.Null(_rig.Broadcast.Timeline.Audio);
        var other = new SessionRig();
        await using var audioOnly = await other.PublishAsync();
        await audioOnly.SendConfigurationAsync(sample);
        await audioOnly.SendFrameAsync(sample, sample.Frames.First(frame => !frame.IsVideo));
        await RealEncoderTests.WaitFor(() => other.Broadcast.Timeline.JoinIndex >= 0);
        Assert.Null(other.Broadcast.Timeline.Video);
    }

    [Fact]
    public async Task Nanosecond_offsets_and_the_first_of_many_tracks_are_taken()
    {
        var sample = MediaSample.Load(await Samples.Path("hevc.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        var payload = sample.Frames[0].Payload.ToArray();

        // ModEx with 500 µs, then CodedFramesX.
        await client.SendVideoAsync(10, (byte[])[0x97, 2, 0x07, 0xa1, 0x20, 3, .. "hvc1"u8, .. payload]);

        // Many tracks: id 1 is somebody else's, id 0 ours.
        await client.SendVideoAsync(50, (byte[])[0xa6, 0x13, .. "hvc1"u8, 1, 0, 0, 2, 9, 9, 0, 0, 0, 6, 0, 0, 0, 2, 2, 1]);
        var frames = await FramesAsync(2);
        Assert.Equal(payload, frames[0].Payload.ToArray());
        Assert.Equal(39_500, frames[1].Dts - frames[0].Dts);
        Assert.Equal("000000020201", Convert.ToHexString(frames[1].Payload.Span));
    }

    [Fact]
    public async Task The_encoders_name_of_the_metadata_is_shown_to_the_host()
    {
        await using var client = await _rig.PublishAsync();
        await client.SendDataAsync("@setDataFrame", "onMetaData", new Amf0Object { { "encoder", "obs-output\u0007 module (libobs 29.0.2)" } });
        await client.SendDataAsync("onMetaData");
        await client.SendRawAsync(ChunkWriter.Message(RtmpMessageType.DataAmf0, 1, 0, [0x0d, 1, 2]));
        await RealEncoderTests.WaitFor(() => _rig.Broadcast.Health.Take().Encoder == "obs-output module (libobs 29.0.2)");
    }

    [Fact]
    public async Task AV1_temporal_delimiters_are_left_out()
    {
        var sample = MediaSample.Load(await Samples.Path("av1.mp4"));
        await using var client = await _rig.PublishAsync();
        await client.SendConfigurationAsync(sample);
        byte[] unit = sample.Frames.First(frame => frame.IsVideo).Payload.ToArray();
        await client.SendVideoAsync(0, (byte[])[0x91, .. "av01"u8, 0x12, 0, .. unit]);
        Assert.Equal(unit, (await FramesAsync(1))[0].Payload.ToArray());
    }

    [Fact]
    public async Task A_publisher_who_comes_back_goes_on_in_the_same_timeline()
    {
        var sample = MediaSample.Load(await Samples.Path("h264.mp4"));
        await using (var client = await _rig.PublishAsync())
        {
            await client.SendAsync(sample);
            await client.UnpublishAsync(SessionRig.Key);
            await client.StatusAsync("NetStream.Unpublish.Success");
        }

        Assert.Equal(BroadcastState.Interrupted, _rig.Broadcast.State);
        var edge = _rig.Broadcast.Timeline.Edge;
        var again = new SessionRig(_rig.Broadcast, _rig.Clock);
        await using var second = await again.PublishAsync();
        await second.SendConfigurationAsync(sample, 123_456);
        await second.SendFrameAsync(sample, sample.Frames[0], 123_456_000);
        await RealEncoderTests.WaitFor(() => _rig.Broadcast.State == BroadcastState.Live);
        Assert.InRange(_rig.Broadcast.Timeline.Edge - edge, 1, 100_000);
    }

    private async Task<List<Frame>> FramesAsync(int count)
    {
        var log = _rig.Broadcast.Timeline.Log;
        List<Frame> frames = [];
        using var patience = new CancellationTokenSource(Patience.Limit);
        for (var index = 0L; frames.Count < count; index++)
        {
            await log.WaitAsync(index, patience.Token);
            if (log.TryGet(index, out var frame) && frame.Kind != FrameKind.Event)
            {
                frames.Add(frame);
            }
        }

        return frames;
    }
}
