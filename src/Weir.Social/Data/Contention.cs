using Microsoft.AspNetCore.Diagnostics;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>Many changes of the same rows at once: whoever came through no attempt is told to come again. Nothing of theirs was written.</summary>
internal sealed class Contention : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!WriteScope.IsConflict(exception))
        {
            return false;
        }

        httpContext.Response.Headers.RetryAfter = "1";
        await Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "Try again in a moment.").ExecuteAsync(httpContext);
        return true;
    }
}
