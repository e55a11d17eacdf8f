using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;
using Npgsql;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>Answers 507 where a disk was full all the same: the reserve of <see cref="DiskRoom"/> was taken by somebody else, or PostgreSQL
/// has a disk of its own.</summary>
internal sealed class FullDisks(ILogger<FullDisks> log) : IExceptionHandler
{
    private const int SqliteFull = 13;
    private const int NoSpace = 28;
    private const int OverQuota = 122;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!IsFull(exception))
        {
            return false;
        }

        SocialMetrics.DiskFull.Add(1);
        log.LogError("The disk is full: {Reason}", exception.GetBaseException().Message);
        await Problems.DiskFull().ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Whether a disk that took no more is behind it.</summary>
    public static bool IsFull(Exception fault)
    {
        for (Exception? inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is DiskFullException or SqliteException { SqliteErrorCode: SqliteFull } or PostgresException { SqlState: PostgresErrorCodes.DiskFull }
                || (inner is IOException && (inner.HResult & 0xffff) is NoSpace or OverQuota))
            {
                return true;
            }
        }

        return false;
    }
}
