using System.Diagnostics;
using Npgsql;

namespace Weir.Social.Tests;

/// <summary>A throw-away PostgreSQL on a Unix socket, made from Debian's binaries once a run; every server of a test gets its own database in it.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-pg-").FullName;
    private string _binaries = "";
    private int _databases;

    public async ValueTask InitializeAsync()
    {
        _binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order().LastOrDefault() ?? ""
            : "";
        if (_binaries.Length == 0)
        {
            throw new InvalidOperationException("These tests run on PostgreSQL too: install Debian's package postgresql.");
        }

        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            await RunAsync("chown", "postgres", _directory);
        }

        await AsPostgresAsync("initdb", "-D", Data, "-A", "trust", "-U", "weir", "-E", "UTF8", "--no-sync");
        await AsPostgresAsync("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_directory, "log"),
            "-o", $"-c listen_addresses='' -c unix_socket_directories='{_directory}' -c fsync=off -c max_connections=200", "start");
    }

    /// <summary>A new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"weir{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(Connection("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return Connection(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await AsPostgresAsync("pg_ctl", "-D", Data, "-m", "immediate", "stop");
        Directory.Delete(_directory, recursive: true);
    }

    private string Data => Path.Combine(_directory, "data");

    private string Connection(string database) => $"Host={_directory};Username=weir;Database={database};Maximum Pool Size=20";

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
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}.");
        }
    }
}
