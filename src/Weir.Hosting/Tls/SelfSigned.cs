using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.Hosting.Tls;

/// <summary>
/// <c>--tls self</c>: a certificate for a trial in the local network, for this machine's names and addresses. Browsers warn of it once a device. It stays
/// the same, so that they do not warn again, until it runs out or the machine is reached by a name that it lacks.
/// </summary>
public static class SelfSigned
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan Early = TimeSpan.FromDays(30);

    /// <param name="directory">Holds <c>tls.crt</c> and <c>tls.key</c>, made when they are not there.</param>
    /// <param name="publicHosts">Names or addresses beside this machine's own.</param>
    public static TlsFiles Ensure(string directory, IEnumerable<string> publicHosts, TimeProvider clock)
    {
        var files = new TlsFiles(Path.Combine(directory, "tls.crt"), Path.Combine(directory, "tls.key"));
        var names = OwnNames().Concat(publicHosts).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (!Serves(files, names, clock))
        {
            Make(files, names, clock);
        }

        return files;
    }

    private static bool Serves(TlsFiles files, List<string> names, TimeProvider clock)
    {
        if (!File.Exists(files.Certificate) || !File.Exists(files.Key) || files.Fault(clock) is not null)
        {
            return false;
        }

        using var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        return clock.GetUtcNow() + Early < certificate.NotAfter.ToUniversalTime() && names.TrueForAll(name => certificate.MatchesHostname(name));
    }

    private static void Make(TlsFiles files, List<string> names, TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Weir on {Environment.MachineName}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = clock.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + Lifetime);

        Directory.CreateDirectory(Path.GetDirectoryName(files.Key)!);
        Write(files.Key, key.ExportPkcs8PrivateKeyPem());
        Write(files.Certificate, certificate.ExportCertificatePem());
    }

    private static void Write(string path, string pem)
    {
        var made = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(made, options))
        {
            writer.Write(pem);
        }

        File.Move(made, path, overwrite: true);
    }

    private static IEnumerable<string> OwnNames()
    {
        yield return "localhost";
        var host = Environment.MachineName.ToLowerInvariant();
        if (Uri.CheckHostName(host) == UriHostNameType.Dns)
        {
            yield return host;
            yield return host + ".local";
        }

        // An address of the moment (IPv6 privacy extensions) would make a new certificate at every start.
        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus == OperationalStatus.Up)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || IPAddress.IsLoopback(address));
        foreach (var address in addresses.Append(IPAddress.IPv6Loopback))
        {
            yield return address.ToString();
        }
    }
}
