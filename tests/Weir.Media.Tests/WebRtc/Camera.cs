using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;

namespace Weir.Media.Tests.WebRtc;

/// <summary>What a session sent.</summary>
internal sealed class SentPackets : IRtcOutput
{
    public List<byte[]> Rtp { get; } = [];

    public List<byte[]> Rtcp { get; } = [];

    /// <summary>Called at each RTP packet, for networks that lose some.</summary>
    public Action<byte[]>? OnRtp { get; set; }

    public bool SendRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        byte[] packet = [.. header, .. payload];
        Rtp.Add(packet);
        OnRtp?.Invoke(packet);
        return true;
    }

    public bool SendRtcp(ReadOnlySpan<byte> compound)
    {
        Rtcp.Add(compound.ToArray());
        return true;
    }

    public IEnumerable<(byte Type, byte Count, byte[] Body)> Feedback()
    {
        foreach (var compound in Rtcp)
        {
            List<(byte, byte, byte[])> found = [];
            var reader = new RtcpReader(compound);
            while (reader.MoveNext())
            {
                found.Add((reader.Type, reader.Count, reader.Body.ToArray()));
            }

            foreach (var one in found)
            {
                yield return one;
            }
        }
    }

    public int Keyframes() => Feedback().Count(packet => packet is { Type: RtcpType.PayloadFeedback, Count: RtcpFeedback.Pli });

    public List<ushort> Asked()
    {
        List<ushort> asked = [];
        foreach (var (_, _, body) in Feedback().Where(packet => packet is { Type: RtcpType.TransportFeedback, Count: RtcpFeedback.Nack }))
        {
            var missing = new ushort[512];
            asked.AddRange(missing[..RtcpFeedbackReader.ReadNack(body, missing)]);
        }

        return asked;
    }
}

/// <summary>A camera and a microphone that publish by RTP into a broadcast, without a network.</summary>
internal sealed class Camera
{
    public const byte VideoType = 102;
    public const byte RtxType = 103;
    public const byte AudioType = 111;
    private ushort _videoSequence;
    private ushort _audioSequence = 65530;
    private ushort _rtxSequence;
    private ushort _transport;
    private byte[] _sps;

    public Camera(int width = 640, int height = 360, ushort firstSequence = 65500, uint firstTimestamp = 0xffff_0000, WhipLimits? limits = null)
    {
        Broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits(), new FakeTimeProvider());
        Publisher = Broadcast.Publish(new PublisherInfo("WHIP", ""))!;
        Session = new WhipSession(Publisher, VideoMedia, AudioMedia, Sent, limits ?? new WhipLimits(), NullLogger.Instance);
        _videoSequence = firstSequence;
        FirstTimestamp = firstTimestamp;
        _sps = Sps(width, height);
    }

    public static RtcMedia VideoMedia { get; } = new(0, "0", TrackKind.Video, VideoType)
    {
        RtxPayloadType = RtxType, Feedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"], TransportCcExtension = 4, MidExtension = 9,
    };

    public static RtcMedia AudioMedia { get; } = new(1, "1", TrackKind.Audio, AudioType) { TransportCcExtension = 4, MidExtension = 9 };

    public Broadcast Broadcast { get; }

    public Publisher Publisher { get; }

    public WhipSession Session { get; }

    public SentPackets Sent { get; } = new();

    public uint FirstTimestamp { get; }

    public uint VideoSsrc { get; set; } = 1000;

    public List<Frame> Frames
    {
        get
        {
            List<Frame> frames = [];
            for (var index = Broadcast.Timeline.Log.First; index < Broadcast.Timeline.Log.Next; index++)
            {
                if (Broadcast.Timeline.Log.TryGet(index, out var frame) && frame.Kind != FrameKind.Event)
                {
                    frames.Add(frame);
                }
            }

            return frames;
        }
    }

    public List<Frame> Pictures => [.. Frames.Where(frame => frame.Kind == FrameKind.Video)];

    public void Turn(int width, int height) => _sps = Sps(width, height);

    /// <summary>The packets of a picture at a media time, not yet sent.</summary>
    public List<byte[]> Picture(long at, bool keyframe, int size = 3000)
    {
        var body = new byte[size];
        body.AsSpan().Fill((byte)(at / 1000));
        body[0] = keyframe ? (byte)0x65 : (byte)0x41;
        byte[] picture = [0, 0, (byte)(size >> 8), (byte)size, .. body];
        var payloads = H264Packetizer.Packetize(keyframe ? [_sps, Pps] : [], picture, 1100);
        return [.. payloads.Select((payload, index) => Packet(VideoType, _videoSequence++, VideoTimestamp(at), VideoSsrc, payload, index == payloads.Count - 1))];
    }

    public byte[] Sound(long at) => Packet(AudioType, _audioSequence++, (uint)(at * 48 / 1000), 2000, [0x78, 1, 2, 3], marker: false);

    /// <summary>RFC 4588: the packet again.</summary>
    public byte[] Again(byte[] packet)
    {
        RtpHeader.TryRead(packet, out var header);
        return Packet(RtxType, _rtxSequence++, header.Timestamp, 3000, [(byte)(header.Sequence >> 8), (byte)header.Sequence, .. packet[header.HeaderLength..]], header.Marker);
    }

    public uint VideoTimestamp(long at) => FirstTimestamp + (uint)(at * 90 / 1000);

    public void Send(IEnumerable<byte[]> packets, long arrival)
    {
        foreach (var packet in packets)
        {
            Session.TakeRtp(packet, arrival);
        }
    }

    public void Report(bool video, long at, long wall)
    {
        var buffer = new byte[64];
        var writer = new RtcpWriter(buffer);
        var ntp = RtcClock.ToNtp(DateTimeOffset.UnixEpoch.AddTicks(wall * 10));
        writer.SenderReport(new SenderReport(video ? VideoSsrc : 2000, ntp, video ? VideoTimestamp(at) : (uint)(at * 48 / 1000), 1, 1));
        Session.TakeRtcp(buffer.AsSpan(0, writer.Length), wall);
    }

    public static ushort SequenceOf(byte[] packet) => BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2));

    private static byte[] Pps { get; } = [0x68, 0xce, 0x3c, 0x80];

    private byte[] Packet(byte type, ushort sequence, uint timestamp, uint ssrc, byte[] payload, bool marker)
    {
        var header = new byte[64];
        var extensions = new RtpExtensionWriter(header.AsSpan(RtpHeader.MinLength));
        extensions.Add(4, [(byte)(_transport >> 8), (byte)_transport]);
        _transport++;
        var length = extensions.Finish();
        RtpHeader.Write(header, marker, type, sequence, timestamp, ssrc, hasExtensions: true);
        return [.. header[..(RtpHeader.MinLength + length)], .. payload];
    }

    /// <summary>A baseline sequence parameter set, bit by bit (ITU-T H.264 7.3.2.1.1).</summary>
    public static byte[] Sps(int width, int height)
    {
        var bits = new System.Text.StringBuilder();
        void Ue(int value)
        {
            var text = Convert.ToString(value + 1, 2);
            bits.Append('0', text.Length - 1).Append(text);
        }

        Ue(0);
        Ue(0);
        Ue(2);
        Ue(1);
        bits.Append('0');
        Ue((width / 16) - 1);
        Ue(((height + 15) / 16) - 1);
        bits.Append("11");
        var cropped = ((height + 15) / 16 * 16) - height;
        bits.Append(cropped > 0 ? '1' : '0');
        if (cropped > 0)
        {
            Ue(0);
            Ue(0);
            Ue(0);
            Ue(cropped / 2);
        }

        bits.Append("01");
        bits.Append('0', (8 - (bits.Length % 8)) % 8);
        var text = bits.ToString();
        return [0x67, 0x42, 0xe0, 0x1f, .. Enumerable.Range(0, text.Length / 8).Select(i => Convert.ToByte(text.Substring(i * 8, 8), 2))];
    }
}
