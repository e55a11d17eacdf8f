using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Weir.Bench.Messages;

/// <summary>
/// Many people at once. Signing up costs a password hash each, so they are copied beside the server, row by row, from somebody who did; columns and their values are
/// the server's own, whatever they are.
/// </summary>
internal sealed class Crowd : IDisposable
{
    private readonly SqliteConnection _connection;

    public Crowd(string data)
    {
        _connection = new SqliteConnection($"Data Source={Path.Combine(data, "weir.db")};Pooling=False;Default Timeout=30");
        _connection.Open();
    }

    /// <summary>A copy of the newest account with a session of its own.</summary>
    public (string Id, string Token) Add(string handle)
    {
        var id = Guid.NewGuid();
        var token = $"bench-{Guid.NewGuid():N}";
        Copy("Accounts", "\"UserName\" = 'host'", new() { ["Id"] = Text(id), ["UserName"] = handle, ["NormalizedUserName"] = handle, ["IsAdmin"] = 0 });
        Copy("Sessions", "1 = 1 LIMIT 1", new() { ["Id"] = Text(Guid.NewGuid()), ["AccountId"] = Text(id), ["TokenHash"] = SHA256.HashData(Encoding.UTF8.GetBytes(token)) });
        return (id.ToString("N"), token);
    }

    public void InOne(Action rows)
    {
        Run("BEGIN IMMEDIATE");
        rows();
        Run("COMMIT");
    }

    /// <summary>Copies the rows that <paramref name="where"/> finds, with other values in some columns; a value that begins with = is SQL.</summary>
    public int Copy(string table, string where, Dictionary<string, object> with, string from = "")
    {
        using var columns = _connection.CreateCommand();
        columns.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
        var names = new List<string>();
        using (var reader = columns.ExecuteReader())
        {
            while (reader.Read())
            {
                names.Add(reader.GetString(0));
            }
        }

        using var command = _connection.CreateCommand();
        command.CommandTimeout = 0;
        var values = names.Select(name =>
        {
            if (!with.TryGetValue(name, out var value))
            {
                return $"r.\"{name}\"";
            }

            if (value is string text && text.StartsWith('='))
            {
                return text[1..];
            }

            command.Parameters.AddWithValue($"${name}", value);
            return $"${name}";
        }).ToList();
        command.CommandText = $"INSERT INTO \"{table}\" ({string.Join(", ", names.Select(name => $"\"{name}\""))}) SELECT {string.Join(", ", values)} FROM \"{table}\" r{from} WHERE {where}";
        return command.ExecuteNonQuery();
    }

    public void Run(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static string Text(Guid id) => id.ToString("D").ToUpperInvariant();

    public void Dispose() => _connection.Dispose();
}
