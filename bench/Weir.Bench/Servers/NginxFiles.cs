using System.Globalization;

namespace Weir.Bench.Servers;

/// <summary>nginx as a server of files.</summary>
internal sealed class NginxFiles : IAsyncDisposable
{
    private readonly NginxProcess _process;

    private NginxFiles(NginxProcess process) => _process = process;

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_process.Port}/");

    public int Worker => _process.Workers.Single();

    /// <param name="root">Whose files it serves.</param>
    public static async Task<NginxFiles> StartAsync(string root) => new(await NginxProcess.StartAsync((directory, port) => string.Create(CultureInfo.InvariantCulture, $$"""
        user root;
        http {
          access_log off;
          sendfile on;
          tcp_nopush on;
          open_file_cache max=100;
          keepalive_requests 100000000;
          client_body_temp_path {{directory}}/body;
          proxy_temp_path {{directory}}/proxy;
          fastcgi_temp_path {{directory}}/fastcgi;
          uwsgi_temp_path {{directory}}/uwsgi;
          scgi_temp_path {{directory}}/scgi;
          server {
            listen 127.0.0.1:{{port}};
            root {{root}};
          }
        }
        """)));

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
