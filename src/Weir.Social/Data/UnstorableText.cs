using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>PostgreSQL holds every character but U+0000. Where one reaches a query the request was wrong, not the server; nothing of it was written.</summary>
internal sealed class UnstorableText : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        for (var fault = exception; fault is not null; fault = fault.InnerException)
        {
            if (fault is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire })
            {
                await Problems.Of(StatusCodes.Status400BadRequest, "bad-request", "The request has characters that cannot be kept.").ExecuteAsync(httpContext);
                return true;
            }
        }

        return false;
    }
}
