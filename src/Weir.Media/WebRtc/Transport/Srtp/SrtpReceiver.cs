using System.Buffers.Binary;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Transport.Srtp;

internal enum SrtpVerdict
{
    Good,
    Malformed,
    Replayed,
    Forged,
    TooManyStreams,
}

/// <summary>Opens what the other side sends. For one thread at a time. Nothing is remembered of packets that are not authentic.</summary>
internal sealed class SrtpReceiver(SrtpCipher cipher) : IDisposable
{
    /// <summary>Video, sound, their retransmissions and layers, and some more after a restart of tracks.</summary>
    public const int MaxStreams = 32;

    private readonly StreamNumbers _rtp = new(MaxStreams);
    private readonly StreamNumbers _rtcp = new(MaxStreams);

    /// <summary>Decrypts in place; the first <paramref name="length"/> bytes are the packet.</summary>
    public SrtpVerdict UnprotectRtp(Span<byte> packet, out int length)
    {
        length = 0;
        if (!RtpHeader.TryRead(packet, out var header))
        {
            return SrtpVerdict.Malformed;
        }

        var stream = _rtp.Find(header.Ssrc);
        var index = stream?.Guess(header.Sequence) ?? header.Sequence;
        if (stream is not null && !stream.Window.IsFresh(index))
        {
            return SrtpVerdict.Replayed;
        }

        if (!cipher.TryOpenRtp(packet, header.HeaderLength, header.Ssrc, index, out length))
        {
            return SrtpVerdict.Forged;
        }

        stream ??= _rtp.Add(header.Ssrc);
        stream?.Window.Take(index);
        return stream is null ? SrtpVerdict.TooManyStreams : SrtpVerdict.Good;
    }

    public SrtpVerdict UnprotectRtcp(Span<byte> packet, out int length)
    {
        length = 0;
        if (!cipher.TryReadRtcpIndex(packet, out var index) || packet[0] >> 6 != 2)
        {
            return SrtpVerdict.Malformed;
        }

        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        var stream = _rtcp.Find(ssrc);
        if (stream is not null && !stream.Window.IsFresh(index))
        {
            return SrtpVerdict.Replayed;
        }

        if (!cipher.TryOpenRtcp(packet, ssrc, index, out length))
        {
            return SrtpVerdict.Forged;
        }

        stream ??= _rtcp.Add(ssrc);
        stream?.Window.Take(index);
        return stream is null ? SrtpVerdict.TooManyStreams : SrtpVerdict.Good;
    }

    public void Dispose() => cipher.Dispose();
}
