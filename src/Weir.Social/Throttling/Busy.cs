using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>What everybody shares is taken, found out too deep for an answer of its own.</summary>
internal sealed class BusyException(string title) : Exception(title);

/// <summary>Answers <see cref="BusyException"/> with 503 <c>busy</c>. Nothing was done.</summary>
internal sealed class Busy : IExceptionHandler
{
    public const string Rendering = "Too many articles are rendered at once. Try again in a moment.";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>503 with <c>Retry-After</c> in whole seconds.</summary>
    public static ProblemHttpResult Problem(HttpContext context, string title) => Problem(context, title, Soon);

    public static ProblemHttpResult Problem(HttpContext context, string title, TimeSpan retryAfter)
    {
        context.Response.Headers.RetryAfter = retryAfter.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", title);
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BusyException)
        {
            return false;
        }

        await Problem(httpContext, exception.Message).ExecuteAsync(httpContext);
        return true;
    }
}
