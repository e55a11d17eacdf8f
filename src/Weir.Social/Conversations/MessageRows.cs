using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Weir.Social.Data;

namespace Weir.Social.Conversations;

/// <summary>
/// Writes new messages, and the newest number of their conversations, inside the running transaction: the change tracker would cost several times as much. Columns and their types come from
/// the model, so a new property needs nothing here.
/// </summary>
internal static class MessageRows
{
    // SQLite takes one prepared statement again and again; to PostgreSQL every statement is a journey.
    private const int PostgresRows = 128;

    public static async Task WriteAsync(WeirDb db, IReadOnlyList<Message> messages, IReadOnlyList<Conversation> conversations)
    {
        var message = Table.Of(db, typeof(Message));
        await RunAsync(db, messages, message.Columns, rows => $"INSERT INTO {message.Name} ({string.Join(", ", message.Columns.Select(c => c.Name))}) VALUES {rows}");

        var conversation = Table.Of(db, typeof(Conversation));
        var (id, seq, at) = (conversation[nameof(Conversation.Id)], conversation[nameof(Conversation.LastSeq)], conversation[nameof(Conversation.LastAt)]);
        await RunAsync(
            db,
            conversations,
            [id, seq, at],
            rows => $"WITH v(i, s, t) AS (VALUES {rows}) UPDATE {conversation.Name} SET {seq.Name} = v.s, {at.Name} = v.t FROM v WHERE {conversation.Name}.{id.Name} = v.i");
    }

    private static async Task RunAsync<T>(WeirDb db, IReadOnlyList<T> rows, IReadOnlyList<Column> columns, Func<string, string> statement)
        where T : class
    {
        var connection = db.Database.GetDbConnection();
        var most = db.Database.IsSqlite() ? 1 : PostgresRows;
        DbCommand? command = null;
        try
        {
            for (var start = 0; start < rows.Count; start += most)
            {
                var count = Math.Min(most, rows.Count - start);
                if (command is null || command.Parameters.Count != count * columns.Count)
                {
                    if (command is not null)
                    {
                        await command.DisposeAsync();
                    }

                    command = connection.CreateCommand();
                    command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
                    Prepare(command, columns, count, statement);
                }

                for (var i = 0; i < command.Parameters.Count; i++)
                {
                    command.Parameters[i].Value = columns[i % columns.Count].Value(rows[start + (i / columns.Count)]) ?? DBNull.Value;
                }

                await command.ExecuteNonQueryAsync();
            }
        }
        finally
        {
            if (command is not null)
            {
                await command.DisposeAsync();
            }
        }
    }

    private static void Prepare(DbCommand command, IReadOnlyList<Column> columns, int count, Func<string, string> statement)
    {
        var rows = new string[count];
        for (var row = 0; row < count; row++)
        {
            var names = new string[columns.Count];
            for (var i = 0; i < columns.Count; i++)
            {
                names[i] = string.Create(CultureInfo.InvariantCulture, $"@p{(row * columns.Count) + i}");
                command.Parameters.Add(columns[i].Mapping.CreateParameter(command, names[i], null, nullable: true));
            }

            rows[row] = $"({string.Join(", ", names)})";
        }

        command.CommandText = statement(string.Join(", ", rows));
    }

    private sealed record Column(string Name, IProperty Property, RelationalTypeMapping Mapping)
    {
        public object? Value(object entity)
        {
            var value = Property.GetGetter().GetClrValue(entity);
            return value is null || Mapping.Converter is not { } converter ? value : converter.ConvertToProvider(value);
        }
    }

    private sealed record Table(string Name, IReadOnlyList<Column> Columns)
    {
        private static readonly System.Collections.Concurrent.ConcurrentDictionary<IEntityType, Table> Known = new();

        public Column this[string property] => Columns.First(column => column.Property.Name == property);

        public static Table Of(WeirDb db, Type type) => Known.GetOrAdd(db.Model.FindEntityType(type)!, found => new Table(
            Quote(found.GetTableName()!),
            [.. found.GetProperties().Select(property => new Column(Quote(property.GetColumnName()), property, property.GetRelationalTypeMapping()))]));

        private static string Quote(string name) => $"\"{name}\"";
    }
}
