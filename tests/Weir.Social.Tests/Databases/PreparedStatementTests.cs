using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SQLitePCL;
using Weir.Social.Data;

namespace Weir.Social.Tests.Databases;

/// <summary>Connections to SQLite that stay open with their prepared statements: nothing of one user is left for the next, whatever that one did.</summary>
public sealed class PreparedStatementTests : IDisposable
{
    /// <summary>SQLITE_STMTSTATUS_REPREPARE.</summary>
    private const int StatusReprepare = 5;

    private readonly string _directory = Directory.CreateTempSubdirectory("weir-prepared-").FullName;
    private readonly SqliteConnections _connections;

    public PreparedStatementTests()
    {
        _connections = new SqliteConnections(Database.SqliteConnection(Path.Combine(_directory, "t.db"), pooling: false));
        using var connection = Open();
        Run(connection, "PRAGMA journal_mode=WAL");
        Run(connection, "CREATE TABLE T (Id INTEGER PRIMARY KEY, Name TEXT NOT NULL UNIQUE)");
        for (var i = 1; i <= 100; i++)
        {
            Run(connection, "INSERT INTO T VALUES ($id, $name)", ("$id", i), ("$name", $"name {i}"));
        }
    }

    public void Dispose()
    {
        _connections.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_text_is_prepared_once_and_outlives_its_command_and_its_user()
    {
        var seen = new HashSet<IntPtr>();
        for (var i = 1; i <= 20; i++)
        {
            using var connection = Open();
            using var command = Command(connection, "SELECT Name FROM T WHERE Id = $id", ("$id", i));
            using var reader = command.ExecuteReader();
            Assert.True(reader.Read());
            Assert.Equal($"name {i}", reader.GetString(0));
            seen.Add(reader.Handle!.DangerousGetHandle());
        }

        Assert.Single(seen);
        Assert.Equal(1, _connections.Idle);
    }

    [Fact]
    public void No_value_makes_SQLite_prepare_a_statement_anew()
    {
        for (var i = 1; i <= 20; i++)
        {
            using var connection = Open();
            using var command = Command(connection, "SELECT Id FROM T WHERE Id > $from ORDER BY Name LIMIT $most", ("$from", i), ("$most", i));
            using var reader = command.ExecuteReader();
            var found = 0;
            while (reader.Read())
            {
                found++;
            }

            Assert.Equal(i, found);
            Assert.Equal(0, raw.sqlite3_stmt_status(reader.Handle!, StatusReprepare, 0));
        }
    }

    [Fact]
    public void No_value_is_left_for_the_next_user()
    {
        using (var connection = Open())
        {
            Assert.Equal("name 7", Scalar(connection, "SELECT Name FROM T WHERE Id = $id", ("$id", 7)));
        }

        using var next = Open();
        Assert.Throws<InvalidOperationException>(() => Scalar(next, "SELECT Name FROM T WHERE Id = $id"));
        Assert.Equal("name 8", Scalar(next, "SELECT Name FROM T WHERE Id = $id", ("$id", 8)));
    }

    [Fact]
    public void One_command_runs_again_with_other_values_and_another_text()
    {
        using var connection = Open();
        using var command = Command(connection, "SELECT Name FROM T WHERE Id = $id", ("$id", 1));
        Assert.Equal("name 1", command.ExecuteScalar());
        command.Parameters[0].Value = 2;
        Assert.Equal("name 2", command.ExecuteScalar());
        command.CommandText = "SELECT Id * 10 FROM T WHERE Id = $id";
        Assert.Equal(20L, command.ExecuteScalar());
    }

    [Fact]
    public void Two_readers_of_one_text_at_once_do_not_disturb_each_other()
    {
        using var connection = Open();
        using var one = Command(connection, "SELECT Id FROM T ORDER BY Id");
        using var other = Command(connection, "SELECT Id FROM T ORDER BY Id");
        using var first = one.ExecuteReader();
        Assert.True(first.Read());
        using (var second = other.ExecuteReader())
        {
            for (var i = 1; i <= 100; i++)
            {
                Assert.True(second.Read());
                Assert.Equal(i, second.GetInt32(0));
            }
        }

        Assert.True(first.Read());
        Assert.Equal(2, first.GetInt32(0));
        Assert.Throws<InvalidOperationException>(() => one.ExecuteReader());
    }

    [Fact]
    public void A_query_that_is_left_in_the_middle_holds_no_snapshot()
    {
        using (var connection = Open())
        using (var command = Command(connection, "SELECT Id FROM T ORDER BY Id"))
        using (var reader = command.ExecuteReader())
        {
            Assert.True(reader.Read());
        }

        Assert.Equal(1, _connections.Idle);
        AssertNobodyReads();
        using var next = Open();
        Assert.Equal(1L, Scalar(next, "SELECT Id FROM T ORDER BY Id"));
    }

    [Fact]
    public void A_command_disposed_before_its_reader_ends_the_reader()
    {
        var connection = Open();
        var command = Command(connection, "SELECT Id FROM T ORDER BY Id");
        var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        command.Dispose();
        Assert.True(reader.IsClosed);
        connection.Close();
        Assert.Equal(1, _connections.Idle);
        AssertNobodyReads();
    }

    [Fact]
    public void A_connection_that_is_closed_under_an_open_reader_is_not_used_again()
    {
        var connection = Open();
        var command = Command(connection, "SELECT Id FROM T ORDER BY Id");
        Assert.True(command.ExecuteReader().Read());
        connection.Close();
        Assert.Equal(0, _connections.Idle);
        AssertNobodyReads();
        using var next = Open();
        Assert.Equal(1L, Scalar(next, "SELECT Id FROM T ORDER BY Id"));
        // Late, and of a connection that is closed.
        command.Dispose();
        Assert.Equal(2L, Scalar(next, "SELECT Id FROM T WHERE Id > 1 ORDER BY Id"));
    }

    [Fact]
    public void A_transaction_that_nobody_ended_is_rolled_back()
    {
        using (var connection = Open())
        {
            connection.BeginTransaction();
            Run(connection, "DELETE FROM T");
        }

        using var next = Open();
        Assert.Equal(100L, Scalar(next, "SELECT COUNT(*) FROM T"));
        using (var transaction = next.BeginTransaction())
        {
            Run(next, "DELETE FROM T WHERE Id = 1");
            transaction.Commit();
        }

        Assert.Equal(99L, Scalar(next, "SELECT COUNT(*) FROM T"));
    }

    [Fact]
    public void A_statement_that_failed_does_not_fail_again_for_the_next()
    {
        const string insert = "INSERT INTO T VALUES ($id, $name)";
        using (var connection = Open())
        {
            Assert.Equal(19, Assert.Throws<SqliteException>(() => Run(connection, insert, ("$id", 500), ("$name", "name 1"))).SqliteErrorCode);
            Run(connection, insert, ("$id", 500), ("$name", "name 500"));
            Assert.Throws<SqliteException>(() => Run(connection, "SELECT nonsense FROM nowhere"));
        }

        Assert.Equal(1, _connections.Idle);
        using var next = Open();
        Assert.Equal("name 500", Scalar(next, "SELECT Name FROM T WHERE Id = $id", ("$id", 500)));
    }

    [Fact]
    public void A_writer_that_finds_another_one_is_busy_and_comes_through_afterwards()
    {
        const string update = "UPDATE T SET Name = $name WHERE Id = 1";
        using var other = Open();
        using var connection = Open();
        Run(connection, "PRAGMA busy_timeout=0");
        Run(connection, update, ("$name", "before"));
        using (var transaction = other.BeginTransaction())
        {
            using var command = Command(connection, update, ("$name", "meanwhile"));
            command.CommandTimeout = 1;
            Assert.Equal(5, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);
        }

        Run(connection, update, ("$name", "afterwards"));
        Assert.Equal("afterwards", Scalar(other, "SELECT Name FROM T WHERE Id = 1"));
    }

    [Fact]
    public void A_changed_table_is_seen_by_statements_from_before()
    {
        using var one = Open();
        using var other = Open();
        using (var command = Command(one, "SELECT * FROM T WHERE Id = 1"))
        using (var reader = command.ExecuteReader())
        {
            Assert.Equal(2, reader.FieldCount);
        }

        Run(other, "ALTER TABLE T ADD COLUMN More INTEGER NOT NULL DEFAULT 5");
        Run(other, "CREATE INDEX I ON T (More)");
        using var same = Command(one, "SELECT * FROM T WHERE Id = 1");
        using var again = same.ExecuteReader();
        Assert.True(again.Read());
        Assert.Equal((3, 5), (again.FieldCount, again.GetInt32(2)));
    }

    [Fact]
    public void Memory_is_bounded_however_many_texts_and_connections_there_are()
    {
        using (var connection = Open())
        {
            for (var i = 0; i < PreparedConnection.MaxStatements + 50; i++)
            {
                Assert.Equal((long)i, Scalar(connection, $"SELECT {i}"));
            }

            Assert.Equal(PreparedConnection.MaxStatements, connection.Rented.Statements);
            var before = connection.Rented.Statements;
            Run(connection, "INSERT INTO T VALUES ($id, $name)", ("$id", 1000), ("$name", new string('x', 1 << 20)));
            Assert.Equal(before, connection.Rented.Statements);
        }

        var many = Enumerable.Range(0, SqliteConnections.MaxIdle + 5).Select(_ => Open()).ToList();
        Assert.Equal(0, _connections.Idle);
        many.ForEach(connection => connection.Dispose());
        Assert.Equal(SqliteConnections.MaxIdle, _connections.Idle);
    }

    [Fact]
    public void After_the_end_nothing_stays_open()
    {
        var late = Open();
        Open().Dispose();
        _connections.Dispose();
        Assert.Equal(0, _connections.Idle);
        late.Dispose();
        Assert.Equal(0, _connections.Idle);
        // The last connection to a database in WAL mode removes the log.
        Assert.Equal(["t.db"], Directory.EnumerateFiles(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Contexts_share_them_and_a_query_that_is_cancelled_leaves_nothing()
    {
        await using var server = await Server.StartAsync();
        var connections = server.Plane.App.Services.GetRequiredService<SqliteConnections>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.ReadAsync(db => db.Accounts.ToListAsync(new CancellationToken(canceled: true))));
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var found = await server.ReadAsync(async db =>
            {
                switch (i % 4)
                {
                    case 0:
                        return await db.Database.SqlQuery<int>($"SELECT {i} AS \"Value\"").SingleAsync(CancellationToken.None);
                    case 1:
                        await foreach (var number in db.Database.SqlQuery<int>($"SELECT {i} AS \"Value\" UNION ALL SELECT 0 ORDER BY 1 DESC").AsAsyncEnumerable())
                        {
                            return number;
                        }

                        return -1;
                    case 2:
                        await using (await db.Database.BeginTransactionAsync(CancellationToken.None))
                        {
                            return await db.Database.SqlQuery<int>($"SELECT {i} AS \"Value\"").SingleAsync(CancellationToken.None);
                        }

                    default:
                        await Assert.ThrowsAsync<SqliteException>(() => db.Database.ExecuteSqlRawAsync("SELECT nonsense"));
                        return i;
                }
            });
            if (found != i)
            {
                wrong.Add($"{i}: {found}");
            }
        });
        Assert.Empty(wrong);
        Assert.InRange(connections.Idle, 1, SqliteConnections.MaxIdle);
    }

    [Fact]
    public async Task A_social_plane_that_ends_closes_the_file()
    {
        await using var server = await Server.StartAsync();
        await server.PersonAsync();
        var connections = server.Plane.App.Services.GetRequiredService<SqliteConnections>();
        Assert.InRange(connections.Idle, 1, SqliteConnections.MaxIdle);
        Assert.True(File.Exists(server.Options.DatabaseFile + "-wal"));
        await server.Plane.DisposeAsync();
        Assert.Equal(0, connections.Idle);
        Assert.False(File.Exists(server.Options.DatabaseFile + "-wal"));
    }

    [Fact]
    public async Task Requests_in_a_row_prepare_nothing_anew()
    {
        await using var server = await Server.StartAsync();
        var person = await server.PersonAsync();
        var connections = server.Plane.App.Services.GetRequiredService<SqliteConnections>();
        async Task<int> AskAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                foreach (var path in new[] { "/api/conversations", "/api/moments", "/api/notifications/unread" })
                {
                    (await person.SendAsync(HttpMethod.Get, path)).Is(System.Net.HttpStatusCode.OK);
                }
            }

            var all = Enumerable.Range(0, connections.Idle).Select(_ => connections.Rent()).ToList();
            var prepared = all.Sum(connection => connection.Prepared);
            all.ForEach(connections.Return);
            return prepared;
        }

        var before = await AskAsync(5);
        var after = await AskAsync(50);
        // What works by itself meanwhile may ask something for the first time.
        Assert.InRange(after - before, 0, 20);
    }

    private RentedConnection Open()
    {
        var connection = new RentedConnection(_connections);
        connection.Open();
        return connection;
    }

    /// <summary>Somebody who still read would keep the log from being taken over whole.</summary>
    private void AssertNobodyReads()
    {
        using var connection = Open();
        Run(connection, "INSERT INTO T VALUES (900, 'nine hundred')");
        using var reader = Command(connection, "PRAGMA wal_checkpoint(TRUNCATE)").ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(0, reader.GetInt32(0));
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, params (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private static void Run(SqliteConnection connection, string text, params (string Name, object Value)[] values)
    {
        using var command = Command(connection, text, values);
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string text, params (string Name, object Value)[] values)
    {
        using var command = Command(connection, text, values);
        return command.ExecuteScalar();
    }
}
