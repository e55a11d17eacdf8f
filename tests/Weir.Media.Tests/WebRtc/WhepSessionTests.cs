using System.Buffers.Binary;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Sending;

namespace Weir.Media.Tests.WebRtc;

public sealed class WhepSessionTests
{
    private static readonly RtcMedia Video = new(0, "0", TrackKind.Video, 108)
    {
        RtxPayloadType = 109, Feedback = ["nack", "nack pli", "ccm fir"], MidExtension = 9, AbsSendTimeExtension = 2, PlayoutDelayExtension = 5,
    };

    private static readonly RtcMedia Audio = new(1, "1", TrackKind.Audio, 111) { MidExtension = 9 };
    private readonly Camera _camera = new();
    private readonly SentPackets _sent = new();
    private readonly RtcSources _sources = WhepSession.NewSources();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    [Fact]
    public void A_viewer_begins_at_the_newest_keyframe_and_catches_up_in_a_moment()
    {
        Publish(0, 60);
        var session = Join();
        Assert.Equal(WhepSession.Never, Run(session, 10_000_000));

        // The keyframe at 1 s and the 29 pictures since: the past in 20 ms.
        var pictures = Pictures();
        Assert.Equal(30, pictures.Count);
        Assert.InRange(pictures[^1].Timestamp - pictures[0].Timestamp, 0u, 90u * 40);
        Assert.True(pictures.Zip(pictures.Skip(1)).All(pair => pair.Second.Timestamp > pair.First.Timestamp));
        Assert.Contains((byte)7, Types(pictures[0]));

        // From there on in real time.
        Publish(60, 75);
        Run(session, 10_500_000);
        pictures = Pictures();
        Assert.InRange(pictures[^1].Timestamp - pictures[^2].Timestamp, 2990u, 3010u);
    }

    [Fact]
    public void Old_sound_is_not_sent_and_new_sound_is()
    {
        Publish(0, 20);
        var session = Join();
        Run(session, 0);
        Assert.DoesNotContain(_sent.Rtp, packet => Header(packet).PayloadType == 111);
        Publish(20, 25);
        Run(session, 100_000);
        var sounds = _sent.Rtp.Select(Header).Where(header => header.PayloadType == 111).ToList();
        Assert.Equal(5, sounds.Count);
        Assert.Equal([true, false, false, false, false], sounds.Select(header => header.Marker));
        Assert.All(sounds, header => Assert.Equal(_sources.Audio, header.Ssrc));
    }

    [Fact]
    public void Payloads_are_built_once_and_shared_by_all_viewers()
    {
        Publish(0, 2);
        var frame = _camera.Pictures[0];
        Assert.Same(RtpPayloads.Of.Of(frame), RtpPayloads.Of.Of(frame));
        var (first, second) = (Join(), Join());
        var other = new SentPackets();
        Run(first, 0);
        second.Pump(other, 0);
        Assert.Equal(_sent.Rtp.Select(packet => Convert.ToHexString(packet.AsSpan(Header(packet).HeaderLength))), other.Rtp.Select(packet => Convert.ToHexString(packet.AsSpan(Header(packet).HeaderLength))));
    }

    [Fact]
    public void What_a_viewer_lost_comes_again_as_a_retransmission()
    {
        Publish(0, 5);
        var session = Join();
        Run(session, 0);
        var lost = _sent.Rtp[2];
        session.TakeRtcp(Nack(Camera.SequenceOf(lost)), 50_000);
        var again = _sent.Rtp[^1];
        var header = Header(again);
        Assert.Equal((109, _sources.VideoRtx, Header(lost).Timestamp, Header(lost).Marker), (header.PayloadType, header.Ssrc, header.Timestamp, header.Marker));
        Assert.Equal(Camera.SequenceOf(lost), BinaryPrimitives.ReadUInt16BigEndian(again.AsSpan(header.HeaderLength)));
        Assert.Equal(lost.AsSpan(Header(lost).HeaderLength), again.AsSpan(header.HeaderLength + 2));

        // The request repeats before the answer can have arrived; later it is answered anew, as the third with two; what is too old is not.
        var count = _sent.Rtp.Count;
        session.TakeRtcp(Nack(Camera.SequenceOf(lost)), 55_000);
        Assert.Equal(count, _sent.Rtp.Count);
        session.TakeRtcp(Nack(Camera.SequenceOf(lost)), 90_000);
        Assert.Equal(count + 2, _sent.Rtp.Count);
        session.TakeRtcp(Nack(Camera.SequenceOf(lost)), 3_000_000);
        Assert.Equal(count + 2, _sent.Rtp.Count);
    }

    [Theory]
    // Reports that come with requests: of the four packets since the last one a quarter is missing, of all of them a twentieth.
    [InlineData(4, 64, 5, true)]
    [InlineData(100, 13, 5, true)]
    // A fifth and more of many packets, again and again.
    [InlineData(100, 64, 25, false)]
    public void Pictures_go_on_unless_a_fifth_of_many_packets_is_lost(int packets, byte fraction, int percent, bool goesOn)
    {
        Publish(0, 5);
        var session = Join();
        Run(session, 0);
        for (var sent = 1000; sent < 2000; sent += packets)
        {
            session.TakeRtcp(Report((uint)sent, sent * percent / 100, fraction), 50_000);
        }

        var before = Pictures().Count;
        Publish(5, 20);
        Run(session, 400_000);
        Assert.Equal(goesOn, Pictures().Count > before);
        // Whoever waits goes on with the next keyframe.
        Publish(20, 40);
        Run(session, 1_200_000);
        Assert.True(Pictures().Count > before);
    }

    [Fact]
    public void A_viewer_that_loses_packets_is_asked_to_keep_pictures_back()
    {
        Publish(0, 5);
        var session = Join();
        Run(session, 0);
        Assert.Equal((0, 0), Kept(_sent.Rtp[^1]));
        foreach (var packet in _sent.Rtp.Where(packet => Header(packet).PayloadType == 108).Take(3).ToList())
        {
            session.TakeRtcp(Nack(Camera.SequenceOf(packet)), 50_000);
        }

        Publish(5, 50);
        Run(session, 200_000);
        var (least, most) = Kept(_sent.Rtp.Last(packet => Header(packet).PayloadType == 108));
        Assert.InRange(least, 40, 50);
        Assert.Equal(100, most);
    }

    [Fact]
    public void On_a_bad_network_what_was_lost_comes_twice()
    {
        Publish(0, 5);
        var session = Join();
        Run(session, 0);
        var lost = _sent.Rtp.Where(packet => Header(packet).PayloadType == 108).Take(4).ToList();
        var copies = lost.ConvertAll(packet =>
        {
            var before = _sent.Rtp.Count;
            session.TakeRtcp(Nack(Camera.SequenceOf(packet)), 50_000);
            return _sent.Rtp.Skip(before).ToList();
        });

        // The third request shows how bad it is.
        Assert.Equal([1, 1, 2, 2], copies.Select(packets => packets.Count));
        var (first, second) = (Header(copies[3][0]), Header(copies[3][1]));
        Assert.Equal(first.Sequence + 1, second.Sequence);
        Assert.Equal(copies[3][0].AsSpan(first.HeaderLength), copies[3][1].AsSpan(second.HeaderLength));
    }

    [Fact]
    public void A_viewer_that_loses_more_than_can_be_mended_waits_for_the_next_keyframe()
    {
        Publish(0, 30, size: 9000);
        var session = Join();
        Run(session, 0);
        foreach (var packet in _sent.Rtp.ToList())
        {
            session.TakeRtcp(Nack(Camera.SequenceOf(packet)), 10_000);
        }

        var before = Pictures().Count;
        Publish(30, 35, keyframes: false);
        Run(session, 400_000);
        Assert.Equal(before, Pictures().Count);
        Publish(35, 40, keyframeAt: 37);
        Run(session, 500_000);
        Assert.Equal(before + 3, Pictures().Count);
    }

    [Fact]
    public void A_keyframe_leaves_at_a_pace()
    {
        Publish(0, 1, size: 60_000);
        var session = Join();
        var due = session.Pump(_sent, 0);
        Assert.InRange(due, 1_000, 10_000);
        var first = _sent.Rtp.Count;
        Assert.InRange(first, 10, 40);
        var last = Run(session, due);
        Assert.Equal(WhepSession.Never, last);
        Assert.True(_sent.Rtp.Count > 50);
        Assert.Equal(_sent.Rtp.Last(packet => Header(packet).PayloadType == 108), _sent.Rtp.First(packet => Header(packet) is { PayloadType: 108, Marker: true }));
        Assert.Single(Pictures());
    }

    [Fact]
    public void A_viewer_s_request_for_a_keyframe_reaches_the_camera()
    {
        Publish(0, 30);
        var session = Join();
        Run(session, 0);
        var before = _camera.Sent.Keyframes();
        var buffer = new byte[100];
        var writer = new RtcpWriter(buffer);
        writer.ReceiverReport(7, []);
        writer.Pli(7, _sources.Video);
        session.TakeRtcp(buffer.AsSpan(0, writer.Length), 1_000_000);
        _camera.Session.Tick(1_200_000);
        Assert.Equal(before + 1, _camera.Sent.Keyframes());
    }

    [Fact]
    public void Reports_put_sound_and_picture_on_one_clock()
    {
        Publish(0, 3);
        var session = Join();
        Run(session, 2_000_000);
        _time.Advance(TimeSpan.FromSeconds(1));
        Publish(3, 33);
        Run(session, 3_000_000);
        var reports = _sent.Feedback().Where(packet => packet.Type == RtcpType.SenderReport).Select(packet =>
        {
            Assert.True(SenderReport.TryRead(packet.Body, out var report));
            return report;
        }).ToList();
        var video = reports.Last(report => report.Ssrc == _sources.Video);
        var audio = reports.Last(report => report.Ssrc == _sources.Audio);
        Assert.Equal(video.Ntp, audio.Ntp);

        // The newest picture and the newest sound are of one moment; both reports must place them there.
        var picture = Header(_sent.Rtp.Last(packet => Header(packet) is { PayloadType: 108, Marker: true }));
        var sound = Header(_sent.Rtp.Last(packet => Header(packet).PayloadType == 111));
        var pictureAt = (int)(picture.Timestamp - video.Timestamp) / 90.0;
        var soundAt = (int)(sound.Timestamp - audio.Timestamp) / 48.0;
        Assert.InRange(pictureAt - soundAt, -1, 1);
    }

    [Fact]
    public void An_interruption_moves_the_clock_on()
    {
        Publish(0, 10);
        var session = Join();
        Run(session, 0);
        var before = Pictures()[^1].Timestamp;
        _camera.Publisher.Dispose();
        var second = _camera.Broadcast.Publish(new PublisherInfo("WHIP", ""))!;
        second.Video(_camera.Pictures[0].Track!, 0, 0, keyframe: true, _camera.Pictures[0].Payload);
        Run(session, 30_000_000);
        Assert.InRange((Pictures()[^1].Timestamp - before) / 90_000.0, 29.5, 30.5);
    }

    [Fact]
    public void Pictures_out_of_order_and_other_codecs_end_the_session()
    {
        Publish(0, 2);
        var session = Join();
        Run(session, 0);
        var track = _camera.Pictures[0].Track!;
        long next = 66_000;
        foreach (var (dts, cts) in new[] { (next, 99_000L), (next + 33_000, 0), (next + 66_000, 33_000) })
        {
            _camera.Publisher.Video(track, dts, cts, keyframe: false, _camera.Pictures[0].Payload);
        }

        Run(session, 100_000);
        Assert.Equal(WhepEnd.Reordered, session.End);
        Assert.Equal(WhepEnd.Reordered, WhepSession.CanPlay(_camera.Broadcast.Timeline));

        var other = new Camera();
        other.Send(other.Picture(0, keyframe: true), 0);
        var viewer = new WhepSession(other.Broadcast, other.Broadcast.Timeline, Video, Audio, _sources, _sent, new WhepLimits(), _time);
        other.Publisher.Video(track with { Codec = Codec.Hevc }, 40_000, 0, keyframe: true, _camera.Pictures[0].Payload);
        Run(viewer, 0);
        Assert.Equal(WhepEnd.UnsupportedCodec, viewer.End);
    }

    [Fact]
    public void The_end_of_the_broadcast_ends_the_session_when_all_was_sent()
    {
        Publish(0, 3);
        var session = Join();
        _camera.Broadcast.End();
        Run(session, 0);
        Assert.Equal(WhepEnd.Ended, session.End);
        Assert.Equal(3, Pictures().Count);
    }

    private WhepSession Join() => new(_camera.Broadcast, _camera.Broadcast.Timeline, Video, Audio, _sources, _sent, new WhepLimits(), _time);

    /// <summary>Pictures and sound of 30 a second; a keyframe every second.</summary>
    private void Publish(int from, int to, int size = 3000, bool keyframes = true, int keyframeAt = -1)
    {
        for (var i = from; i < to; i++)
        {
            var at = i * 33_333L;
            _camera.Send(_camera.Picture(at, keyframeAt >= 0 ? i == keyframeAt : keyframes && i % 30 == 0, size), at);
            _camera.Session.TakeRtp(_camera.Sound(at), at);
        }
    }

    /// <summary>What the playout-delay extension says, tens of milliseconds.</summary>
    private static (int Least, int Most) Kept(byte[] packet)
    {
        if (!RtpExtensions.TryFind(Header(packet), packet, 5, out var value))
        {
            return default;
        }

        return ((value[0] << 4) | (value[1] >> 4), ((value[1] & 15) << 8) | value[2]);
    }

    private long Run(WhepSession session, long now)
    {
        for (var round = 0; round < 1000; round++)
        {
            var due = session.Pump(_sent, now);
            if (due == WhepSession.Never)
            {
                return due;
            }

            now = due;
        }

        return now;
    }

    private List<RtpHeader> Pictures() => [.. _sent.Rtp.Select(Header).Where(header => header is { PayloadType: 108, Marker: true })];

    private List<byte> Types(RtpHeader of)
    {
        var depacketized = _sent.Rtp.Where(packet => Header(packet).Timestamp == of.Timestamp && Header(packet).PayloadType == 108)
            .Select(packet => packet[Header(packet).HeaderLength..]).First();
        return (depacketized[0] & 0x1f) == 24 ? [(byte)(depacketized[3] & 0x1f)] : [(byte)(depacketized[0] & 0x1f)];
    }

    private byte[] Report(uint highest, int lost, byte fraction)
    {
        var buffer = new byte[100];
        var writer = new RtcpWriter(buffer);
        writer.ReceiverReport(7, [new ReportBlock(_sources.Video, fraction, lost, highest, 0, 0, 0)]);
        return buffer[..writer.Length];
    }

    private byte[] Nack(ushort sequence)
    {
        var buffer = new byte[100];
        var writer = new RtcpWriter(buffer);
        writer.ReceiverReport(7, []);
        writer.Nack(7, _sources.Video, [sequence]);
        return buffer[..writer.Length];
    }

    private static RtpHeader Header(byte[] packet) => RtpHeader.TryRead(packet, out var header) ? header : throw new InvalidOperationException("No RTP packet.");
}
