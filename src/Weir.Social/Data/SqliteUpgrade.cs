using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>
/// Brings a SQLite file to the model's version in a copy beside it, which then takes its place in one step. SQLite rebuilds tables outside of transactions: an
/// upgrade that is killed or fails in place would leave a file that no version can open. This way it leaves the file as it was, or none where there was none.
/// </summary>
internal static class SqliteUpgrade
{
    private const string Suffix = ".upgrade";

    /// <exception cref="InvalidOperationException">Another process has the file open.</exception>
    public static async Task RunAsync(WeirDb db, IReadOnlyList<string> pending, CancellationToken cancellation)
    {
        var file = Path.GetFullPath(new SqliteConnectionStringBuilder(db.Database.GetConnectionString()).DataSource);
        var copy = file + Suffix;
        Discard(copy);
        try
        {
            await using (var upgraded = Database.OpenSqlite(copy, pooling: false))
            {
                if (File.Exists(file))
                {
                    await CopyAsync(db, upgraded, cancellation);
                    await upgraded.Database.MigrateAsync(cancellation);
                    await SchemaVersion.MarkAsync(upgraded, pending, cancellation);
                }
                else
                {
                    await CreateAsync(upgraded, cancellation);
                }

                await SettleAsync(upgraded, cancellation);
            }

            await LetGoAsync(db, cancellation);
            File.Move(copy, file, overwrite: true);
            DirectorySync.Flush(Path.GetDirectoryName(file)!);
        }
        finally
        {
            Discard(copy);
        }
    }

    /// <summary>What all migrations come to, at once: a first start does not go through the history.</summary>
    public static async Task CreateAsync(WeirDb db, CancellationToken cancellation)
    {
        var history = db.GetService<IHistoryRepository>();
        await db.Database.EnsureCreatedAsync(cancellation);
        IEnumerable<string> rest =
        [
            .. AppendOnly.Tables.SelectMany(AppendOnly.OnSqlite),
            history.GetCreateScript(),
            .. db.Database.GetMigrations().Select(id => history.GetInsertScript(new HistoryRow(id, SchemaVersion.Mine))),
        ];
        foreach (var statement in rest)
        {
            await db.Database.ExecuteSqlRawAsync(statement, cancellation);
        }
    }

    private static async Task CopyAsync(WeirDb from, WeirDb to, CancellationToken cancellation)
    {
        await from.Database.OpenConnectionAsync(cancellation);
        await to.Database.OpenConnectionAsync(cancellation);
        try
        {
            ((SqliteConnection)from.Database.GetDbConnection()).BackupDatabase((SqliteConnection)to.Database.GetDbConnection());
        }
        finally
        {
            await from.Database.CloseConnectionAsync();
            await to.Database.CloseConnectionAsync();
        }
    }

    /// <summary>All of it in the one file. A log left beside the old file would be taken for the new one's.</summary>
    private static async Task SettleAsync(WeirDb db, CancellationToken cancellation)
    {
        await db.Database.OpenConnectionAsync(cancellation);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "PRAGMA journal_mode=DELETE;";
            if (await command.ExecuteScalarAsync(cancellation) is not "delete")
            {
                throw new InvalidOperationException($"Another process is using '{connection.DataSource}': end it first.");
            }
        }

        await db.Database.CloseConnectionAsync();
        SqliteConnection.ClearPool(connection);
    }

    private static async Task LetGoAsync(WeirDb db, CancellationToken cancellation)
    {
        if (File.Exists(new SqliteConnectionStringBuilder(db.Database.GetConnectionString()).DataSource))
        {
            SqliteConnection.ClearPool((SqliteConnection)db.Database.GetDbConnection());
            await SettleAsync(db, cancellation);
        }
    }

    private static void Discard(string file)
    {
        foreach (var end in new[] { "", "-wal", "-shm", "-journal" })
        {
            File.Delete(file + end);
        }
    }
}
