using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>Raised by every transaction that changes or ends an account or a session, in it, whichever process makes it. One row.</summary>
internal sealed class SessionsEpoch
{
    public const int OnlyId = 1;

    public int Id { get; init; } = OnlyId;

    public long Value { get; init; }

    /// <summary>To be called before the commit of every transaction that may have changed one.</summary>
    public static Task RaiseIfChangedAsync(WeirDb db, CancellationToken cancellation) => db.PeopleChanged
        ? db.SessionsEpoch.ExecuteUpdateAsync(set => set.SetProperty(e => e.Value, e => e.Value + 1), cancellation)
        : Task.CompletedTask;
}

/// <summary>
/// Reads the epoch at every request, so it is made cheap: on SQLite a prepared statement on a connection of its own, some microseconds; on PostgreSQL one journey for
/// all requests that wait at the moment. An answer is never older than the question.
/// </summary>
internal sealed class SessionsEpochReader(SocialOptions options) : IDisposable
{
    private const string Query = "SELECT \"Value\" FROM \"SessionsEpoch\"";
    private readonly Lock _lock = new();
    private SqliteConnection? _sqlite;
    private SqliteCommand? _command;
    private Task<long>? _running;
    private Task<long>? _next;

    public ValueTask<long> ReadAsync()
    {
        lock (_lock)
        {
            if (options.Database == DatabaseProvider.Sqlite)
            {
                return ValueTask.FromResult(ReadSqlite());
            }

            // What is under way may have been asked before the change that the caller must see; the one after it is not.
            return new ValueTask<long>(_running is null ? _running = RunAsync(null) : _next ??= RunAsync(_running));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Close();
        }
    }

    private long ReadSqlite()
    {
        if (_command is null)
        {
            _sqlite = new SqliteConnection(Database.SqliteConnection(options.DatabaseFile) + ";Pooling=False");
            _sqlite.Open();
            _command = _sqlite.CreateCommand();
            _command.CommandText = Query;
        }

        try
        {
            return (long)_command.ExecuteScalar()!;
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _command?.Dispose();
        _sqlite?.Dispose();
        (_command, _sqlite) = (null, null);
    }

    private async Task<long> RunAsync(Task? before)
    {
        // Never goes on under the lock that this is called with, and whatever became of the one before it.
        await (before ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await using var connection = new NpgsqlConnection(Database.PostgresConnection(options.ConnectionString!));
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(Query, connection);
            return (long)(await command.ExecuteScalarAsync())!;
        }
        finally
        {
            lock (_lock)
            {
                (_running, _next) = (_next, null);
            }
        }
    }
}
