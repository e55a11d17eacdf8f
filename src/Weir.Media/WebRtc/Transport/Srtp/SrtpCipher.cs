namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>
/// One direction's session keys. It seals and opens packets whose number is known; who has which number is the streams' affair. For one thread at a time.
/// </summary>
internal abstract class SrtpCipher : IDisposable
{
    /// <summary>What sealing adds at most, in either kind.</summary>
    public const int MaxOverhead = 20;

    /// <summary>The first 8 bytes of RTCP stay readable: the type and who sends.</summary>
    public const int RtcpHeaderLength = 8;

    /// <summary>RFC 3711 3.4: the highest bit of the word with the index says that the packet is encrypted.</summary>
    protected const uint EncryptedFlag = 0x80000000;

    public static SrtpCipher Create(SrtpProfile profile, SrtpMaster master) =>
        profile == SrtpProfile.AeadAes128Gcm ? new GcmCipher(master) : new CounterCipher(master);

    /// <param name="index">Sequence number with its rollover counter, 48 bits.</param>
    /// <returns>The length of the packet in <paramref name="to"/>.</returns>
    public abstract int SealRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, uint ssrc, long index, Span<byte> to);

    /// <summary>Decrypts in place. The bytes are undefined when the packet is not authentic.</summary>
    public abstract bool TryOpenRtp(Span<byte> packet, int headerLength, uint ssrc, long index, out int length);

    public abstract int SealRtcp(ReadOnlySpan<byte> compound, uint ssrc, uint index, Span<byte> to);

    public abstract bool TryOpenRtcp(Span<byte> packet, uint ssrc, uint index, out int length);

    /// <summary>The index that a protected RTCP packet claims to have. False for what is too short or not encrypted.</summary>
    public abstract bool TryReadRtcpIndex(ReadOnlySpan<byte> packet, out uint index);

    public abstract void Dispose();
}
