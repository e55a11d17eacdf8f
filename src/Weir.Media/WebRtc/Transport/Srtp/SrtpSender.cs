using System.Buffers.Binary;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>Protects what one side sends. For one thread at a time.</summary>
internal sealed class SrtpSender(SrtpCipher cipher) : IDisposable
{
    /// <summary>Far beyond what one session sends; a bound against our own mistakes.</summary>
    private const int MaxStreams = 32;

    private readonly StreamNumbers _streams = new(MaxStreams);
    private uint _rtcpIndex;

    /// <summary>
    /// A sequence number that was used before is refused: under GCM a second packet with the same number gives the authentication key away (RFC 7714
    /// 10.1).
    /// </summary>
    /// <returns>The length, or 0 for what cannot be sent.</returns>
    public int ProtectRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, Span<byte> to)
    {
        if (header.Length < RtpHeader.MinLength || header.Length + payload.Length + SrtpCipher.MaxOverhead > to.Length)
        {
            return 0;
        }

        var ssrc = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        var stream = _streams.Find(ssrc) ?? _streams.Add(ssrc);
        if (stream is null)
        {
            return 0;
        }

        var index = stream.Guess(BinaryPrimitives.ReadUInt16BigEndian(header[2..]));
        if (!stream.Window.IsFresh(index))
        {
            return 0;
        }

        stream.Window.Take(index);
        return cipher.SealRtp(header, payload, ssrc, index, to);
    }

    public int ProtectRtcp(ReadOnlySpan<byte> compound, Span<byte> to)
    {
        if (compound.Length < SrtpCipher.RtcpHeaderLength || compound.Length + SrtpCipher.MaxOverhead > to.Length || _rtcpIndex == int.MaxValue)
        {
            return 0;
        }

        // RFC 3711 3.4: 31 bits, never the same twice; the same counter for all of our SSRCs is only stricter.
        return cipher.SealRtcp(compound, BinaryPrimitives.ReadUInt32BigEndian(compound[4..]), ++_rtcpIndex, to);
    }

    public void Dispose() => cipher.Dispose();
}
