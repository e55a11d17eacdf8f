using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>AES128_CM_HMAC_SHA1_80 (RFC 3711): AES in counter mode, then HMAC-SHA1 cut to 80 bits.</summary>
internal sealed class CounterCipher : SrtpCipher
{
    private const int TagLength = 10;
    private const int SaltLength = 14;
    private const int AuthenticationKeyLength = 20;
    private const int BlockLength = 16;
    private const int MaxText = 2048;

    // The transforms take arrays. One pair a thread instead of one a peer: they hold nothing between two packets.
    [ThreadStatic]
    private static byte[]? _counters;
    [ThreadStatic]
    private static byte[]? _keystream;

    private readonly Aes _aes = Aes.Create();
    private readonly ICryptoTransform _rtp;
    private readonly ICryptoTransform _rtcp;
    private readonly byte[] _rtpSalt;
    private readonly byte[] _rtcpSalt;
    private readonly IncrementalHash _rtpMac;
    private readonly IncrementalHash _rtcpMac;

    public CounterCipher(SrtpMaster master)
    {
#pragma warning disable CA5358 // Blocks of counters: ECB of them is the keystream of counter mode.
        _aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        _aes.Padding = PaddingMode.None;
        _rtp = _aes.CreateEncryptor(KeyDerivation.Derive(master, KeyDerivation.RtpEncryption, SrtpMaster.KeyLength), null);
        _rtcp = _aes.CreateEncryptor(KeyDerivation.Derive(master, KeyDerivation.RtcpEncryption, SrtpMaster.KeyLength), null);
        _rtpSalt = KeyDerivation.Derive(master, KeyDerivation.RtpSalt, SaltLength);
        _rtcpSalt = KeyDerivation.Derive(master, KeyDerivation.RtcpSalt, SaltLength);
        _rtpMac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, KeyDerivation.Derive(master, KeyDerivation.RtpAuthentication, AuthenticationKeyLength));
        _rtcpMac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, KeyDerivation.Derive(master, KeyDerivation.RtcpAuthentication, AuthenticationKeyLength));
    }

    public override int SealRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, uint ssrc, long index, Span<byte> to)
    {
        header.CopyTo(to);
        Crypt(_rtp, _rtpSalt, ssrc, index, payload, to.Slice(header.Length, payload.Length));
        var length = header.Length + payload.Length;
        RtpTag(to[..length], index, to.Slice(length, TagLength));
        return length + TagLength;
    }

    public override bool TryOpenRtp(Span<byte> packet, int headerLength, uint ssrc, long index, out int length)
    {
        length = packet.Length - TagLength;
        if (length < headerLength)
        {
            return false;
        }

        Span<byte> tag = stackalloc byte[TagLength];
        RtpTag(packet[..length], index, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, packet[length..]))
        {
            return false;
        }

        Crypt(_rtp, _rtpSalt, ssrc, index, packet[headerLength..length], packet[headerLength..length]);
        return true;
    }

    public override int SealRtcp(ReadOnlySpan<byte> compound, uint ssrc, uint index, Span<byte> to)
    {
        compound[..RtcpHeaderLength].CopyTo(to);
        Crypt(_rtcp, _rtcpSalt, ssrc, index, compound[RtcpHeaderLength..], to[RtcpHeaderLength..compound.Length]);
        BinaryPrimitives.WriteUInt32BigEndian(to[compound.Length..], EncryptedFlag | index);
        var length = compound.Length + 4;
        Tag(_rtcpMac, to[..length], [], to.Slice(length, TagLength));
        return length + TagLength;
    }

    public override bool TryOpenRtcp(Span<byte> packet, uint ssrc, uint index, out int length)
    {
        length = packet.Length - TagLength - 4;
        Span<byte> tag = stackalloc byte[TagLength];
        Tag(_rtcpMac, packet[..^TagLength], [], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, packet[^TagLength..]))
        {
            return false;
        }

        Crypt(_rtcp, _rtcpSalt, ssrc, index, packet[RtcpHeaderLength..length], packet[RtcpHeaderLength..length]);
        return true;
    }

    public override bool TryReadRtcpIndex(ReadOnlySpan<byte> packet, out uint index)
    {
        index = 0;
        if (packet.Length < RtcpHeaderLength + 4 + TagLength)
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt32BigEndian(packet[^(TagLength + 4)..]);
        index = word & ~EncryptedFlag;
        return (word & EncryptedFlag) != 0;
    }

    public override void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
        _rtpMac.Dispose();
        _rtcpMac.Dispose();
        _aes.Dispose();
    }

    /// <summary>RFC 3711 4.1.1: XOR with the keystream that begins at (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16).</summary>
    private static void Crypt(ICryptoTransform aes, ReadOnlySpan<byte> salt, uint ssrc, long index, ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (from.IsEmpty)
        {
            return;
        }

        var counters = _counters ??= new byte[MaxText];
        var keystream = _keystream ??= new byte[MaxText];
        Span<byte> first = stackalloc byte[BlockLength];
        salt.CopyTo(first);
        first[SaltLength..].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(first[4..], BinaryPrimitives.ReadUInt32BigEndian(first[4..]) ^ ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(first[8..], BinaryPrimitives.ReadUInt64BigEndian(first[8..]) ^ ((ulong)index << 16));
        var high = BinaryPrimitives.ReadUInt64LittleEndian(first);
        var low = BinaryPrimitives.ReadUInt64BigEndian(first[8..]);
        var length = (from.Length + BlockLength - 1) / BlockLength * BlockLength;
        for (var at = 0; at < length; at += BlockLength)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(counters.AsSpan(at), high);

            // The counter has the lowest 16 bits to itself, and no packet has that many blocks.
            BinaryPrimitives.WriteUInt64BigEndian(counters.AsSpan(at + 8), low + (uint)(at / BlockLength));
        }

        aes.TransformBlock(counters, 0, length, keystream, 0);
        Mix(from, keystream, to);
    }

    private static void Mix(ReadOnlySpan<byte> from, ReadOnlySpan<byte> keystream, Span<byte> to)
    {
        var at = 0;
        for (; at + Vector<byte>.Count <= from.Length; at += Vector<byte>.Count)
        {
            (new Vector<byte>(from[at..]) ^ new Vector<byte>(keystream[at..])).CopyTo(to[at..]);
        }

        for (; at < from.Length; at++)
        {
            to[at] = (byte)(from[at] ^ keystream[at]);
        }
    }

    /// <summary>RFC 3711 4.2: over the packet and its rollover counter.</summary>
    private void RtpTag(ReadOnlySpan<byte> packet, long index, Span<byte> tag)
    {
        Span<byte> rollover = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(rollover, (uint)(index >> 16));
        Tag(_rtpMac, packet, rollover, tag);
    }

    private static void Tag(IncrementalHash mac, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> more, Span<byte> tag)
    {
        mac.AppendData(bytes);
        mac.AppendData(more);
        Span<byte> whole = stackalloc byte[20];
        mac.GetHashAndReset(whole);
        whole[..TagLength].CopyTo(tag);
    }
}
