using Microsoft.EntityFrameworkCore.Migrations;

namespace Weir.Social.Data;

/// <summary>
/// A table whose rows are never changed or deleted: the database itself refuses it, whoever asks. SQLite changes a column by making the table anew, which loses triggers: a migration that does
/// so must protect it again (a test tries).
/// </summary>
internal static class AppendOnly
{
    public static readonly IReadOnlyList<string> Tables = ["AuditEntries"];

    public static void Protect(MigrationBuilder migration, string table)
    {
        if (migration.ActiveProvider!.EndsWith("Sqlite", StringComparison.Ordinal))
        {
            foreach (var trigger in OnSqlite(table))
            {
                migration.Sql(trigger);
            }
        }
        else
        {
            migration.Sql($"""
                CREATE FUNCTION "{table}_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END; $$;
                CREATE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{table}_append_only"();
                """);
        }
    }

    public static IEnumerable<string> OnSqlite(string table) => new[] { "UPDATE", "DELETE" }
        .Select(deed => $"""CREATE TRIGGER "{table}_no_{deed}" BEFORE {deed} ON "{table}" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;""");
}
