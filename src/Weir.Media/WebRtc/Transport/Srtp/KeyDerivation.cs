using System.Security.Cryptography;

namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>Session keys from a master key (RFC 3711 4.3), derived once: the rate is 0.</summary>
internal static class KeyDerivation
{
    /// <summary>RFC 3711 4.3.1 and 4.3.2.</summary>
    public const byte RtpEncryption = 0;
    public const byte RtpAuthentication = 1;
    public const byte RtpSalt = 2;
    public const byte RtcpEncryption = 3;
    public const byte RtcpAuthentication = 4;
    public const byte RtcpSalt = 5;

    public static byte[] Derive(SrtpMaster master, byte label, int length)
    {
        // RFC 3711 4.3.3: the keystream of AES-CM from (label XOR salt) * 2^16. RFC 7714 11: a shorter salt is filled up on the right.
        Span<byte> block = stackalloc byte[16];
        master.Salt.CopyTo(block);
        block[7] ^= label;
        using var aes = Aes.Create();
        aes.Key = master.Key;
        var stream = new byte[(length + 15) / 16 * 16];
        for (var at = 0; at < stream.Length; at += 16)
        {
            block[15] = (byte)(at / 16);
#pragma warning disable CA5358 // The blocks are counters: this is the counter mode of RFC 3711.
            aes.EncryptEcb(block, stream.AsSpan(at), PaddingMode.None);
#pragma warning restore CA5358
        }

        return stream[..length];
    }
}
