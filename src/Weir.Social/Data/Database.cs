using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Weir.Social.Accounts;
using Weir.Social.Search;
using Weir.Social.Sessions;

namespace Weir.Social.Data;

/// <summary>Opens the database that the options name and brings it to the model's version.</summary>
internal static class Database
{
    private const int MaxPrepared = 200;

    public static IServiceCollection AddWeirDatabase(this IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton<WriteGate>();
        services.AddScoped<WriteScope>();
        services.AddSingleton<DatabaseReadiness>();
        services.AddExceptionHandler<UnstorableText>().AddExceptionHandler<Contention>().AddExceptionHandler<DatabaseAway>();
        if (options.Database != DatabaseProvider.Sqlite)
        {
            return services.AddDbContextPool<WeirDb, PostgresDb>((provider, builder) => ConfigurePostgres(builder, options, provider.GetServices<IInterceptor>()));
        }

        services.AddSingleton(_ => new SqliteConnections(SqliteConnection(options.DatabaseFile, pooling: false)));
        return services.AddDbContextPool<WeirDb, SqliteDb>((provider, builder) =>
        {
            ConfigureSqlite(builder, options.DatabaseFile, pooling: false)
                .AddInterceptors(new RentedConnection.Lender(provider.GetRequiredService<SqliteConnections>()));
            Configure(builder, provider.GetServices<IInterceptor>());
        });
    }

    /// <summary>A database beside what a running social plane reads and writes, for its start and for the command line.</summary>
    public static WeirDb Open(SocialOptions options)
    {
        if (options.Database == DatabaseProvider.Sqlite)
        {
            return OpenSqlite(options.DatabaseFile, pooling: false);
        }

        var postgres = new DbContextOptionsBuilder<PostgresDb>();
        ConfigurePostgres(postgres, options, []);
        return new PostgresDb(postgres.Options);
    }

    /// <param name="pooling">False closes the file with the connection: for a file that does not stay.</param>
    public static WeirDb OpenSqlite(string file, bool pooling = true)
    {
        var builder = new DbContextOptionsBuilder<SqliteDb>();
        ConfigureSqlite(builder, file, pooling).AddInterceptors(Pragmas.Instance);
        Configure(builder, []);
        return new SqliteDb(builder.Options);
    }

    /// <exception cref="LaterDatabaseException">A later version made the tables.</exception>
    public static async Task MigrateAsync(this WeirDb db, CancellationToken cancellation)
    {
        await BringUpToDateAsync(db, cancellation);
        await ForgetHandlesAsync(db, cancellation);
    }

    /// <summary>Accounts that were deleted by a version that kept their handles in sight.</summary>
    private static async Task ForgetHandlesAsync(WeirDb db, CancellationToken cancellation)
    {
        var deleted = db.Accounts.Where(a => a.DeletedAt != null && !a.UserName!.StartsWith("deleted-")).Select(a => a.Id);
        foreach (var id in await deleted.ToListAsync(cancellation))
        {
            var handle = Account.DeletedHandle(id);
            await db.Accounts.Where(a => a.Id == id).ExecuteUpdateAsync(set => set.SetProperty(a => a.UserName, handle), cancellation);
        }
    }

    private static async Task BringUpToDateAsync(WeirDb db, CancellationToken cancellation)
    {
        // MigrateAsync locks and looks several times; most starts find nothing to do.
        var pending = await SchemaVersion.PendingAsync(db, cancellation);
        if (!db.Database.IsSqlite())
        {
            if (pending.Count > 0)
            {
                await db.Database.MigrateAsync(cancellation);
                await SchemaVersion.MarkAsync(db, pending, cancellation);
            }

            return;
        }

        if (pending.Count > 0)
        {
            await SqliteUpgrade.RunAsync(db, pending, cancellation);
        }

        // Kept in the file. A restored snapshot has it off.
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", cancellation);
    }

    public static string SqliteConnection(string file, bool pooling = true) => new SqliteConnectionStringBuilder
    {
        DataSource = file,
        Pooling = pooling,
        ForeignKeys = true,
        DefaultTimeout = 10,
    }.ToString();

    /// <summary>
    /// With prepared statements: what a connection runs for the second time it prepares, and parses no more. Whoever has a pooler between that cannot bear
    /// them writes <c>Max Auto Prepare=0</c>.
    /// </summary>
    public static string PostgresConnection(string given)
    {
        var connection = new NpgsqlConnectionStringBuilder(given);
        if (!connection.ShouldSerialize("Max Auto Prepare"))
        {
            (connection.MaxAutoPrepare, connection.AutoPrepareMinUsages) = (MaxPrepared, 2);
        }

        return connection.ToString();
    }

    private static void ConfigurePostgres(DbContextOptionsBuilder builder, SocialOptions options, IEnumerable<IInterceptor> interceptors)
    {
        builder.UseNpgsql(PostgresConnection(options.ConnectionString!));
        Configure(builder, interceptors);
    }

    private static DbContextOptionsBuilder ConfigureSqlite(DbContextOptionsBuilder builder, string file, bool pooling) => builder
        // A list is one value, so that its query is one text, which stays generated and prepared. With a value for each item EF Core
        // generates the text anew at every run, and another for every length.
        .UseSqlite(SqliteConnection(file, pooling), sqlite => sqlite.UseParameterizedCollectionMode(ParameterTranslationMode.Parameter))
        // Said of migrations that rebuild tables: SqliteUpgrade makes them in a copy.
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.NonTransactionalMigrationOperationWarning));

    private static void Configure(DbContextOptionsBuilder builder, IEnumerable<IInterceptor> interceptors)
    {
        builder.AddInterceptors(SessionChanges.Instance, SearchChanges.Instance);
        builder.AddInterceptors(interceptors);
        builder.ConfigureWarnings(warnings => warnings
            .Ignore(RelationalEventId.MultipleCollectionIncludeWarning)
            // A conflict that WriteScope repeats is no error; what nobody catches is logged where it ends the request.
            .Log(
                (RelationalEventId.CommandError, LogLevel.Debug),
                (RelationalEventId.ConnectionError, LogLevel.Debug),
                (RelationalEventId.TransactionError, LogLevel.Debug),
                (CoreEventId.SaveChangesFailed, LogLevel.Debug)));
    }

    private sealed class Pragmas : DbConnectionInterceptor
    {
        public static readonly Pragmas Instance = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = SqliteConnections.Pragmas;
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
