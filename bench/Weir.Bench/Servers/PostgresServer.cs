using System.Diagnostics;

namespace Weir.Bench.Servers;

/// <summary>A throw-away PostgreSQL with Debian's defaults on a Unix socket.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-bench-pg-").FullName;
    private readonly string _binaries;

    private PostgresServer(string binaries) => _binaries = binaries;

    public string Connection => $"Host={_directory};Username=weir;Database=postgres";

    private string Data => Path.Combine(_directory, "data");

    public static async Task<PostgresServer> StartAsync()
    {
        const string versions = "/usr/lib/postgresql";
        var binaries = (Directory.Exists(versions) ? Directory.GetDirectories(versions) : [])
            .Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order().LastOrDefault()
            ?? throw new CannotMeasureException("PostgreSQL is missing: install Debian's package postgresql.");
        var server = new PostgresServer(binaries);
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            await RunAsync("chown", "postgres", server._directory);
        }

        await server.AsPostgresAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "weir", "-E", "UTF8");
        await server.AsPostgresAsync(
            "pg_ctl", "-D", server.Data, "-w", "-l", Path.Combine(server._directory, "log"), "-o", $"-c listen_addresses='' -c unix_socket_directories='{server._directory}'", "start");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await AsPostgresAsync("pg_ctl", "-D", Data, "-m", "immediate", "stop");
        Directory.Delete(_directory, recursive: true);
    }

    private Task AsPostgresAsync(string tool, params string[] arguments)
    {
        var path = Path.Combine(_binaries, tool);
        return Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // pg_ctl's server inherits its output, so that must not be a pipe that we wait on.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new CannotMeasureException($"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}.");
        }
    }
}
