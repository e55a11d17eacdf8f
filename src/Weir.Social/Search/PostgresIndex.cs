using Npgsql;
using NpgsqlTypes;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>
/// The index in PostgreSQL: our own tokens as <c>tsvector</c> under GIN, in a schema of its own that no migration knows. GIN knows no order, so each row also has a token that says which block of
/// numbers it is in: a part of a conversation is then a few short lists, not one of all messages with a common word.
/// </summary>
internal sealed class PostgresIndex(string connectionString) : ISearchIndex
{
    private const int BlockBits = 12;

    // No text has a token with this character: it is of the private use area.
    private const char Scope = '\uE000';

    private const string Tables = """
        DROP SCHEMA IF EXISTS weir_search CASCADE;
        CREATE SCHEMA weir_search;
        CREATE TABLE weir_search.conversations (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, indexed bigint NOT NULL);
        CREATE TABLE weir_search.things (number bigint PRIMARY KEY, kind int NOT NULL, id uuid NOT NULL, tokens tsvector NOT NULL, UNIQUE (kind, id));
        CREATE TABLE weir_search.readings (kind int PRIMARY KEY, last uuid);
        CREATE TABLE weir_search.messages (number bigint PRIMARY KEY, tokens tsvector NOT NULL);
        CREATE INDEX ON weir_search.messages USING gin (tokens) WITH (fastupdate = off);
        CREATE INDEX ON weir_search.things USING gin (tokens) WITH (fastupdate = off);
        CREATE TABLE weir_search.version (version int NOT NULL);
        """;

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        if (!await IsCurrentAsync(connection, cancellation))
        {
            await MakeAsync(connection, async () => !await IsCurrentAsync(connection, cancellation), cancellation);
        }
    }

    public async Task RestartAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await MakeAsync(connection, () => Task.FromResult(true), cancellation);
    }

    public async Task<Dictionary<Guid, Progress>> ProgressAsync(IReadOnlyCollection<Guid> conversations, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("SELECT id, number, indexed FROM weir_search.conversations WHERE id = ANY ($1)", connection) { Parameters = { new() { Value = conversations.ToArray() } } };
        var found = new Dictionary<Guid, Progress>(conversations.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            found[reader.GetGuid(0)] = new Progress(reader.GetInt64(1), reader.GetInt64(2));
        }

        return found;
    }

    public async Task AddAsync(IReadOnlyList<Portion> portions, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // In one order, so that two nodes that add the same wait for each other instead of for ever.
        foreach (var portion in portions.OrderBy(p => p.Conversation))
        {
            await using (var make = new NpgsqlCommand("INSERT INTO weir_search.conversations (id, indexed) VALUES ($1, 0) ON CONFLICT DO NOTHING", connection) { Parameters = { new() { Value = portion.Conversation } } })
            {
                await make.ExecuteNonQueryAsync(cancellation);
            }

            await using var move = new NpgsqlCommand("UPDATE weir_search.conversations SET indexed = $1 WHERE id = $2 AND indexed = $3 RETURNING number", connection)
            {
                Parameters = { new() { Value = portion.Until }, new() { Value = portion.Conversation }, new() { Value = portion.After } },
            };
            if (await move.ExecuteScalarAsync(cancellation) is long number)
            {
                await AddAsync(connection, new Progress(number, portion.Until), portion, cancellation);
            }
        }

        await transaction.CommitAsync(cancellation);
    }

    public async Task PutAsync(IReadOnlyList<Thing> things, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Few and small: one node at a time.
        await using (var lockTable = new NpgsqlCommand("LOCK TABLE weir_search.things IN SHARE ROW EXCLUSIVE MODE", connection))
        {
            await lockTable.ExecuteNonQueryAsync(cancellation);
        }

        foreach (var thing in things)
        {
            await using var command = thing.Tokens is null
                ? new NpgsqlCommand("DELETE FROM weir_search.things WHERE kind = $1 AND id = $2", connection) { Parameters = { new() { Value = (int)thing.Kind }, new() { Value = thing.Id } } }
                : new NpgsqlCommand(
                    """
                    INSERT INTO weir_search.things (number, kind, id, tokens)
                    VALUES (coalesce((SELECT max(number) + 1 FROM weir_search.things WHERE number >= $3 AND number < $3 + 100000), $3), $1, $2, array_to_tsvector($4))
                    ON CONFLICT (kind, id) DO UPDATE SET tokens = excluded.tokens
                    """,
                    connection)
                {
                    Parameters =
                    {
                        new() { Value = (int)thing.Kind },
                        new() { Value = thing.Id },
                        new() { Value = FoundThing.NumberOf(thing.Kind, thing.At.ToMicroseconds()) },
                        new() { Value = thing.Tokens.Append(KindToken(thing.Kind)).ToArray() },
                    },
                };
            await command.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    public async Task<Guid?> FirstReadingAsync(ThingKind kind, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("SELECT last FROM weir_search.readings WHERE kind = $1", connection) { Parameters = { new() { Value = (int)kind } } };
        return await command.ExecuteScalarAsync(cancellation) switch
        {
            null => Guid.Empty,
            Guid last => last,
            _ => null,
        };
    }

    public async Task SetFirstReadingAsync(ThingKind kind, Guid? last, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("INSERT INTO weir_search.readings (kind, last) VALUES ($1, $2) ON CONFLICT (kind) DO UPDATE SET last = excluded.last", connection)
        {
            Parameters = { new() { Value = (int)kind }, new() { Value = (object?)last ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid } },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    // A bitmap of all that match is made before the first is answered: never quick for a common word.
    public Task<List<long>?> FindFewAsync(IReadOnlyList<string> tokens, CancellationToken cancellation) => Task.FromResult<List<long>?>(null);

    public async Task<List<long>[]> FindAsync(IReadOnlyList<string> tokens, IReadOnlyList<SearchRange> ranges, int most, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var range in ranges)
        {
            var (after, before) = (range.Conversation.Of(range.After), range.Conversation.Of(range.Before));
            var blocks = new List<string>();
            for (var block = (before - 1) >> BlockBits; block >= (after + 1) >> BlockBits; block--)
            {
                blocks.Add(Match([.. tokens, BlockToken(block << BlockBits)]));
            }

            // The inner queries run one after another, from the newest block on, until there is enough.
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                SELECT found.number FROM unnest($1::tsquery[]) AS block (query)
                CROSS JOIN LATERAL (SELECT number FROM weir_search.messages WHERE tokens @@ block.query AND number > $2 AND number < $3 ORDER BY number DESC LIMIT $4) AS found
                LIMIT $4
                """)
            {
                Parameters = { new() { Value = blocks.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text }, new() { Value = after }, new() { Value = before }, new() { Value = most } },
            });
        }

        var found = new List<long>[ranges.Count];
        if (ranges.Count > 0)
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellation);
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = [];
                while (await reader.ReadAsync(cancellation))
                {
                    found[i].Add(reader.GetInt64(0));
                }

                await reader.NextResultAsync(cancellation);
            }
        }

        return found;
    }

    public async Task<List<FoundThing>> FindThingsAsync(IReadOnlyList<string> tokens, ThingKind kind, long? before, int most, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT number, id FROM weir_search.things WHERE tokens @@ $1::tsquery AND number < $2 ORDER BY number DESC LIMIT $3", connection)
        {
            Parameters = { new() { Value = Match([.. tokens, KindToken(kind)]) }, new() { Value = before ?? long.MaxValue }, new() { Value = most } },
        };
        var found = new List<FoundThing>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            found.Add(new FoundThing(reader.GetInt64(0), reader.GetGuid(1)));
        }

        return found;
    }

    // A cast, not to_tsquery: the tokens are what they are.
    private static string Match(IEnumerable<string> tokens) => string.Join(" & ", tokens.Select(token => $"'{token}'"));

    private static string BlockToken(long number) => $"{Scope}{number >> BlockBits:x}";

    private static string KindToken(ThingKind kind) => $"{Scope}{kind:d}";

    private static async Task AddAsync(NpgsqlConnection connection, Progress progress, Portion portion, CancellationToken cancellation)
    {
        if (portion.Messages.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var (seq, tokens) in portion.Messages)
        {
            var number = progress.Of(seq);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO weir_search.messages (number, tokens) VALUES ($1, array_to_tsvector($2)) ON CONFLICT DO NOTHING")
            {
                Parameters = { new() { Value = number }, new() { Value = tokens.Append(BlockToken(number)).ToArray() } },
            });
        }

        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<bool> IsCurrentAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var there = new NpgsqlCommand("SELECT to_regclass('weir_search.version') IS NOT NULL", connection);
        if (await there.ExecuteScalarAsync(cancellation) is not true)
        {
            return false;
        }

        await using var version = new NpgsqlCommand("SELECT max(version) FROM weir_search.version", connection);
        return await version.ExecuteScalarAsync(cancellation) is SearchIndex.Version;
    }

    private static async Task MakeAsync(NpgsqlConnection connection, Func<Task<bool>> isDue, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Several nodes may start at once.
        await using (var turn = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtext('weir_search'))", connection))
        {
            await turn.ExecuteNonQueryAsync(cancellation);
        }

        if (await isDue())
        {
            await using var make = new NpgsqlCommand($"{Tables} INSERT INTO weir_search.version VALUES ({SearchIndex.Version});", connection);
            await make.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        return connection;
    }
}
