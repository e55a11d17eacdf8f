using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.EndToEnd.Harness;

internal sealed class Nginx : Proxy
{
    public string AccessLog => Path.Combine(Directory, "weir.log");

    /// <summary>Of a site that writes one.</summary>
    public string CacheLog => Path.Combine(Directory, "cache.log");

    /// <summary>Of a site with a cache.</summary>
    public string CacheDirectory => Path.Combine(Directory, "weir");

    public static async Task<Nginx> StartAsync(string site, int port, WeirServer server)
    {
        var nginx = new Nginx();
        var directory = nginx.Directory;
        MakeCertificate(directory);
        var here = Here(site, server)
            .Replace("listen 80;", $"listen 127.0.0.1:{WeirServer.FreePort()};", StringComparison.Ordinal)
            .Replace("listen 443 ", $"listen 127.0.0.1:{port} ", StringComparison.Ordinal)
            .Replace("weir.example.org", "localhost", StringComparison.Ordinal)
            .Replace("/etc/ssl/weir/", directory + "/", StringComparison.Ordinal)
            .Replace("/var/log/nginx/", directory + "/", StringComparison.Ordinal)
            .Replace("/var/cache/nginx/", directory + "/", StringComparison.Ordinal);
        var places = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {directory}/{kind};\n"));
        // Else its workers are somebody who may not enter this directory.
        var user = Environment.IsPrivilegedProcess ? "user root;\n" : "";
        var file = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(file, $"{user}daemon off;\npid {directory}/pid;\nerror_log stderr warn;\nevents {{ }}\nhttp {{\n{places}{here}\n}}\n");
        await nginx.StartAsync("/usr/sbin/nginx", ["-p", directory, "-c", file], port);
        return nginx;
    }

    private static void MakeCertificate(string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(directory, "fullchain.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "privkey.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
