using Org.BouncyCastle.Tls;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>What both roles do alike: versions, suites, the profile's choice, the export of keys.</summary>
internal static class DtlsKeys
{
    /// <summary>In the order of liking: GCM costs a third of the processor time.</summary>
    public static readonly int[] Profiles = [(int)SrtpProfile.AeadAes128Gcm, (int)SrtpProfile.Aes128CmHmacSha1_80];

    /// <summary>RFC 8827 6.5: the first is what everybody has.</summary>
    public static readonly int[] Suites =
    [
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    public static ProtocolVersion[] Versions => ProtocolVersion.DTLSv12.Only();

    public static SrtpProfile Choose(UseSrtpData? offered)
    {
        foreach (var profile in Profiles)
        {
            if (offered?.ProtectionProfiles.Contains(profile) == true)
            {
                return (SrtpProfile)profile;
            }
        }

        // RFC 5764 4.1.1: without a common profile there is nothing to talk about.
        throw new TlsFatalAlert(AlertDescription.handshake_failure);
    }

    public static (SrtpMaster Client, SrtpMaster Server) Export(TlsContext context, SrtpProfile profile) =>
        SrtpMaster.Split(profile, context.ExportKeyingMaterial(ExporterLabel.dtls_srtp, null, SrtpMaster.ExportLength(profile)));

    /// <summary>The certificate in the handshake is the one that the signalling promised, or there is no handshake.</summary>
    public static void Verify(CertificateFingerprint promised, Certificate? chain)
    {
        if (chain is null || chain.IsEmpty || !promised.IsOf(chain.GetCertificateAt(0).GetEncoded()))
        {
            throw new TlsFatalAlert(AlertDescription.bad_certificate);
        }
    }
}

/// <summary>What a handshake gives.</summary>
/// <param name="Transport">For the goodbye, and for the peer's last flight when ours was lost.</param>
internal sealed record DtlsResult(SrtpProfile Profile, SrtpMaster Client, SrtpMaster Server, DtlsTransport Transport);
