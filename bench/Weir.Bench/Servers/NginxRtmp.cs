using System.Globalization;
using Weir.Bench.Load;

namespace Weir.Bench.Servers;

/// <summary>nginx with the RTMP module.</summary>
internal sealed class NginxRtmp : IBenchServer
{
    private const string Module = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    private readonly NginxProcess _process;
    private int _streams;

    private NginxRtmp(NginxProcess process) => _process = process;

    public static bool IsInstalled => File.Exists(Module) && File.Exists("/usr/sbin/nginx");

    public string Name => "nginx-rtmp";

    public IReadOnlyList<Outlet> Outlets => [Outlet.Rtmp];

    public IReadOnlyList<int> Processes => _process.Workers;

    public static async Task<NginxRtmp> StartAsync() => new(await NginxProcess.StartAsync((_, port) => string.Create(CultureInfo.InvariantCulture, $$"""
        load_module {{Module}};
        rtmp {
          server {
            listen 127.0.0.1:{{port}};
            chunk_size 4096;
            application live { live on; }
          }
        }
        """)));

    public Task<Channel> OpenAsync(Outlet outlet, int viewers)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"bench{++_streams}");
        var application = string.Create(CultureInfo.InvariantCulture, $"rtmp://127.0.0.1:{_process.Port}/live");
        return Task.FromResult(new Channel(key, application, key, [.. Enumerable.Repeat($"{application}/{key}", viewers)]));
    }

    public Task CloseAsync(Channel channel) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
