using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>The side that waits for a ClientHello.</summary>
internal sealed class DtlsServer(DtlsIdentity identity, CertificateFingerprint promised) : DefaultTlsServer(new BcTlsCrypto())
{
    private SrtpProfile _profile;
    private (SrtpMaster Client, SrtpMaster Server) _keys;

    /// <exception cref="IOException">No handshake.</exception>
    public static DtlsResult Accept(DtlsIdentity identity, CertificateFingerprint promised, DatagramTransport datagrams)
    {
        var server = new DtlsServer(identity, promised);
        var transport = new DtlsServerProtocol().Accept(server, datagrams);
        return new DtlsResult(server._profile, server._keys.Client, server._keys.Server, transport);
    }

    public override int GetHandshakeResendTimeMillis() => 1;

    /// <summary>RFC 5764 4.1 leaves it open, the export of keys needs it (RFC 7627 5.4).</summary>
    public override bool RequiresExtendedMasterSecret() => true;

    /// <summary>Anybody can send a datagram that looks like ours; one that is wrong ends nothing (RFC 6347 4.1.2.7).</summary>
    public override bool IgnoreCorruptDtlsRecords => true;

    public override void ProcessClientExtensions(IDictionary<int, byte[]> clientExtensions)
    {
        base.ProcessClientExtensions(clientExtensions);
        _profile = DtlsKeys.Choose(TlsSrtpUtilities.GetUseSrtpExtension(clientExtensions));
    }

    public override IDictionary<int, byte[]> GetServerExtensions()
    {
        var extensions = base.GetServerExtensions();
        TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData([(int)_profile], []));
        return extensions;
    }

    public override CertificateRequest GetCertificateRequest() => new(
        [ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign],
        TlsUtilities.GetDefaultSupportedSignatureAlgorithms(m_context),
        null);

    public override void NotifyClientCertificate(Certificate clientCertificate) => DtlsKeys.Verify(promised, clientCertificate);

    public override void NotifyHandshakeComplete()
    {
        base.NotifyHandshakeComplete();
        _keys = DtlsKeys.Export(m_context, _profile);
    }

    protected override ProtocolVersion[] GetSupportedVersions() => DtlsKeys.Versions;

    protected override int[] GetSupportedCipherSuites() => DtlsKeys.Suites;

    protected override TlsCredentialedSigner GetECDsaSignerCredentials() => identity.Signer(m_context, (BcTlsCrypto)Crypto);
}
