using System.Net;

namespace Weir.EndToEnd.Harness;

/// <summary>Debian's Caddy in front of a server, with a configuration made for <c>weir.example.org</c>.</summary>
internal sealed class Caddy : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly string _directory;

    private Caddy(ChildProcess process, string directory)
    {
        _process = process;
        _directory = directory;
    }

    public string Output => _process.Output;

    public static async Task<Caddy> StartAsync(string site, int port, WeirServer server)
    {
        var directory = Directory.CreateTempSubdirectory("weir-caddy-").FullName;
        // Names, ports and places of this one run, and a certificate of Caddy's own in place of one from outside; everything else stays as it is written.
        var here = site
            .Replace("weir.example.org", $"localhost:{port}", StringComparison.Ordinal)
            .Replace("127.0.0.1:8080", $"127.0.0.1:{server.Http}", StringComparison.Ordinal)
            .Replace("127.0.0.1:8081", $"127.0.0.1:{server.LiveHttp}", StringComparison.Ordinal);
        var file = Path.Combine(directory, "Caddyfile");
        await File.WriteAllTextAsync(file, $"{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system {directory}\n}}\n{here}");
        var process = new ChildProcess("/usr/bin/caddy", ["run", "--config", file, "--adapter", "caddyfile"], new Dictionary<string, string> { ["HOME"] = directory });
        var caddy = new Caddy(process, directory);
        try
        {
            await Eventually.TrueAsync("Caddy answers", TimeSpan.FromSeconds(20), () => AnswersAsync(port), () => process.Output);
        }
        catch
        {
            await caddy.DisposeAsync();
            throw;
        }

        return caddy;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Terminate();
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            return await Stage.FetchAsync($"https://localhost:{port}/health/ready") == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // It listens before it has its certificate.
            return false;
        }
    }
}
