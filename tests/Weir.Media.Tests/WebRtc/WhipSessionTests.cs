using CsCheck;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc;

namespace Weir.Media.Tests.WebRtc;

public sealed class WhipSessionTests
{
    [Fact]
    public void Pictures_and_sound_come_out_as_they_went_in_across_every_wrap()
    {
        var camera = new Camera();
        for (var i = 0; i < 60; i++)
        {
            var at = i * 33_333L;
            camera.Send(camera.Picture(at, keyframe: i == 0), 5_000_000 + at);
            camera.Session.TakeRtp(camera.Sound(at), 5_000_000 + at);
        }

        Assert.Equal(60, camera.Pictures.Count);
        Assert.Equal(60, camera.Frames.Count - camera.Pictures.Count);
        Assert.True(camera.Pictures[0].IsKeyframe);
        Assert.Equal((640, 360), (camera.Pictures[0].Track!.Width, camera.Pictures[0].Track!.Height));
        Assert.Equal("opus", camera.Frames[1].Track!.CodecString);
        Assert.All(camera.Pictures.Zip(camera.Pictures.Skip(1)), pair => Assert.InRange(pair.Second.Dts - pair.First.Dts, 33_300, 33_400));
        Assert.Same(camera.Pictures[0].Track, camera.Pictures[^1].Track);
    }

    [Fact]
    public void Sound_waits_for_the_first_picture_but_not_for_one_that_never_comes()
    {
        var camera = new Camera();
        for (var at = 0L; at < 2_000_000; at += 20_000)
        {
            camera.Session.TakeRtp(camera.Sound(at), at);
        }

        Assert.Empty(camera.Frames);
        camera.Send(camera.Picture(2_000_000, keyframe: true), 2_000_000);
        camera.Session.TakeRtp(camera.Sound(2_000_000), 2_000_000);
        Assert.Equal([FrameKind.Video, FrameKind.Audio], camera.Frames.Select(frame => frame.Kind));

        var dark = new Camera();
        for (var at = 0L; at < 4_000_000; at += 20_000)
        {
            dark.Session.TakeRtp(dark.Sound(at), at);
        }

        Assert.Equal(50, dark.Frames.Count);
    }

    [Fact]
    public void What_is_lost_is_asked_for_at_once_and_comes_in_its_place()
    {
        var camera = new Camera();
        camera.Send(camera.Picture(0, keyframe: true), 0);
        var damaged = camera.Picture(33_000, keyframe: false);
        camera.Send(damaged.Where((_, index) => index != 1), 33_000);
        Assert.Equal([Camera.SequenceOf(damaged[1])], camera.Sent.Asked());
        camera.Send(camera.Picture(66_000, keyframe: false), 66_000);
        Assert.Single(camera.Pictures);

        camera.Session.TakeRtp(camera.Again(damaged[1]), 90_000);
        Assert.Equal(3, camera.Pictures.Count);
        Assert.Equal(0, camera.Sent.Keyframes());
    }

    [Fact]
    public void A_packet_that_stays_away_is_asked_for_again_and_then_a_keyframe_is()
    {
        var camera = new Camera();
        camera.Send(camera.Picture(0, keyframe: true), 0);
        camera.Send(camera.Picture(33_000, keyframe: false).Skip(1), 33_000);
        for (var now = 33_000L; now < 1_200_000; now += 15_000)
        {
            camera.Send(camera.Picture(now, keyframe: false), now);
            camera.Session.Tick(now);
        }

        Assert.InRange(camera.Sent.Asked().Count, 3, 8);
        Assert.Single(camera.Pictures);
        Assert.InRange(camera.Sent.Keyframes(), 1, 2);

        camera.Send(camera.Picture(1_233_000, keyframe: true), 1_233_000);
        camera.Send(camera.Picture(1_266_000, keyframe: false), 1_266_000);
        Assert.Equal(3, camera.Pictures.Count);
        Assert.True(camera.Pictures[1].IsKeyframe);
    }

    [Fact]
    public void Order_and_doubles_of_the_network_make_no_difference() => Gen.Int[0, 1000].Sample(seed =>
    {
        var camera = new Camera();
        var random = new Random(seed);
        camera.Send(camera.Picture(0, keyframe: true), 0);
        List<byte[]> packets = [.. Enumerable.Range(1, 20).SelectMany(i => camera.Picture(i * 33_000L, keyframe: i == 10))];

        // Each at most some places from where it was, one in five twice.
        var shuffled = packets.Select((packet, index) => (packet, place: index + (random.NextDouble() * 6)))
            .SelectMany(one => random.Next(5) == 0 ? new[] { one, (one.packet, place: one.place + 3) } : [one])
            .OrderBy(one => one.place).Select(one => one.packet);
        camera.Send(shuffled, 40_000);
        Assert.Equal(21, camera.Pictures.Count);
        Assert.Equal(Enumerable.Range(0, 21).Select(i => (byte)(i * 33)), camera.Pictures.Select(picture => picture.Payload.Span[^1]));
    }, iter: 50);

    [Fact]
    public void A_camera_that_turns_makes_another_track()
    {
        var camera = new Camera(640, 360);
        camera.Send(camera.Picture(0, keyframe: true), 0);
        camera.Turn(368, 640);
        camera.Send(camera.Picture(33_000, keyframe: true), 33_000);
        camera.Send(camera.Picture(66_000, keyframe: false), 66_000);
        Assert.Equal([(640, 360), (368, 640), (368, 640)], camera.Pictures.Select(picture => (picture.Track!.Width, picture.Track.Height)));
    }

    [Fact]
    public void Another_source_takes_over_and_the_old_one_is_not_heard_again()
    {
        var camera = new Camera();
        camera.Send(camera.Picture(0, keyframe: true), 0);
        var late = camera.Picture(33_000, keyframe: false);
        camera.VideoSsrc = 1001;
        camera.Send(camera.Picture(66_000, keyframe: true), 66_000);
        camera.Send(late, 70_000);
        camera.Send(camera.Picture(99_000, keyframe: false), 99_000);
        Assert.Equal(3, camera.Pictures.Count);
        Assert.InRange(camera.Pictures[1].Dts - camera.Pictures[0].Dts, 60_000, 70_000);
    }

    [Fact]
    public void Keyframes_are_asked_for_every_two_seconds_and_when_a_viewer_needs_one_but_not_more_than_once_a_second()
    {
        var camera = new Camera();
        var asked = -1;
        void Film(long from, long to)
        {
            for (var now = from; now < to; now += 20_000)
            {
                // As a browser does: a keyframe when it is asked for one, and never else.
                camera.Send(camera.Picture(now, keyframe: asked < camera.Sent.Keyframes()), now);
                asked = camera.Sent.Keyframes();
                camera.Session.Tick(now);
            }
        }

        Film(0, 8_000_000);
        Assert.InRange(camera.Sent.Keyframes(), 3, 4);
        var before = camera.Sent.Keyframes();
        for (var now = 8_000_000L; now < 10_000_000; now += 100_000)
        {
            camera.Broadcast.AskForKeyframe();
            Film(now, now + 100_000);
        }

        Assert.InRange(camera.Sent.Keyframes() - before, 2, 3);
    }

    [Fact]
    public void The_picture_is_moved_to_its_place_beside_the_sound_by_the_sender_s_reports()
    {
        // The picture takes 80 ms longer to arrive than the sound of the same moment.
        var camera = new Camera(limits: new WhipLimits { PictureFirst = 0 });
        long Wall(long at) => 1_700_000_000_000_000 + at;
        for (var at = 0L; at < 3_000_000; at += 20_000)
        {
            camera.Session.TakeRtp(camera.Sound(at), 10_000_000 + at);
            if (at >= 80_000)
            {
                camera.Send(camera.Picture(at - 80_000, keyframe: at == 80_000, size: 400), 10_000_000 + at);
            }

            if (at == 1_000_000)
            {
                // So far by arrival: the picture is 80 ms late.
                var early = camera.Frames;
                Assert.InRange(early.First(frame => frame.Kind == FrameKind.Video).Dts - early[0].Dts, 79_000, 81_000);
                camera.Report(video: true, at, Wall(at));
                camera.Report(video: false, at, Wall(at));
            }
        }

        var pictures = camera.Pictures;
        var sounds = camera.Frames.Where(frame => frame.Kind == FrameKind.Audio).ToList();

        // The newest picture is of the moment of the fifth newest sound.
        Assert.InRange(pictures[^1].Dts - sounds[^5].Dts, -1_000, 1_000);
        Assert.All(pictures.Zip(pictures.Skip(1)), pair => Assert.InRange(pair.Second.Dts - pair.First.Dts, 15_000, 25_000));
    }

    [Fact]
    public void The_sender_is_told_what_arrived_when()
    {
        var camera = new Camera();
        for (var now = 0L; now < 200_000; now += 20_000)
        {
            camera.Send(camera.Picture(now, keyframe: now == 0, size: 500), now);
            camera.Session.Tick(now);
        }

        Dictionary<ushort, long> arrivals = [];
        foreach (var (_, _, body) in camera.Sent.Feedback().Where(packet => packet is { Type: RtcpType.TransportFeedback, Count: RtcpFeedback.TransportCc }))
        {
            Assert.True(TransportCc.TryRead(body, (sequence, at) => arrivals.Add(sequence, at)));
        }

        Assert.InRange(arrivals.Count, 7, 10);
        Assert.All(arrivals, arrival => Assert.InRange(arrival.Value - (arrival.Key * 20_000), -250, 250));
    }

    [Fact]
    public void Reports_say_what_was_lost_and_how_much_may_be_sent()
    {
        var camera = new Camera();
        for (var i = 0; i < 100; i++)
        {
            var packets = camera.Picture(i * 20_000L, keyframe: i == 0, size: 500);
            camera.Send(i % 4 == 3 ? [] : packets, i * 20_000L);
            camera.Session.Tick(i * 20_000L);
        }

        var (_, count, report) = camera.Sent.Feedback().Last(packet => packet is { Type: RtcpType.ReceiverReport, Count: > 0 });
        Assert.Equal(1, count);
        Assert.True(ReportBlock.TryRead(report.AsSpan(4), 0, out var block));
        Assert.Equal(1000u, block.Ssrc);
        Assert.InRange(block.FractionLost, 55, 72);
        var (_, _, remb) = camera.Sent.Feedback().Last(packet => packet is { Type: RtcpType.PayloadFeedback, Count: RtcpFeedback.ApplicationLayer });
        Assert.True(RtcpFeedbackReader.TryRemb(remb, out var bitrate));
        Assert.InRange(bitrate, 7_900_000ul, 8_100_000ul);
    }

    [Fact]
    public void Nonsense_is_dropped_and_the_next_keyframe_heals()
    {
        var camera = new Camera();
        camera.Send(camera.Picture(0, keyframe: true), 0);
        var broken = camera.Picture(33_000, keyframe: false);
        RtpHeader.TryRead(broken[0], out var header);
        broken[0][header.HeaderLength] = 0x1d;
        camera.Send(broken, 33_000);
        camera.Send(camera.Picture(66_000, keyframe: false), 66_000);
        camera.Send(camera.Picture(99_000, keyframe: true), 99_000);
        Assert.Equal([true, true], camera.Pictures.Select(picture => picture.IsKeyframe));
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            camera.Session.TakeRtp(bytes, 100_000);
            camera.Session.TakeRtcp(bytes, 100_000);
        }, iter: 500);
    }

    [Fact]
    public void A_replaced_publisher_is_told()
    {
        var camera = new Camera();
        camera.Send(camera.Picture(0, keyframe: true), 0);
        Assert.True(camera.Session.GoesOn);
        camera.Broadcast.Publish(new PublisherInfo("RTMP", ""));
        camera.Send(camera.Picture(33_000, keyframe: false), 33_000);
        Assert.False(camera.Session.GoesOn);
    }
}
