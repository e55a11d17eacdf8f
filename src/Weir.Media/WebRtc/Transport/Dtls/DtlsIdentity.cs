using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using HashAlgorithm = Org.BouncyCastle.Tls.HashAlgorithm;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>Our certificate and key: ECDSA P-256 (RFC 8827 6.5), signed by itself, made at start and kept in memory only.</summary>
internal sealed class DtlsIdentity
{
    private readonly byte[] _certificate;
    private readonly AsymmetricKeyParameter _key;

    private DtlsIdentity(byte[] certificate, byte[] key)
    {
        _certificate = certificate;
        _key = PrivateKeyFactory.CreateKey(key);
        Fingerprint = CertificateFingerprint.Of(certificate);
    }

    /// <summary>As SDP carries it.</summary>
    public string Fingerprint { get; }

    public static DtlsIdentity Create(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // The name says nothing, the fingerprint in the signalling says all (RFC 8827 6.5); the dates allow for clocks that are wrong.
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=WebRTC", key, HashAlgorithmName.SHA256);
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-30), now.AddYears(5));
        return new DtlsIdentity(certificate.RawData, key.ExportPkcs8PrivateKey());
    }

    public TlsCredentialedSigner Signer(TlsContext context, BcTlsCrypto crypto) => new BcDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context),
        crypto,
        _key,
        new Certificate([crypto.CreateCertificate(_certificate)]),
        new SignatureAndHashAlgorithm(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa));
}
