using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;
using Npgsql;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>
/// The database does not answer for a while: it starts again, another takes its place, the network is away. Clients ask again when they
/// are told to, and the log says it once in ten seconds, however many ask.
/// </summary>
internal sealed class DatabaseAway(TimeProvider clock, ILogger<DatabaseAway> log) : IExceptionHandler
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;

    private readonly Lock _lock = new();
    private long? _said;

    /// <summary>Whether the same would come through once the database is back. What it was asked may have been done.</summary>
    public static bool Is(Exception? fault) => fault switch
    {
        null => false,

        // 08: connection exceptions. 57P01 to 57P03: the server stops, crashed or starts. 53300: too many connections.
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "53300" } => true,
        PostgresException { SqlState: var state } when state.StartsWith("08", StringComparison.Ordinal) => true,
        PostgresException => false,

        // The connection broke, could not be made, or none became free in time.
        NpgsqlException { IsTransient: true } => true,

        // Npgsql 10 says so when a connection turns out to be broken while its reader is being made.
        NullReferenceException { Source: "Npgsql" } => true,
        SqliteException { SqliteErrorCode: SqliteBusy or SqliteLocked } => true,
        _ => Is(fault.InnerException),
    };

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!Is(exception))
        {
            return false;
        }

        SocialMetrics.DatabaseAway.Add(1);
        if (IsTimeToSay())
        {
            log.LogWarning("The database does not answer, and calls get 503: {Reason}", exception.GetBaseException().Message);
        }

        httpContext.Response.Headers.RetryAfter = "1";
        await Problems.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "The server is not ready. Try again in a moment.")
            .ExecuteAsync(httpContext);
        return true;
    }

    private bool IsTimeToSay()
    {
        lock (_lock)
        {
            if (_said is { } before && clock.GetElapsedTime(before) < Silence)
            {
                return false;
            }

            _said = clock.GetTimestamp();
            return true;
        }
    }
}
