using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Weir.Social.WebApp;

namespace Weir.Social.Data;

/// <summary>Which Weir made the tables: its version stands beside each migration, where EF Core writes its own.</summary>
internal static class SchemaVersion
{
    private const string Prefix = "Weir ";

    /// <summary>As it is written beside a migration; at most 32 characters there.</summary>
    public static string Mine { get; } = Prefix + ServerInfo.Version[..Math.Min(ServerInfo.Version.Length, 32 - Prefix.Length)];

    /// <summary>Migrations that are still to be made.</summary>
    /// <exception cref="LaterDatabaseException">The database has some that this version does not know.</exception>
    public static async Task<List<string>> PendingAsync(WeirDb db, CancellationToken cancellation)
    {
        var known = db.Database.GetMigrations().ToList();
        var applied = await db.GetService<IHistoryRepository>().GetAppliedMigrationsAsync(cancellation);
        Check([.. applied.Select(row => (row.MigrationId, row.ProductVersion))], known);
        return [.. known.Except(applied.Select(row => row.MigrationId))];
    }

    /// <exception cref="LaterDatabaseException">One of <paramref name="applied"/> is not known: its tables may have what this version
    /// would lose or misread.</exception>
    public static void Check(IReadOnlyCollection<(string Migration, string By)> applied, IReadOnlyList<string> known)
    {
        var later = applied.Where(row => !known.Contains(row.Migration)).OrderBy(row => row.Migration, StringComparer.Ordinal).ToList();
        if (later is [.., var (last, by)])
        {
            var maker = by.StartsWith(Prefix, StringComparison.Ordinal) ? by : "a later Weir";
            throw new LaterDatabaseException(
                $"The database was brought to '{last}' by {maker}. This is {Mine}, which knows it up to '{known[^1]}': "
                + "run that version or a later one, or restore a backup that this version made.");
        }
    }

    /// <summary>After these migrations were made.</summary>
    public static Task MarkAsync(WeirDb db, IReadOnlyList<string> made, CancellationToken cancellation) => db.Database.ExecuteSqlAsync(
        $"""UPDATE "__EFMigrationsHistory" SET "ProductVersion" = {Mine} WHERE "MigrationId" >= {made[0]}""", cancellation);
}
