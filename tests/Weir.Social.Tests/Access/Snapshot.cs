using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Data;

namespace Weir.Social.Tests.Access;

/// <summary>
/// The database of a running server as it was at one moment, and back to it whenever a call changed something: so that each call finds the
/// same world, whatever was called before, and the order of the lines means nothing. On SQLite only.
/// </summary>
internal sealed class Snapshot : IAsyncDisposable
{
    private readonly SqliteConnection _copy = new("Data Source=:memory:");
    private readonly SqliteConnection _file;
    private readonly WriteGate _gate;
    private readonly Dictionary<string, byte[]> _exports;
    private long _version;
    private long _epoch = 1_000_000;

    private Snapshot(Server server)
    {
        _file = new SqliteConnection(Database.SqliteConnection(server.Options.DatabaseFile, pooling: false));
        _gate = server.Plane.App.Services.GetRequiredService<WriteGate>();
        // Of files only these go with their row at once.
        var exports = Path.Combine(server.Options.DataDirectory, "exports");
        _exports = Directory.EnumerateFiles(exports).ToDictionary(file => file, File.ReadAllBytes);
    }

    public static async Task<Snapshot> TakeAsync(Server server)
    {
        var snapshot = new Snapshot(server);
        await snapshot._copy.OpenAsync();
        await snapshot._file.OpenAsync();
        await snapshot.RunAsync("PRAGMA synchronous=OFF");
        using var turn = await snapshot._gate.EnterAsync(default);
        snapshot._file.BackupDatabase(snapshot._copy);
        snapshot._version = await snapshot.VersionAsync();
        return snapshot;
    }

    public async Task RestoreAsync()
    {
        // SQLite says whether another connection wrote anything since this one did.
        if (await VersionAsync() == _version)
        {
            return;
        }

        using var turn = await _gate.EnterAsync(default);
        _copy.BackupDatabase(_file);
        // Sessions that were looked up meanwhile are believed no longer.
        await RunAsync($"UPDATE \"SessionsEpoch\" SET \"Value\" = {++_epoch}");
        _version = await VersionAsync();
        foreach (var (file, bytes) in _exports.Where(export => !File.Exists(export.Key)))
        {
            await File.WriteAllBytesAsync(file, bytes);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _copy.DisposeAsync();
        await _file.DisposeAsync();
    }

    private async Task<long> VersionAsync()
    {
        await using var command = _file.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task RunAsync(string text)
    {
        await using var command = _file.CreateCommand();
        command.CommandText = text;
        await command.ExecuteNonQueryAsync();
    }
}
