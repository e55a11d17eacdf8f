using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Weir.Social.Data;

/// <summary>
/// Open connections to the one SQLite file that wait for their next user, the last one used first. Opening one costs more than most queries: pragmas, the
/// schema, and every statement parsed anew. There are as many as are asked for at once; those beyond <see cref="MaxIdle"/> are closed when they come back,
/// because each has a page cache of its own.
/// </summary>
internal sealed class SqliteConnections(string connectionString) : IDisposable
{
    internal const int MaxIdle = 8;

    // WAL with synchronous=FULL acknowledges a commit after fsync. What is deleted is overwritten with zeros (secure_delete): a disk that
    // somebody gets hold of later does not hold what people took back. The log that is written ahead is begun anew by the next writes.
    public const string Pragmas = "PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA secure_delete=ON;";

    private readonly Lock _lock = new();
    private readonly Stack<PreparedConnection> _idle = new();
    private bool _disposed;

    public string ConnectionString => connectionString;

    internal int Idle
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    public PreparedConnection Rent()
    {
        lock (_lock)
        {
            if (_idle.TryPop(out var kept))
            {
                return kept;
            }
        }

        var opened = new PreparedConnection(connectionString);
        try
        {
            opened.Open();
            // Otherwise SQLite prepares a statement anew whenever a value is bound that its plan may depend on: that of every LIMIT.
            var result = raw.sqlite3_db_config(opened.Handle!, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
            SqliteException.ThrowExceptionForRC(result, opened.Handle);
            using var command = opened.CreateCommand();
            command.CommandText = Pragmas;
            command.ExecuteNonQuery();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>A connection on which something is still open is closed, which ends that too.</summary>
    public void Return(PreparedConnection connection)
    {
        if (connection.IsClean)
        {
            lock (_lock)
            {
                if (!_disposed && _idle.Count < MaxIdle)
                {
                    _idle.Push(connection);
                    return;
                }
            }
        }

        connection.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_idle.TryPop(out var connection))
            {
                connection.Dispose();
            }
        }
    }
}
