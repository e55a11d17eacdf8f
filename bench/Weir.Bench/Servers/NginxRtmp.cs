using System.Globalization;
using Weir.Bench.Load;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Servers;

/// <summary>Debian's nginx with the RTMP module, one worker, its configuration in a directory of its own.</summary>
internal sealed class NginxRtmp : IBenchServer
{
    private const string Module = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    private readonly string _directory;
    private readonly int _port;
    private readonly ChildProcess _process;
    private int _streams;

    private NginxRtmp(string directory, int port, ChildProcess process)
    {
        _directory = directory;
        _port = port;
        _process = process;
    }

    public static bool IsInstalled => File.Exists(Module) && File.Exists("/usr/sbin/nginx");

    public string Name => "nginx-rtmp";

    public IReadOnlyList<Outlet> Outlets => [Outlet.Rtmp];

    public IReadOnlyList<int> Processes => ProcessFigures.Children(_process.Id);

    public static async Task<NginxRtmp> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-nginx-").FullName;
        var port = Loopback.FreePort();
        var configuration = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            load_module {{Module}};
            daemon off;
            worker_processes 1;
            pid {{directory}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 8192; }
            rtmp {
              server {
                listen 127.0.0.1:{{port}};
                chunk_size 4096;
                application live { live on; }
              }
            }
            """));
        var process = new ChildProcess("taskset", ["-c", Cores.Server, "/usr/sbin/nginx", "-p", directory, "-e", "stderr", "-c", configuration]);
        await Loopback.AnswersAsync(port, TimeSpan.FromSeconds(10));
        return new NginxRtmp(directory, port, process);
    }

    public Task<Channel> OpenAsync(Outlet outlet, int viewers)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"bench{++_streams}");
        var application = string.Create(CultureInfo.InvariantCulture, $"rtmp://127.0.0.1:{_port}/live");
        return Task.FromResult(new Channel(key, application, key, [.. Enumerable.Repeat($"{application}/{key}", viewers)]));
    }

    public Task CloseAsync(Channel channel) => Task.CompletedTask;

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
