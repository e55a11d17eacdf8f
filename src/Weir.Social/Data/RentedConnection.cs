using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Weir.Social.Data;

/// <summary>
/// What a context has for its connection: while it is open, one of <see cref="SqliteConnections"/>, with its prepared statements. EF Core opens it for every
/// query, and makes every command anew.
/// </summary>
internal sealed class RentedConnection(SqliteConnections connections) : SqliteConnection(connections.ConnectionString)
{
    private PreparedConnection? _rented;

    public override ConnectionState State => _rented is null ? ConnectionState.Closed : ConnectionState.Open;

    public override sqlite3? Handle => _rented?.Handle;

    public override string DataSource => _rented?.DataSource ?? base.DataSource;

    protected override SqliteTransaction? Transaction => _rented?.OpenTransaction;

    /// <exception cref="InvalidOperationException">It is closed.</exception>
    public PreparedConnection Rented => _rented ?? throw new InvalidOperationException("The connection is closed.");

    public override void Open() => _rented ??= connections.Rent();

    public override void Close()
    {
        if (_rented is { } rented)
        {
            _rented = null;
            connections.Return(rented);
        }
    }

    public override SqliteCommand CreateCommand() => new RentedCommand(this) { CommandTimeout = DefaultTimeout };

    public override SqliteTransaction BeginTransaction(IsolationLevel isolationLevel, bool deferred) => Rented.BeginTransaction(isolationLevel, deferred);

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => new RentedTransaction(this, BeginTransaction(isolationLevel));

    public override void BackupDatabase(SqliteConnection destination, string destinationName, string sourceName) =>
        Rented.BackupDatabase(destination, destinationName, sourceName);

    /// <summary>
    /// Gives contexts these connections in place of EF Core's own, which differ in one thing: they have no functions for decimal numbers and regular
    /// expressions, and the model has neither.
    /// </summary>
    internal sealed class Lender(SqliteConnections connections) : DbConnectionInterceptor
    {
        // Not in place of the read-only one with which EF Core looks whether the file is there.
        public override InterceptionResult<DbConnection> ConnectionCreating(ConnectionCreatingEventData eventData, InterceptionResult<DbConnection> result) =>
            eventData.ConnectionString == connections.ConnectionString ? InterceptionResult<DbConnection>.SuppressWithResult(new RentedConnection(connections)) : result;
    }
}

/// <summary>A transaction that says it belongs to the connection that a context knows: EF Core looks.</summary>
internal sealed class RentedTransaction(RentedConnection connection, SqliteTransaction transaction) : DbTransaction
{
    public override IsolationLevel IsolationLevel => transaction.IsolationLevel;

    public override bool SupportsSavepoints => true;

    protected override DbConnection? DbConnection => transaction.Connection is null ? null : connection;

    public override void Commit() => transaction.Commit();

    public override void Rollback() => transaction.Rollback();

    public override void Save(string savepointName) => transaction.Save(savepointName);

    public override void Rollback(string savepointName) => transaction.Rollback(savepointName);

    public override void Release(string savepointName) => transaction.Release(savepointName);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            transaction.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Runs a prepared statement of its text, and gives it back when it is disposed.</summary>
internal sealed class RentedCommand(RentedConnection connection) : SqliteCommand
{
    private PreparedConnection? _from;
    private PreparedCommand? _prepared;

    public override SqliteConnection? Connection
    {
        get => connection;
        set => throw new NotSupportedException("The command belongs to its connection.");
    }

    protected override DbConnection? DbConnection
    {
        get => connection;
        set => throw new NotSupportedException("The command belongs to its connection.");
    }

    /// <summary>For the asking: a connection to SQLite has one transaction at most, and what runs while it is open runs in it.</summary>
    protected override DbTransaction? DbTransaction { get; set; }

    /// <summary>Nothing to do: it is prepared when it runs for the first time.</summary>
    public override void Prepare()
    {
    }

    public override SqliteDataReader ExecuteReader(CommandBehavior behavior)
    {
        if (behavior.HasFlag(CommandBehavior.CloseConnection))
        {
            throw new NotSupportedException("A reader does not close the connection: others use it next.");
        }

        var prepared = Find();
        prepared.Parameters.Clear();
        foreach (SqliteParameter parameter in Parameters)
        {
            prepared.Parameters.Add(parameter);
        }

        prepared.Transaction = _from!.OpenTransaction;
        prepared.CommandTimeout = CommandTimeout;
        try
        {
            return prepared.ExecuteReader(behavior);
        }
        catch
        {
            GiveBack(healthy: false);
            throw;
        }
    }

    public override int ExecuteNonQuery()
    {
        var reader = ExecuteReader(CommandBehavior.Default);
        reader.Dispose();
        return reader.RecordsAffected;
    }

    public override object? ExecuteScalar()
    {
        using var reader = ExecuteReader(CommandBehavior.Default);
        return reader.Read() ? reader.GetValue(0) : null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            GiveBack(healthy: true);
        }

        base.Dispose(disposing);
    }

    private PreparedCommand Find()
    {
        var rented = connection.Rented;
        if (_prepared is not null && _from == rented && _prepared.CommandText == CommandText)
        {
            return _prepared.IsReading ? throw new InvalidOperationException("A reader of this command is open.") : _prepared;
        }

        GiveBack(healthy: true);
        _from = rented;
        return _prepared = rented.Take(CommandText);
    }

    private void GiveBack(bool healthy)
    {
        if (_prepared is { } prepared)
        {
            _prepared = null;
            _from!.GiveBack(prepared, healthy);
        }
    }
}
