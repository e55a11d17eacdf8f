using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Weir.Social.Notifications.Push;

/// <summary>Encrypts for one browser: RFC 8291, which is the content coding aes128gcm of RFC 8188 with a key agreed by ECDH on P-256.</summary>
internal static class PushEncryption
{
    public const int PublicKeyLength = 65;
    public const int AuthLength = 16;
    public const int SaltLength = 16;

    /// <summary>RFC 8291 4: one record; a push service must take 4096 bytes with the header, and need not take more.</summary>
    public const int MaxPlaintext = RecordSize - HeaderLength - TagLength - 1;

    private const int RecordSize = 4096;
    private const int HeaderLength = SaltLength + 4 + 1 + PublicKeyLength;
    private const int TagLength = 16;

    /// <summary>With a fresh key and salt, the length rounded up so that it does not tell what was written.</summary>
    public static byte[] Encrypt(ReadOnlySpan<byte> plaintext, byte[] browserKey, byte[] auth)
    {
        const int step = 256;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, MaxPlaintext);
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var padded = Math.Min((plaintext.Length / step + 1) * step, MaxPlaintext);
        return Encrypt(plaintext, browserKey, auth, key, RandomNumberGenerator.GetBytes(SaltLength), padded - plaintext.Length);
    }

    public static byte[] Encrypt(ReadOnlySpan<byte> plaintext, byte[] browserKey, byte[] auth, ECDiffieHellman key, ReadOnlySpan<byte> salt, int padding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length + padding, MaxPlaintext);
        var own = Uncompressed(key.ExportParameters(false).Q);
        using var other = ECDiffieHellman.Create(Parameters(browserKey));
        var shared = key.DeriveRawSecretAgreement(other.PublicKey);

        // RFC 8291 3.4: the two public keys are in the info, the browser's first.
        var input = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, auth, [.. "WebPush: info\0"u8, .. browserKey, .. own]);
        var pseudoRandom = HKDF.Extract(HashAlgorithmName.SHA256, input, salt.ToArray());
        var contentKey = HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandom, 16, "Content-Encoding: aes128gcm\0"u8.ToArray());
        var nonce = HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandom, 12, "Content-Encoding: nonce\0"u8.ToArray());

        // RFC 8188 2: salt, record size, length of the key id and the key id, which here is our public key.
        var message = new byte[HeaderLength + plaintext.Length + 1 + padding + TagLength];
        salt.CopyTo(message);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(SaltLength), RecordSize);
        message[SaltLength + 4] = PublicKeyLength;
        own.CopyTo(message, SaltLength + 5);

        // 0x02 ends the text of the last record; zeros after it are padding.
        var record = new byte[plaintext.Length + 1 + padding];
        plaintext.CopyTo(record);
        record[plaintext.Length] = 2;
        using var aes = new AesGcm(contentKey, TagLength);
        aes.Encrypt(nonce, record, message.AsSpan(HeaderLength, record.Length), message.AsSpan(HeaderLength + record.Length));
        return message;
    }

    /// <summary>An uncompressed point that is on the curve.</summary>
    public static bool IsKey(byte[]? key)
    {
        if (key is not { Length: PublicKeyLength } || key[0] != 4)
        {
            return false;
        }

        try
        {
            using var imported = ECDiffieHellman.Create(Parameters(key));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public static byte[] Uncompressed(ECPoint point) => [4, .. point.X!, .. point.Y!];

    private static ECParameters Parameters(byte[] key) => new() { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = key[1..33], Y = key[33..] } };
}
