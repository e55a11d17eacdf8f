using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Weir.Social.Data;

namespace Weir.Social.Tests.Access;

/// <summary>
/// The database of a running server as it was at one moment, and back to it whenever a call changed something: so that each call finds the
/// same world, whatever was called before, and the order of the lines means nothing.
/// </summary>
internal abstract class Snapshot : IAsyncDisposable
{
    private readonly Dictionary<string, byte[]> _exports;
    private long _epoch = 1_000_000;

    protected Snapshot(Server server)
    {
        // Of files only these go with their row at once.
        var exports = Path.Combine(server.Options.DataDirectory, "exports");
        _exports = Directory.EnumerateFiles(exports).ToDictionary(file => file, File.ReadAllBytes);
    }

    /// <summary>Sessions that were looked up meanwhile are believed no longer.</summary>
    protected string NextEpoch => $"UPDATE \"SessionsEpoch\" SET \"Value\" = {++_epoch}";

    public static async Task<Snapshot> TakeAsync(Server server)
    {
        Snapshot snapshot = server.Options.Database == DatabaseProvider.Sqlite ? new OfSqlite(server) : new OfPostgres(server);
        await snapshot.TakeAsync();
        return snapshot;
    }

    public async Task RestoreAsync()
    {
        if (!await RestoreChangedAsync())
        {
            return;
        }

        foreach (var (file, bytes) in _exports.Where(export => !File.Exists(export.Key)))
        {
            await File.WriteAllBytesAsync(file, bytes);
        }
    }

    public abstract ValueTask DisposeAsync();

    protected abstract Task TakeAsync();

    /// <returns>False when nothing was changed.</returns>
    protected abstract Task<bool> RestoreChangedAsync();

    private sealed class OfSqlite(Server server) : Snapshot(server)
    {
        private readonly SqliteConnection _copy = new("Data Source=:memory:");
        private readonly SqliteConnection _file = new(Database.SqliteConnection(server.Options.DatabaseFile, pooling: false));
        private readonly WriteGate _gate = server.Plane.App.Services.GetRequiredService<WriteGate>();
        private long _version;

        public override async ValueTask DisposeAsync()
        {
            await _copy.DisposeAsync();
            await _file.DisposeAsync();
        }

        protected override async Task TakeAsync()
        {
            await _copy.OpenAsync();
            await _file.OpenAsync();
            await RunAsync("PRAGMA synchronous=OFF");
            using var turn = await _gate.EnterAsync(default);
            _file.BackupDatabase(_copy);
            _version = await VersionAsync();
        }

        protected override async Task<bool> RestoreChangedAsync()
        {
            // SQLite says whether another connection wrote anything since this one did.
            if (await VersionAsync() == _version)
            {
                return false;
            }

            using var turn = await _gate.EnterAsync(default);
            _copy.BackupDatabase(_file);
            await RunAsync(NextEpoch);
            _version = await VersionAsync();
            return true;
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

    /// <summary>Triggers note the tables whose rows change; of those the rows that differ from a copy are deleted and inserted.</summary>
    private sealed class OfPostgres(Server server) : Snapshot(server)
    {
        private readonly NpgsqlConnection _connection = new(server.Options.ConnectionString);

        public override ValueTask DisposeAsync() => _connection.DisposeAsync();

        protected override async Task TakeAsync()
        {
            await _connection.OpenAsync();
            await RunAsync("""
                CREATE SCHEMA copied;
                CREATE TABLE copied.changes (name text NOT NULL);
                CREATE FUNCTION copied.note() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN INSERT INTO copied.changes VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
                """);
            const string Tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
            foreach (var table in await ReadAsync(Tables))
            {
                await RunAsync($"""
                    CREATE TABLE copied."{table}" AS TABLE public."{table}";
                    CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON public."{table}" FOR EACH ROW EXECUTE FUNCTION copied.note();
                    """);
            }
        }

        protected override async Task<bool> RestoreChangedAsync()
        {
            var changed = await ReadAsync("SELECT DISTINCT name FROM copied.changes ORDER BY name");
            if (changed.Count == 0)
            {
                return false;
            }

            // As a replica it fires no triggers: neither those that note, nor those that keep foreign keys and the audit trail.
            var restore = string.Concat(changed.Select(table => $"""
                DELETE FROM public."{table}" a WHERE NOT EXISTS (SELECT FROM copied."{table}" b WHERE b::text = a::text);
                INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE
                    SELECT * FROM copied."{table}" b WHERE NOT EXISTS (SELECT FROM public."{table}" a WHERE a::text = b::text);

                """));
            const string Begin = "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM copied.changes;";
            await RunAsync($"{Begin} {restore} {NextEpoch}; COMMIT");
            return true;
        }

        private async Task<List<string>> ReadAsync(string text)
        {
            var read = new List<string>();
            await using var command = new NpgsqlCommand(text, _connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                read.Add(reader.GetString(0));
            }

            return read;
        }

        private async Task RunAsync(string text)
        {
            await using var command = new NpgsqlCommand(text, _connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
