using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Fuzz;

/// <summary>What a WebRTC peer sends when it is connected: packets, each behind a byte that says what it is and a length of one
/// byte.</summary>
internal static class RtpTalk
{
    private const byte Rtp = 0;
    private const byte Rtcp = 1;
    private const byte Pause = 2;

    /// <summary>Set: the packet is sealed with the right keys before it is opened.</summary>
    private const byte Sealed = 4;

    private static readonly SrtpMaster Master = new(new byte[SrtpMaster.KeyLength], new byte[12]);
    private static readonly SrtpMaster LongMaster = new(new byte[SrtpMaster.KeyLength], new byte[14]);

    /// <summary>A publisher's packets, decrypted, to the session behind them. Where the kind says so, time passes instead.</summary>
    public static void Publish(ReadOnlySpan<byte> bytes)
    {
        var broadcast = new Broadcast(Guid.Empty, new TimelineLimits(), TimeProvider.System);
        var publisher = broadcast.Publish(new PublisherInfo("whip", "fuzz"))!;
        var video = new RtcMedia(0, "0", TrackKind.Video, 96) { RtxPayloadType = 97, Feedback = ["nack", "nack pli", "goog-remb"],
            TransportCcExtension = 3 };
        var audio = new RtcMedia(1, "1", TrackKind.Audio, 111) { Feedback = ["nack"], TransportCcExtension = 3 };
        var session = new WhipSession(publisher, video, audio, Nowhere.Instance, new WhipLimits { PictureFirst = 0 }, NullLogger.Instance);
        long now = 1_000_000;
        while (TryTake(ref bytes, out var kind, out var packet))
        {
            now += 1000;
            switch (kind & 3)
            {
                case Rtp:
                    session.TakeRtp(packet, now);
                    break;
                case Rtcp:
                    session.TakeRtcp(packet, now);
                    break;
                default:
                    now += packet.Length * 10_000;
                    session.Tick(now);
                    break;
            }
        }

        session.Tick(now + 2_000_000);
        broadcast.End();
    }

    /// <summary>Under both profiles. What was sealed with the right keys opens as it was, the first time.</summary>
    public static void Open(ReadOnlySpan<byte> bytes)
    {
        Span<byte> wire = stackalloc byte[256 + SrtpCipher.MaxOverhead];
        foreach (var (profile, master) in new[] { (SrtpProfile.AeadAes128Gcm, Master), (SrtpProfile.Aes128CmHmacSha1_80, LongMaster) })
        {
            using var sealing = SrtpCipher.Create(profile, master);
            using var receiver = new SrtpReceiver(SrtpCipher.Create(profile, master));
            var rest = bytes;
            uint index = 0;
            while (TryTake(ref rest, out var kind, out var packet))
            {
                var length = packet.Length;
                packet.CopyTo(wire);
                if ((kind & Sealed) != 0)
                {
                    length = Seal(sealing, (kind & 1) == Rtp, packet, ++index, wire);
                }

                var verdict = (kind & 1) == Rtp ? receiver.UnprotectRtp(wire[..length], out var opened)
                    : receiver.UnprotectRtcp(wire[..length], out opened);
                if (verdict == SrtpVerdict.Good && ((kind & Sealed) == 0 || !wire[..opened].SequenceEqual(packet)))
                {
                    throw new InvalidOperationException("A packet that was not sealed opens, or it opens as another.");
                }
            }
        }
    }

    public static IReadOnlyList<byte[]> Seeds()
    {
        byte[] sets = [0x78, 0, 4, 0x67, 0x42, 0xE0, 0x1F, 0, 4, 0x68, 0xCE, 0x3C, 0x80];
        byte[] report = [0x80, 200, 0, 6, 0, 0, 0, 9, 0xE0, 0, 0, 0, 0x80, 0, 0, 0, 0, 1, 0x5F, 0x90, 0, 0, 0, 5, 0, 0, 1, 0];
        byte[] whole =
        [
            .. Packet(Rtp, Media(96, 1, 9, sets)), .. Packet(Rtp, Media(96, 2, 9, [0x7C, 0x85, 1, 2])), .. Packet(Rtp, Media(0x80 | 96, 3,
                9, [0x7C, 0x45, 3])),
            .. Packet(Rtp, Media(111, 1, 8, [0xFC, 1, 2])), .. Packet(Rtcp, report), .. Packet(Pause, new byte[3]),
            .. Packet(Rtp, Media(0x80 | 96, 5, 9, [0x41, 1])), .. Packet(Pause, new byte[1]), .. Packet(Rtp, Media(97, 1, 10, [0, 4, 0x41,
                2])), .. Packet(Pause, new byte[60]),
        ];
        byte[] extended = [0x90, 0x80 | 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0xBE, 0xDE, 0, 1, 0x31, 0, 7, 0, 0x41, 1];
        return [whole, [.. Packet(Rtp, extended), .. Packet(Pause, [0])]];
    }

    public static IReadOnlyList<byte[]> SealedSeeds() =>
    [
        [
            .. Packet(Rtp | Sealed, Media(96, 1, 9, [1, 2, 3])), .. Packet(Rtp | Sealed, Media(96, 0xFFFF, 9, [4])),
                .. Packet(Rtcp | Sealed, [0x80, 200, 0, 1, 0, 0, 0, 9, 1, 2]),
            .. Packet(Rtp, Media(96, 3, 9, new byte[20])), .. Packet(Rtcp, [0x80, 200, 0, 1, 0, 0, 0, 9, .. new byte[20]]),
        ],
    ];

    private static int Seal(SrtpCipher cipher, bool isRtp, ReadOnlySpan<byte> packet, uint index, Span<byte> wire)
    {
        if (isRtp && RtpHeader.TryRead(packet, out var header))
        {
            return cipher.SealRtp(packet[..header.HeaderLength], packet[header.HeaderLength..], header.Ssrc, header.Sequence, wire);
        }

        return !isRtp && packet.Length >= SrtpCipher.RtcpHeaderLength
            ? cipher.SealRtcp(packet, BinaryPrimitives.ReadUInt32BigEndian(packet[4..]), index, wire)
            : packet.Length;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out byte kind, out ReadOnlySpan<byte> packet)
    {
        kind = 0;
        packet = default;
        if (rest.Length < 2)
        {
            return false;
        }

        kind = rest[0];
        packet = rest.Slice(2, Math.Min(rest[1], rest.Length - 2));
        rest = rest[(2 + packet.Length)..];
        return true;
    }

    private static byte[] Packet(int kind, byte[] bytes) => [(byte)kind, (byte)bytes.Length, .. bytes];

    private static byte[] Media(int type, ushort sequence, uint ssrc, byte[] payload) =>
        [0x80, (byte)type, (byte)(sequence >> 8), (byte)sequence, 0, 0, (byte)(sequence >> 4), 0, 0, 0, 0, (byte)ssrc, .. payload];

    private sealed class Nowhere : IRtcOutput
    {
        public static readonly Nowhere Instance = new();

        public bool SendRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) => true;

        public bool SendRtcp(ReadOnlySpan<byte> compound) => true;
    }
}
