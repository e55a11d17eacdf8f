using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Weir.Hosting.Tls;

/// <summary>
/// The certificate that new connections get. Programs that renew certificates replace the files, so they are looked at again now and then; what
/// cannot be used is reported and the one before stays.
/// </summary>
public sealed class ServerCertificate(TlsFiles files, TimeProvider clock, ILogger<ServerCertificate> log)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);
    private readonly Lock _reading = new();
    private Loaded? _loaded;

    public SslServerAuthenticationOptions Options()
    {
        lock (_reading)
        {
            if (_loaded is null || clock.GetElapsedTime(_loaded.LookedAt) > BetweenLooks)
            {
                _loaded = Look(_loaded);
            }

            return new SslServerAuthenticationOptions { ServerCertificateContext = _loaded.Context };
        }
    }

    private Loaded Look(Loaded? before)
    {
        var version = (File.GetLastWriteTimeUtc(files.Certificate), File.GetLastWriteTimeUtc(files.Key));
        if (before is not null && before.Version == version)
        {
            return before with { LookedAt = clock.GetTimestamp() };
        }

        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);
            // Not disposed: handshakes under way use the one before.
            var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            chain.RemoveAt(0);
            return new Loaded(SslStreamCertificateContext.Create(certificate, chain, offline: true), version, clock.GetTimestamp());
        }
        catch (Exception fault) when (before is not null && fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            log.LogWarning(fault, "The renewed certificate cannot be used; the one before stays");
            return before! with { Version = version, LookedAt = clock.GetTimestamp() };
        }
    }

    private sealed record Loaded(SslStreamCertificateContext Context, (DateTime Certificate, DateTime Key) Version, long LookedAt);
}
