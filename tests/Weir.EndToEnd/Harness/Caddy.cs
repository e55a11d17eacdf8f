namespace Weir.EndToEnd.Harness;

internal sealed class Caddy : Proxy
{
    public static async Task<Caddy> StartAsync(string site, int port, WeirServer server)
    {
        var caddy = new Caddy();
        var here = Here(site, server).Replace("weir.example.org", $"localhost:{port}", StringComparison.Ordinal);
        var file = Path.Combine(caddy.Directory, "Caddyfile");
        // A certificate of Caddy's own in place of one from outside.
        await File.WriteAllTextAsync(file, $"{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system {caddy.Directory}\n}}\n{here}");
        await caddy.StartAsync("/usr/bin/caddy", ["run", "--config", file, "--adapter", "caddyfile"], port);
        return caddy;
    }
}
