using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>The side that begins.</summary>
internal sealed class DtlsClient(DtlsIdentity identity, CertificateFingerprint promised) : DefaultTlsClient(new BcTlsCrypto())
{
    private SrtpProfile _profile;
    private (SrtpMaster Client, SrtpMaster Server) _keys;

    /// <exception cref="IOException">No handshake.</exception>
    public static DtlsResult Connect(DtlsIdentity identity, CertificateFingerprint promised, DatagramTransport datagrams)
    {
        var client = new DtlsClient(identity, promised);
        var transport = new DtlsClientProtocol().Connect(client, datagrams);
        return new DtlsResult(client._profile, client._keys.Client, client._keys.Server, transport);
    }

    public override int GetHandshakeResendTimeMillis() => 1;

    public override bool RequiresExtendedMasterSecret() => true;

    public override bool IgnoreCorruptDtlsRecords => true;

    public override IDictionary<int, byte[]> GetClientExtensions()
    {
        var extensions = base.GetClientExtensions();
        TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData(DtlsKeys.Profiles, []));
        return extensions;
    }

    public override void ProcessServerExtensions(IDictionary<int, byte[]> serverExtensions)
    {
        base.ProcessServerExtensions(serverExtensions);
        _profile = DtlsKeys.Choose(TlsSrtpUtilities.GetUseSrtpExtension(serverExtensions));
    }

    public override TlsAuthentication GetAuthentication() => new Authentication(this);

    public override void NotifyHandshakeComplete()
    {
        base.NotifyHandshakeComplete();
        _keys = DtlsKeys.Export(m_context, _profile);
    }

    protected override ProtocolVersion[] GetSupportedVersions() => DtlsKeys.Versions;

    protected override int[] GetSupportedCipherSuites() => DtlsKeys.Suites;

    private TlsCredentials Credentials() => identity.Signer(m_context, (BcTlsCrypto)Crypto);

    private void Verify(Certificate chain) => DtlsKeys.Verify(promised, chain);

    private sealed class Authentication(DtlsClient client) : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate) => client.Verify(serverCertificate.Certificate);

        public TlsCredentials GetClientCredentials(CertificateRequest certificateRequest) => client.Credentials();
    }
}
