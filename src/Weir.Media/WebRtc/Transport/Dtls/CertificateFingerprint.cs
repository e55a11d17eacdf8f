using System.Security.Cryptography;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>SDP's fingerprint (RFC 8122 5): a hash of the certificate that the peer has to show.</summary>
internal sealed class CertificateFingerprint
{
    private readonly HashAlgorithmName _algorithm;
    private readonly byte[] _hash;

    private CertificateFingerprint(HashAlgorithmName algorithm, byte[] hash)
    {
        _algorithm = algorithm;
        _hash = hash;
    }

    /// <summary>SHA-1 and MD5 promise nothing any more and are refused.</summary>
    /// <exception cref="ArgumentException">It is no fingerprint.</exception>
    public static CertificateFingerprint Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var (algorithm, length) = parts.Length == 2
            ? parts[0].ToLowerInvariant() switch
            {
                "sha-256" => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
                "sha-384" => (HashAlgorithmName.SHA384, SHA384.HashSizeInBytes),
                "sha-512" => (HashAlgorithmName.SHA512, SHA512.HashSizeInBytes),
                _ => default,
            }
            : default;
        if (length == 0 || parts[1].Length != (3 * length) - 1)
        {
            throw new ArgumentException("A fingerprint is sha-256, sha-384 or sha-512 and its bytes in hexadecimal with colons (RFC 8122 5).", nameof(text));
        }

        var hash = new byte[length];
        for (var i = 0; i < length; i++)
        {
            var digits = parts[1].AsSpan(3 * i);
            if (!byte.TryParse(digits[..2], System.Globalization.NumberStyles.AllowHexSpecifier, null, out hash[i]) || (i + 1 < length && digits[2] != ':'))
            {
                throw new ArgumentException("A fingerprint's bytes are two hexadecimal digits each with a colon between (RFC 8122 5).", nameof(text));
            }
        }

        return new CertificateFingerprint(algorithm, hash);
    }

    public static string Of(ReadOnlySpan<byte> certificate) => $"sha-256 {BitConverter.ToString(SHA256.HashData(certificate)).Replace('-', ':')}";

    public bool IsOf(ReadOnlySpan<byte> certificate)
    {
        Span<byte> hash = stackalloc byte[_hash.Length];
        CryptographicOperations.HashData(_algorithm, certificate, hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash);
    }
}
