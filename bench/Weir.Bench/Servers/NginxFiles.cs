using System.Globalization;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Servers;

/// <summary>Debian's nginx as a server of files: one worker on the server's core.</summary>
internal sealed class NginxFiles : IAsyncDisposable
{
    private readonly string _directory;
    private readonly ChildProcess _process;

    private NginxFiles(string directory, int port, ChildProcess process) =>
        (_directory, _process, Url) = (directory, process, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));

    public string Url { get; }

    /// <summary>The worker.</summary>
    public int Process => ProcessFigures.Children(_process.Id).Single();

    /// <param name="root">Whose files it serves.</param>
    public static async Task<NginxFiles> StartAsync(string root)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-nginx-").FullName;
        var port = Loopback.FreePort();
        var configuration = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{directory}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 8192; }
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
            """));
        var process = new ChildProcess("taskset", ["-c", Cores.Server, "/usr/sbin/nginx", "-p", directory, "-e", "stderr", "-c", configuration]);
        await Loopback.AnswersAsync(port, TimeSpan.FromSeconds(10));
        return new NginxFiles(directory, port, process);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Terminate();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _process.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
