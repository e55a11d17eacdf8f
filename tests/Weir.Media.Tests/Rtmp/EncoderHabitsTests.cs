using System.Buffers.Binary;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Rtmp;
using Weir.Media.Tests.Formats;

namespace Weir.Media.Tests.Rtmp;

/// <summary>What encoders do that the specifications allow, or that they do all the same; each was somebody's report.</summary>
public class EncoderHabitsTests
{
    // Baseline parameter sets of 32 × 16 and 64 × 16 pixels.
    private const string Narrow = "6742001eda2e40";
    private const string Wide = "6742001eda1390";
    private const string Pps = "68ce3c80";
    private const string Idr = "000000026588";
    private const string Inter = "000000024101";

    /// <summary>recovery_frame_cnt 0, then a slice that is no IDR.</summary>
    private const string RecoveryPoint = "000000050606 01c480" + Inter;
    private const string GradualRefresh = "000000050606 016240" + Inter;
    private readonly SessionRig _rig = new();

    [Theory]
    [InlineData("00")]
    [InlineData("0000")]
    [InlineData("000000")]
    [InlineData("00000000")]
    [InlineData("0000000000000000000000")]
    public async Task Zeros_after_the_last_NAL_unit_cost_no_picture(string zeros)
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr + zeros);
        await SendAsync(client, 40, false, Inter + zeros);
        Assert.Equal([Idr, Inter], (await FramesAsync(2)).Select(frame => Convert.ToHexStringLower(frame.Payload.Span)));
    }

    [Theory]
    [InlineData("0200036f6e58" + "003ff0000000000000" + "110a0b0173")]
    [InlineData("0200036f6e58" + "003ff0000000000000" + "0d")]
    [InlineData("0d")]
    [InlineData("110a0b01")]
    [InlineData("")]
    public async Task A_command_that_nobody_can_read_does_not_end_a_running_broadcast(string command)
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);
        await client.SendAsync(3, RtmpMessageType.CommandAmf0, 1, 0, Convert.FromHexString(command));
        await client.SendAsync(3, RtmpMessageType.CommandAmf3, 1, 0, Convert.FromHexString("00" + command));
        await SendAsync(client, 40, false, Inter);
        await FramesAsync(2);
        Assert.False(_rig.Run.IsCompleted);
    }

    [Fact]
    public async Task An_aggregate_message_is_the_messages_in_it()
    {
        await using var client = await ConfiguredAsync();
        byte[] aggregate =
        [
            .. Tag(RtmpMessageType.Video, 70_000, Convert.FromHexString("1701000000" + Idr)),
            .. Tag(RtmpMessageType.Audio, 70_010, Convert.FromHexString("af001210")),
            .. Tag(RtmpMessageType.Audio, 70_010, Convert.FromHexString("af0121")),
            .. Tag(RtmpMessageType.Video, 70_040, Convert.FromHexString("2701000000" + Inter))[..^4],
        ];
        await client.SendAsync(6, RtmpMessageType.Aggregate, 1, 1000, aggregate);
        await SendAsync(client, 1080, false, Inter);
        var frames = await FramesAsync(4);
        Assert.Equal([0, 10_000, 40_000, 80_000], frames.Select(frame => frame.Dts - frames[0].Dts));
        Assert.Equal([FrameKind.Video, FrameKind.Audio, FrameKind.Video, FrameKind.Video], frames.Select(frame => frame.Kind));
    }

    [Theory]
    [InlineData("09")]
    [InlineData("0900000c00000000000000")]
    [InlineData("16000010000000000000001600000500000000000000")]
    public async Task An_aggregate_message_that_does_not_add_up_is_dropped(string rest)
    {
        await using var client = await ConfiguredAsync();
        byte[] aggregate = [.. Tag(RtmpMessageType.Video, 0, Convert.FromHexString("1701000000" + Idr)), .. Convert.FromHexString(rest)];
        await client.SendAsync(6, RtmpMessageType.Aggregate, 1, 0, aggregate);
        await SendAsync(client, 40, false, Inter);
        Assert.Equal(2, (await FramesAsync(2)).Count);
    }

    [Fact]
    public async Task Parameter_sets_in_band_change_the_size_that_is_told()
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);
        await SendAsync(client, 40, true, Unit(Narrow) + Unit(Pps) + Idr);
        await SendAsync(client, 80, true, Unit(Wide) + Unit(Pps) + Idr);
        await SendAsync(client, 120, false, Inter);

        // The configuration of the start once more, as some encoders send with every keyframe.
        await client.SendVideoAsync(160, Convert.FromHexString("1700000000" + Configuration()));
        await SendAsync(client, 160, true, Unit(Wide) + Unit(Pps) + Idr);
        var tracks = (await FramesAsync(5)).Select(frame => frame.Track!).ToList();
        Assert.Equal([32, 32, 64, 64, 64], tracks.Select(track => track.Width));
        Assert.Same(tracks[0], tracks[1]);
        Assert.Same(tracks[2], tracks[4]);
    }

    [Fact]
    public async Task With_open_groups_viewers_begin_at_IDR_pictures_alone_and_the_host_is_told()
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);
        for (var group = 1u; group <= 3; group++)
        {
            await SendAsync(client, group * 1000, true, RecoveryPoint, composition: 80);
            await SendAsync(client, (group * 1000) + 40, false, Inter, composition: 0);
        }

        await SendAsync(client, 4000, true, Idr);
        Assert.Equal([true, false, false, false, false, false, false, true], (await FramesAsync(8)).Select(frame => frame.IsKeyframe));
        Assert.Contains("openGroups", Warnings());
    }

    [Fact]
    public async Task Viewers_begin_at_a_recovery_point_once_groups_were_seen_to_be_closed()
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);
        for (var group = 1u; group <= 3; group++)
        {
            await SendAsync(client, group * 1000, true, RecoveryPoint);
            await SendAsync(client, (group * 1000) + 40, false, Inter, composition: 40);
        }

        Assert.Equal([true, false, false, true, false, true, false], (await FramesAsync(7)).Select(frame => frame.IsKeyframe));
        Assert.DoesNotContain("openGroups", Warnings());
    }

    [Fact]
    public async Task A_picture_that_is_refreshed_bit_by_bit_is_no_place_to_begin()
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);
        await SendAsync(client, 1000, true, GradualRefresh);
        await SendAsync(client, 2000, true, GradualRefresh);
        Assert.Equal([true, false, false], (await FramesAsync(3)).Select(frame => frame.IsKeyframe));
        Assert.Contains("openGroups", Warnings());
    }

    [Fact]
    public async Task Sound_whose_channels_browsers_cannot_read_is_said_to_the_host()
    {
        await using var client = await ConfiguredAsync();
        await SendAsync(client, 0, true, Idr);

        // AAC-LC of 44.1 kHz with channelConfiguration 0 and a program config of one stereo pair.
        await client.SendAudioAsync(0, Convert.FromHexString("af00" + "1200050400002000"));
        await client.SendAudioAsync(0, Convert.FromHexString("af0121"));
        await FramesAsync(2);
        Assert.Contains("audioLayout", Warnings());
    }

    [Fact]
    public async Task Sound_far_behind_its_pictures_is_said_to_the_host()
    {
        await using var client = await ConfiguredAsync();
        await client.SendAudioAsync(0, Convert.FromHexString("af001210"));
        for (var i = 0u; i < 160; i++)
        {
            await SendAsync(client, i * 40, i % 50 == 0, i % 50 == 0 ? Idr : Inter);
            if (i >= 60)
            {
                await client.SendAudioAsync((i - 60) * 40, Convert.FromHexString("af0121"));
            }
        }

        await FramesAsync(260);
        Assert.Contains("lateSound", Warnings());
        Assert.NotNull(_rig.Broadcast.Timeline.RunningAudio);
    }

    [Fact]
    public void Two_encoders_that_throw_each_other_out_are_said_to_the_host()
    {
        for (var i = 0; i < 4; i++)
        {
            Assert.DoesNotContain("twoEncoders", _rig.Broadcast.Health.Take().Warnings);
            Assert.NotNull(_rig.Broadcast.Publish(new PublisherInfo("test", i % 2 == 0 ? "one" : "other")));
            _rig.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Contains("twoEncoders", _rig.Broadcast.Health.Take().Warnings);
        _rig.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("twoEncoders", _rig.Broadcast.Health.Take().Warnings);
    }

    private async Task<RtmpClient> ConfiguredAsync()
    {
        var client = await _rig.PublishAsync();
        await client.SendVideoAsync(0, Convert.FromHexString("1700000000" + Configuration()));
        return client;
    }

    private static string Configuration() => Convert.ToHexString(AvcConfiguration.Write(Convert.FromHexString(Narrow), Convert.FromHexString(Pps)));

    private static string Unit(string unit) => (unit.Length / 2).ToString("x8", System.Globalization.CultureInfo.InvariantCulture) + unit;

    private static Task SendAsync(RtmpClient client, uint time, bool keyframe, string picture, int composition = 0) => client.SendVideoAsync(
        time, Convert.FromHexString((keyframe ? "1701" : "2701") + composition.ToString("x6", System.Globalization.CultureInfo.InvariantCulture) + picture.Replace(" ", "", StringComparison.Ordinal)));

    private static byte[] Tag(RtmpMessageType type, uint time, byte[] body)
    {
        var tag = new byte[11 + body.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(tag, body.Length);
        tag[0] = (byte)type;
        BinaryPrimitives.WriteUInt32BigEndian(tag.AsSpan(4), time << 8);
        tag[7] = (byte)(time >> 24);
        body.CopyTo(tag, 11);
        BinaryPrimitives.WriteInt32BigEndian(tag.AsSpan(11 + body.Length), 11 + body.Length);
        return tag;
    }

    private IReadOnlyList<string> Warnings()
    {
        _rig.Clock.Advance(TimeSpan.FromSeconds(6));
        return _rig.Broadcast.Health.Take().Warnings;
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
