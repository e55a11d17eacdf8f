using Microsoft.Data.Sqlite;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>
/// The index in SQLite: FTS5 in a file of its own, so that it has its own writer and messages never wait for it, backups do without it, and it can be thrown away. Messages are contentless, without
/// sizes and places: all that is kept of one is its number in the lists of its tokens.
/// </summary>
internal sealed class SqliteIndex : ISearchIndex, IDisposable
{
    // A crash of the machine may take the last transactions of the index, whole; the progress in it is of the same transactions.
    private const string Pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000; PRAGMA secure_delete=ON;";

    // The tokenizer "ascii" parts at ASCII blanks and takes everything that a token here has.
    private const string Tables = """
        CREATE TABLE conversations (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, indexed INTEGER NOT NULL);
        CREATE TABLE things (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, UNIQUE (kind, id));
        CREATE TABLE readings (kind INTEGER PRIMARY KEY, last BLOB);
        CREATE VIRTUAL TABLE messages USING fts5(t, content='', columnsize=0, detail=none, tokenize='ascii');
        CREATE VIRTUAL TABLE thing_tokens USING fts5(t, content='', contentless_delete=1, detail=none, tokenize='ascii');
        """;

    private readonly string _file;
    private readonly string _connection;
    private readonly ILogger<SqliteIndex> _log;
    private readonly SemaphoreSlim _writing = new(1, 1);

    public SqliteIndex(string file, ILogger<SqliteIndex> log)
    {
        _file = file;
        _log = log;
        _connection = new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 10 }.ToString();
    }

    public void Dispose() => _writing.Dispose();

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await PrepareFileAsync(cancellation);
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            _log.LogWarning(fault, "The search index is damaged and is made anew");
            Discard();
            await PrepareFileAsync(cancellation);
        }
    }

    public Task RestartAsync(CancellationToken cancellation) => WriteAsync(connection =>
    {
        MakeTables(connection);
        return true;
    }, cancellation);

    public async Task<Dictionary<Guid, Progress>> ProgressAsync(IReadOnlyCollection<Guid> conversations, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var find = Command(connection, "SELECT number, indexed FROM conversations WHERE id = $id", "$id");
        var found = new Dictionary<Guid, Progress>(conversations.Count);
        foreach (var id in conversations)
        {
            if (Find(find, id) is { } progress)
            {
                found[id] = progress;
            }
        }

        return found;
    }

    public Task AddAsync(IReadOnlyList<Portion> portions, CancellationToken cancellation) => WriteAsync(connection =>
    {
        using var find = Command(connection, "SELECT number, indexed FROM conversations WHERE id = $id", "$id");
        using var make = Command(connection, "INSERT INTO conversations (id, indexed) VALUES ($id, 0) RETURNING number, 0", "$id");
        using var move = Command(connection, "UPDATE conversations SET indexed = $indexed WHERE number = $number", "$number", "$indexed");
        using var add = Command(connection, "INSERT INTO messages (rowid, t) VALUES ($number, $tokens)", "$number", "$tokens");
        var rows = new List<(long Number, IReadOnlyCollection<string> Tokens)>();
        foreach (var portion in portions)
        {
            var progress = Find(find, portion.Conversation) ?? Find(make, portion.Conversation)!.Value;
            if (progress.Indexed != portion.After)
            {
                continue;
            }

            rows.AddRange(portion.Messages.Select(m => (progress.Of(m.Seq), m.Tokens)));
            move.Parameters[0].Value = progress.Number;
            move.Parameters[1].Value = portion.Until;
            move.ExecuteNonQuery();
        }

        // FTS5 writes a new segment when a number is smaller than the one before.
        foreach (var (number, tokens) in rows.OrderBy(row => row.Number))
        {
            add.Parameters[0].Value = number;
            add.Parameters[1].Value = string.Join(' ', tokens);
            add.ExecuteNonQuery();
        }

        return true;
    }, cancellation);

    public Task PutAsync(IReadOnlyList<Thing> things, CancellationToken cancellation) => WriteAsync(connection =>
    {
        using var find = Command(connection, "SELECT number FROM things WHERE kind = $kind AND id = $id", "$kind", "$id");
        using var free = Command(connection, "SELECT max(number) + 1 FROM things WHERE number >= $from AND number < $from + 100000", "$from");
        using var make = Command(connection, "INSERT INTO things (number, kind, id) VALUES ($number, $kind, $id)", "$number", "$kind", "$id");
        using var forget = Command(connection, "DELETE FROM things WHERE number = $number", "$number");
        using var clear = Command(connection, "DELETE FROM thing_tokens WHERE rowid = $number", "$number");
        using var add = Command(connection, "INSERT INTO thing_tokens (rowid, t) VALUES ($number, $tokens)", "$number", "$tokens");
        foreach (var thing in things)
        {
            find.Parameters[0].Value = (int)thing.Kind;
            find.Parameters[1].Value = thing.Id.ToByteArray(bigEndian: true);
            var number = find.ExecuteScalar() as long?;
            if (number is not null)
            {
                clear.Parameters[0].Value = number;
                clear.ExecuteNonQuery();
            }

            if (thing.Tokens is null)
            {
                if (number is not null)
                {
                    forget.Parameters[0].Value = number;
                    forget.ExecuteNonQuery();
                }

                continue;
            }

            if (number is null)
            {
                var wanted = FoundThing.NumberOf(thing.Kind, thing.At.ToMicroseconds());
                free.Parameters[0].Value = wanted;
                number = free.ExecuteScalar() is long taken ? taken : wanted;
                make.Parameters[0].Value = number;
                make.Parameters[1].Value = (int)thing.Kind;
                make.Parameters[2].Value = thing.Id.ToByteArray(bigEndian: true);
                make.ExecuteNonQuery();
            }

            add.Parameters[0].Value = number;
            add.Parameters[1].Value = string.Join(' ', thing.Tokens);
            add.ExecuteNonQuery();
        }

        return true;
    }, cancellation);

    public async Task<Guid?> FirstReadingAsync(ThingKind kind, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var command = Command(connection, "SELECT last FROM readings WHERE kind = $kind", "$kind");
        command.Parameters[0].Value = (int)kind;
        return command.ExecuteScalar() switch
        {
            null => Guid.Empty,
            byte[] last => new Guid(last, bigEndian: true),
            _ => null,
        };
    }

    public Task SetFirstReadingAsync(ThingKind kind, Guid? last, CancellationToken cancellation) => WriteAsync(connection =>
    {
        using var command = Command(connection, "INSERT INTO readings (kind, last) VALUES ($kind, $last) ON CONFLICT (kind) DO UPDATE SET last = excluded.last", "$kind", "$last");
        command.Parameters[0].Value = (int)kind;
        command.Parameters[1].Value = (object?)last?.ToByteArray(bigEndian: true) ?? DBNull.Value;
        return command.ExecuteNonQuery();
    }, cancellation);

    public async Task<List<long>?> FindFewAsync(IReadOnlyList<string> tokens, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var command = Command(connection, $"SELECT rowid FROM messages WHERE messages MATCH $tokens LIMIT {SearchIndex.Few + 1}", "$tokens");
        command.Parameters[0].Value = Match(tokens);
        var found = new List<long>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            found.Add(reader.GetInt64(0));
        }

        return found.Count > SearchIndex.Few ? null : found;
    }

    public async Task<List<long>[]> FindAsync(IReadOnlyList<string> tokens, IReadOnlyList<SearchRange> ranges, int most, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var command = Command(
            connection,
            "SELECT rowid FROM messages WHERE messages MATCH $tokens AND rowid > $after AND rowid < $before ORDER BY rowid DESC LIMIT $most",
            "$tokens", "$after", "$before", "$most");
        command.Parameters[0].Value = Match(tokens);
        command.Parameters[3].Value = most;
        var found = new List<long>[ranges.Count];
        for (var i = 0; i < ranges.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            found[i] = [];
            command.Parameters[1].Value = ranges[i].Conversation.Of(ranges[i].After);
            command.Parameters[2].Value = ranges[i].Conversation.Of(ranges[i].Before);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                found[i].Add(reader.GetInt64(0));
            }
        }

        return found;
    }

    public async Task<List<FoundThing>> FindThingsAsync(IReadOnlyList<string> tokens, ThingKind kind, long? before, int most, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var command = Command(
            connection,
            "SELECT f.rowid, t.id FROM thing_tokens f JOIN things t ON t.number = f.rowid WHERE f.thing_tokens MATCH $tokens AND f.rowid >= $from AND f.rowid < $before ORDER BY f.rowid DESC LIMIT $most",
            "$tokens", "$from", "$before", "$most");
        command.Parameters[0].Value = Match(tokens);
        command.Parameters[1].Value = FoundThing.NumberOf(kind, 0);
        command.Parameters[2].Value = Math.Min(before ?? long.MaxValue, FoundThing.NumberOf(kind + 1, 0));
        command.Parameters[3].Value = most;
        var found = new List<FoundThing>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            found.Add(new FoundThing(reader.GetInt64(0), new Guid(reader.GetFieldValue<byte[]>(1), bigEndian: true)));
        }

        return found;
    }

    private static string Match(IReadOnlyList<string> tokens) => string.Join(" AND ", tokens.Select(token => $"\"{token}\""));

    private static Progress? Find(SqliteCommand command, Guid id)
    {
        command.Parameters[0].Value = id.ToByteArray(bigEndian: true);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new Progress(reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }

    private async Task PrepareFileAsync(CancellationToken cancellation)
    {
        // What people wrote can be guessed from it: nobody else's to read, whoever may read the directory.
        if (!File.Exists(_file))
        {
            Maintenance.Backup.CreatePrivate(_file).Dispose();
        }

        switch (await VersionAsync(cancellation))
        {
            case SearchIndex.Version:
                break;
            case 0:
                await RestartAsync(cancellation);
                break;
            default:
                // To drop tables of millions takes longer than a start may.
                Discard();
                await PrepareFileAsync(cancellation);
                break;
        }
    }

    private async Task<long> VersionAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        using var version = Command(connection, "PRAGMA user_version");
        return (long)version.ExecuteScalar()!;
    }

    private void Discard()
    {
        using (var connection = new SqliteConnection(_connection))
        {
            SqliteConnection.ClearPool(connection);
        }

        foreach (var part in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_file + part);
        }
    }

    private static void MakeTables(SqliteConnection connection)
    {
        foreach (var table in new[] { "conversations", "things", "readings", "messages", "thing_tokens" })
        {
            using var drop = Command(connection, $"DROP TABLE IF EXISTS {table}");
            drop.ExecuteNonQuery();
        }

        using var make = Command(connection, $"{Tables} PRAGMA user_version={SearchIndex.Version};");
        make.ExecuteNonQuery();
    }

    private async Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await using var connection = await OpenAsync(cancellation);
            await using var transaction = connection.BeginTransaction(deferred: false);
            var result = write(connection);
            await transaction.CommitAsync(cancellation);
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(_connection);
        await connection.OpenAsync(cancellation);
        using var command = Command(connection, Pragmas);
        command.ExecuteNonQuery();
        return connection;
    }
}
