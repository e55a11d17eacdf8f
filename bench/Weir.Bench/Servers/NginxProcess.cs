using Weir.EndToEnd.Harness;

namespace Weir.Bench.Servers;

/// <summary>Debian's nginx with one worker on the server's core, its configuration and files in a directory of its own.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly string _directory;
    private readonly ChildProcess _process;

    private NginxProcess(string directory, int port, ChildProcess process) => (_directory, Port, _process) = (directory, port, process);

    public int Port { get; }

    public IReadOnlyList<int> Workers => ProcessFigures.Children(_process.Id);

    /// <param name="configuration">What stands beside the settings of the process, for its directory and port.</param>
    public static async Task<NginxProcess> StartAsync(Func<string, int, string> configuration)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-nginx-").FullName;
        var port = Loopback.FreePort();
        var file = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(file, $$"""
            {{configuration(directory, port)}}
            daemon off;
            worker_processes 1;
            pid {{directory}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 8192; }
            """);
        var process = new ChildProcess("taskset", ["-c", Cores.Server, "/usr/sbin/nginx", "-p", directory, "-e", "stderr", "-c", file]);
        await Loopback.AnswersAsync(port, TimeSpan.FromSeconds(10));
        return new NginxProcess(directory, port, process);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.EndAsync(TimeSpan.FromSeconds(5));
        Directory.Delete(_directory, recursive: true);
    }
}
