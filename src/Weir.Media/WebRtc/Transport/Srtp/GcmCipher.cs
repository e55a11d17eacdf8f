using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>AEAD_AES_128_GCM (RFC 7714).</summary>
internal sealed class GcmCipher : SrtpCipher
{
    private const int TagLength = 16;
    private const int SaltLength = 12;

    private readonly AesGcm _rtp;
    private readonly AesGcm _rtcp;
    private readonly byte[] _rtpSalt;
    private readonly byte[] _rtcpSalt;

    public GcmCipher(SrtpMaster master)
        : this(
            KeyDerivation.Derive(master, KeyDerivation.RtpEncryption, SrtpMaster.KeyLength),
            KeyDerivation.Derive(master, KeyDerivation.RtpSalt, SaltLength),
            KeyDerivation.Derive(master, KeyDerivation.RtcpEncryption, SrtpMaster.KeyLength),
            KeyDerivation.Derive(master, KeyDerivation.RtcpSalt, SaltLength))
    {
    }

    /// <summary>From session keys.</summary>
    internal GcmCipher(byte[] rtpKey, byte[] rtpSalt, byte[] rtcpKey, byte[] rtcpSalt)
    {
        _rtp = new AesGcm(rtpKey, TagLength);
        _rtcp = new AesGcm(rtcpKey, TagLength);
        _rtpSalt = rtpSalt;
        _rtcpSalt = rtcpSalt;
    }

    public override int SealRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, uint ssrc, long index, Span<byte> to)
    {
        Span<byte> nonce = stackalloc byte[SaltLength];
        RtpNonce(nonce, ssrc, index);
        header.CopyTo(to);
        _rtp.Encrypt(nonce, payload, to.Slice(header.Length, payload.Length), to.Slice(header.Length + payload.Length, TagLength), header);
        return header.Length + payload.Length + TagLength;
    }

    public override bool TryOpenRtp(Span<byte> packet, int headerLength, uint ssrc, long index, out int length)
    {
        length = packet.Length - TagLength;
        if (length < headerLength)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[SaltLength];
        RtpNonce(nonce, ssrc, index);
        return TryDecrypt(_rtp, nonce, packet[headerLength..length], packet[length..], packet[..headerLength]);
    }

    public override int SealRtcp(ReadOnlySpan<byte> compound, uint ssrc, uint index, Span<byte> to)
    {
        Span<byte> nonce = stackalloc byte[SaltLength];
        RtcpNonce(nonce, ssrc, index);
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + 4];
        compound[..RtcpHeaderLength].CopyTo(associated);
        BinaryPrimitives.WriteUInt32BigEndian(associated[RtcpHeaderLength..], EncryptedFlag | index);
        associated[..RtcpHeaderLength].CopyTo(to);
        _rtcp.Encrypt(nonce, compound[RtcpHeaderLength..], to[RtcpHeaderLength..compound.Length], to.Slice(compound.Length, TagLength), associated);

        // RFC 7714 9.2: the word with the index comes last.
        associated[RtcpHeaderLength..].CopyTo(to[(compound.Length + TagLength)..]);
        return compound.Length + TagLength + 4;
    }

    public override bool TryOpenRtcp(Span<byte> packet, uint ssrc, uint index, out int length)
    {
        length = packet.Length - TagLength - 4;
        Span<byte> nonce = stackalloc byte[SaltLength];
        RtcpNonce(nonce, ssrc, index);
        Span<byte> associated = stackalloc byte[RtcpHeaderLength + 4];
        packet[..RtcpHeaderLength].CopyTo(associated);
        packet[^4..].CopyTo(associated[RtcpHeaderLength..]);
        return TryDecrypt(_rtcp, nonce, packet[RtcpHeaderLength..length], packet.Slice(length, TagLength), associated);
    }

    public override bool TryReadRtcpIndex(ReadOnlySpan<byte> packet, out uint index)
    {
        index = 0;
        if (packet.Length < RtcpHeaderLength + TagLength + 4)
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[^4..]);
        index = word & ~EncryptedFlag;
        return (word & EncryptedFlag) != 0;
    }

    public override void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
    }

    private static bool TryDecrypt(AesGcm aes, ReadOnlySpan<byte> nonce, Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated)
    {
        try
        {
            aes.Decrypt(nonce, text, tag, text, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>RFC 7714 8.1.</summary>
    private void RtpNonce(Span<byte> nonce, uint ssrc, long index)
    {
        nonce[..2].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[2..], ssrc);
        BinaryPrimitives.WriteUInt16BigEndian(nonce[6..], (ushort)(index >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(nonce[8..], (uint)index);
        Mix(nonce, _rtpSalt);
    }

    /// <summary>RFC 7714 9.1.</summary>
    private void RtcpNonce(Span<byte> nonce, uint ssrc, uint index)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[2..], ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[8..], index);
        Mix(nonce, _rtcpSalt);
    }

    private static void Mix(Span<byte> nonce, ReadOnlySpan<byte> salt)
    {
        for (var i = 0; i < nonce.Length; i++)
        {
            nonce[i] ^= salt[i];
        }
    }
}
