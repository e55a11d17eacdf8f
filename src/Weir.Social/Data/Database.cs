using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Weir.Social.Data;

/// <summary>Opens the database that the options name and brings it to the model's version.</summary>
internal static class Database
{
    public static IServiceCollection AddWeirDatabase(this IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton<WriteGate>();
        services.AddScoped<WriteScope>();
        return options.Database == DatabaseProvider.Sqlite
            ? services.AddDbContextPool<WeirDb, SqliteDb>((provider, builder) => Configure(builder, options, provider.GetServices<IInterceptor>()))
            : services.AddDbContextPool<WeirDb, PostgresDb>((provider, builder) => Configure(builder, options, provider.GetServices<IInterceptor>()));
    }

    /// <summary>A database outside a running social plane, for the command line.</summary>
    public static WeirDb Open(SocialOptions options)
    {
        if (options.Database == DatabaseProvider.Sqlite)
        {
            var sqlite = new DbContextOptionsBuilder<SqliteDb>();
            Configure(sqlite, options, []);
            return new SqliteDb(sqlite.Options);
        }

        var postgres = new DbContextOptionsBuilder<PostgresDb>();
        Configure(postgres, options, []);
        return new PostgresDb(postgres.Options);
    }

    public static async Task MigrateAsync(this WeirDb db, CancellationToken cancellation)
    {
        if (db.Database.IsSqlite())
        {
            // Kept in the file. A restored snapshot has it off.
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", cancellation);
        }

        // MigrateAsync locks and looks several times; most starts find nothing to do.
        if ((await db.Database.GetPendingMigrationsAsync(cancellation)).Any())
        {
            await db.Database.MigrateAsync(cancellation);
        }
    }

    public static string SqliteConnection(string file) => new SqliteConnectionStringBuilder
    {
        DataSource = file,
        ForeignKeys = true,
        DefaultTimeout = 10,
    }.ToString();

    private static void Configure(DbContextOptionsBuilder builder, SocialOptions options, IEnumerable<IInterceptor> interceptors)
    {
        if (options.Database == DatabaseProvider.Sqlite)
        {
            builder.UseSqlite(SqliteConnection(options.DatabaseFile)).AddInterceptors(Pragmas.Instance);
        }
        else
        {
            builder.UseNpgsql(options.ConnectionString);
        }

        builder.AddInterceptors(interceptors);
        builder.ConfigureWarnings(warnings => warnings
            .Ignore(RelationalEventId.MultipleCollectionIncludeWarning)
            // A conflict that WriteScope repeats is no error; what nobody catches is logged where it ends the request.
            .Log(
                (RelationalEventId.CommandError, LogLevel.Debug),
                (RelationalEventId.TransactionError, LogLevel.Debug),
                (CoreEventId.SaveChangesFailed, LogLevel.Debug)));
    }

    private sealed class Pragmas : DbConnectionInterceptor
    {
        // WAL with synchronous=FULL acknowledges a commit after fsync.
        private const string Text = "PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000;";

        public static readonly Pragmas Instance = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Text;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            // Microsoft.Data.Sqlite has no asynchronous I/O.
            ConnectionOpened(connection, eventData);
            return Task.CompletedTask;
        }
    }
}
