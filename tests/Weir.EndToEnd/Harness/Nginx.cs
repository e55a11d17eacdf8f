using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.EndToEnd.Harness;

/// <summary>Debian's nginx in front of a server, with a configuration made for port 443 of <c>weir.example.org</c>.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly string _directory;

    private Nginx(ChildProcess process, string directory)
    {
        _process = process;
        _directory = directory;
    }

    public string Output => _process.Output;

    public string AccessLog => Path.Combine(_directory, "weir.log");

    public static async Task<Nginx> StartAsync(string site, int port, WeirServer server)
    {
        var directory = Directory.CreateTempSubdirectory("weir-nginx-").FullName;
        MakeCertificate(directory);
        // Names, ports and places of this one run; everything else stays as it is written.
        var here = site
            .Replace("listen 80;", $"listen 127.0.0.1:{WeirServer.FreePort()};", StringComparison.Ordinal)
            .Replace("listen 443 ", $"listen 127.0.0.1:{port} ", StringComparison.Ordinal)
            .Replace("weir.example.org", "localhost", StringComparison.Ordinal)
            .Replace("/etc/ssl/weir/", directory + "/", StringComparison.Ordinal)
            .Replace("/var/log/nginx/", directory + "/", StringComparison.Ordinal)
            .Replace("127.0.0.1:8080", $"127.0.0.1:{server.Http}", StringComparison.Ordinal)
            .Replace("127.0.0.1:8081", $"127.0.0.1:{server.LiveHttp}", StringComparison.Ordinal);
        var places = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {directory}/{kind};\n"));
        var file = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(file, $"daemon off;\npid {directory}/pid;\nerror_log stderr warn;\nevents {{ }}\nhttp {{\n{places}{here}\n}}\n");
        var process = new ChildProcess("/usr/sbin/nginx", ["-p", directory, "-c", file]);
        var nginx = new Nginx(process, directory);
        try
        {
            await Eventually.TrueAsync(
                "nginx answers", TimeSpan.FromSeconds(10), async () => await Stage.FetchAsync($"https://localhost:{port}/health/ready") == HttpStatusCode.OK, () => process.Output);
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }

        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Terminate();
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
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
