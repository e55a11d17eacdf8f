using System.Diagnostics;
using Npgsql;
using Weir.Social.Data;

namespace Weir.Social.Tests;

/// <summary>A throw-away PostgreSQL on a Unix socket, made from Debian's binaries once a run; every server of a test gets its own database in it.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-pg-").FullName;
    private string _binaries = "";
    private readonly Lazy<Task<string>> _template;
    // A template is copied by one at a time.
    private readonly SemaphoreSlim _copying = new(1);
    private int _databases;

    public PostgresCluster() => _template = new(MakeTemplateAsync);

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
        await StartAsync();
    }

    /// <summary>Once more, after <see cref="StopAsync"/>.</summary>
    public Task StartAsync() => AsPostgresAsync("pg_ctl", "-D", Data, "-w", "-t", Seconds, "-l", Path.Combine(_directory, "log"),
        "-o", $"-c listen_addresses='' -c unix_socket_directories='{_directory}' -c fsync=off -c max_connections=600", "start");

    /// <summary>As when its machine fails: every connection breaks.</summary>
    public Task StopAsync() => AsPostgresAsync("pg_ctl", "-D", Data, "-w", "-t", Seconds, "-m", "immediate", "stop");

    /// <summary>A new, empty database.</summary>
    public Task<string> CreateDatabaseAsync() => CreateAsync("template1");

    /// <summary>A new database with the tables of this version. They are made once, then copied.</summary>
    public async Task<string> CreateMigratedDatabaseAsync() => await CreateAsync(await _template.Value);

    /// <summary>Gives its room back, where there are hundreds of databases.</summary>
    public async Task DropDatabaseAsync(string connection)
    {
        await using var postgres = new NpgsqlConnection(Connection("postgres"));
        await postgres.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"DROP DATABASE {new NpgsqlConnectionStringBuilder(connection).Database} WITH (FORCE)", postgres);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> MakeTemplateAsync()
    {
        var connection = await CreateDatabaseAsync();
        await using (var db = Database.Open(new SocialOptions { DataDirectory = _directory, Database = DatabaseProvider.Postgres, ConnectionString = connection + ";Pooling=false" }))
        {
            await db.MigrateAsync(default);
        }

        return new NpgsqlConnectionStringBuilder(connection).Database!;
    }

    private async Task<string> CreateAsync(string template)
    {
        var name = $"weir{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(Connection("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {template}", connection);
        await _copying.WaitAsync();
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        finally
        {
            _copying.Release();
        }

        return Connection(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
        _copying.Dispose();
    }

    private static string Seconds => Patience.Limit.TotalSeconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture);

    private string Data => Path.Combine(_directory, "data");

    private string Connection(string database) => $"Host={_directory};Username=weir;Database={database};Maximum Pool Size=20;Timeout={Seconds};Command Timeout={Seconds};Connection Idle Lifetime=10;Connection Pruning Interval=5";

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
