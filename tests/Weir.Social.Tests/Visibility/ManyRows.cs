using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Weir.Social.Data;

namespace Weir.Social.Tests.Visibility;

/// <summary>Writes what a context has been given to add in a few statements of many rows each: the change tracker takes its time over tens of thousands.</summary>
internal static class ManyRows
{
    public static async Task WriteAsync(WeirDb db)
    {
        var tables = new Dictionary<ITable, List<string>>();
        foreach (var entry in db.ChangeTracker.Entries())
        {
            foreach (var mapping in entry.Metadata.GetTableMappings())
            {
                if (!tables.TryGetValue((ITable)mapping.Table, out var rows))
                {
                    tables.Add((ITable)mapping.Table, rows = []);
                }

                var values = mapping.Table.Columns.Select(column =>
                {
                    var property = column.PropertyMappings.First(p => p.Property.DeclaringType.IsAssignableFrom(entry.Metadata)).Property;
                    return column.PropertyMappings[0].TypeMapping.GenerateSqlLiteral(property.GetGetter().GetClrValue(entry.Entity));
                });
                rows.Add($"({string.Join(", ", values)})");
            }
        }

        await using var transaction = await db.Database.BeginTransactionAsync();
        // What others refer to comes first.
        foreach (var (table, rows) in Ordered(tables))
        {
            var columns = string.Join(", ", table.Columns.Select(c => $"\"{c.Name}\""));
            foreach (var batch in rows.Chunk(500))
            {
                await using var command = db.Database.GetDbConnection().CreateCommand();
                command.CommandText = new StringBuilder($"INSERT INTO \"{table.Name}\" ({columns}) VALUES ").AppendJoin(", ", batch).ToString();
                command.Transaction = Microsoft.EntityFrameworkCore.Storage.DbContextTransactionExtensions.GetDbTransaction(transaction);
                await command.ExecuteNonQueryAsync();
            }
        }

        await transaction.CommitAsync();
        db.ChangeTracker.Clear();
    }

    private static IEnumerable<(ITable Table, List<string> Rows)> Ordered(Dictionary<ITable, List<string>> tables)
    {
        var left = tables.Keys.ToList();
        while (left.Count > 0)
        {
            var next = left.First(table => table.ForeignKeyConstraints.All(key => key.PrincipalTable == table || !left.Contains(key.PrincipalTable)));
            left.Remove(next);
            yield return (next, tables[next]);
        }
    }
}
