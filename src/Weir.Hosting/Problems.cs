using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Weir.Hosting;

/// <summary>
/// RFC 9457 problem documents as every Weir process writes them: each has <c>code</c>, a short stable word for
/// programs, beside the title for people.
/// </summary>
public static class Problems
{
    /// <summary>The one answer for "does not exist" and "exists, but not for you": the body must not tell them apart.</summary>
    public static ProblemHttpResult NotFound() => Of(StatusCodes.Status404NotFound, "not-found", "Not found.");

    public static ProblemHttpResult Forbidden(string code = "forbidden", string title = "You may not do this.") =>
        Of(StatusCodes.Status403Forbidden, code, title);

    public static ProblemHttpResult Conflict(string code, string title) => Of(StatusCodes.Status409Conflict, code, title);

    public static ProblemHttpResult Of(int status, string code, string title) => TypedResults.Problem(
        statusCode: status,
        title: title,
        type: "about:blank",
        extensions: [new("code", code)]);

    /// <summary>400 about one field: <c>errors</c> holds the text, <c>codes</c> the stable word.</summary>
    public static ProblemHttpResult Field(string field, string code, string text) => Fields([(field, code, text)]);

    /// <summary>400 about several fields at once.</summary>
    public static ProblemHttpResult Fields(IReadOnlyCollection<(string Field, string Code, string Text)> faults)
    {
        var details = new HttpValidationProblemDetails(Group(faults, fault => fault.Text))
        {
            Status = StatusCodes.Status400BadRequest,
            Title = faults.First().Text,
            Type = "about:blank",
        };
        details.Extensions["code"] = faults.First().Code;
        details.Extensions["codes"] = Group(faults, fault => fault.Code);
        return TypedResults.Problem(details);
    }

    /// <summary>429 with Retry-After in whole seconds.</summary>
    public static ProblemHttpResult Throttled(HttpContext context, TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Of(StatusCodes.Status429TooManyRequests, "throttled", "Too many attempts. Try again later.");
    }

    /// <summary>507: what is there can be read, ended and deleted as always.</summary>
    public static ProblemHttpResult DiskFull() => Of(
        StatusCodes.Status507InsufficientStorage, "disk-full", "The server's disk is full. Nothing new can be written until there is room again.");

    /// <summary>Makes faults that no handler answered (unreadable JSON, our own bugs) problem documents too.</summary>
    public static IServiceCollection AddWeirProblems(this IServiceCollection services) => services
        .AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.Type = "about:blank";
            context.ProblemDetails.Extensions.Remove("traceId");
            context.ProblemDetails.Extensions.TryAdd("code", CodeOf(context.HttpContext.Response.StatusCode));
        })
        .AddExceptionHandler<UnreadableRequests>()
        // Thrown, so that the handler below can say which field it was; otherwise the answer has no more than its status.
        .Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);

    /// <summary>First in the pipeline: see <see cref="AddWeirProblems"/>.</summary>
    public static IApplicationBuilder UseWeirProblems(this IApplicationBuilder app) => app.UseExceptionHandler().UseStatusCodePages();

    private static Dictionary<string, string[]> Group(
        IEnumerable<(string Field, string Code, string Text)> faults,
        Func<(string Field, string Code, string Text), string> what) =>
        faults.GroupBy(fault => fault.Field).ToDictionary(group => group.Key, group => group.Select(what).ToArray());

    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "bad-request",
        StatusCodes.Status401Unauthorized => "unauthenticated",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "not-found",
        StatusCodes.Status405MethodNotAllowed => "method-not-allowed",
        StatusCodes.Status413PayloadTooLarge => "too-large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported-media-type",
        StatusCodes.Status429TooManyRequests => "throttled",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        _ => "internal",
    };

    /// <summary>A request whose body or parameters cannot be bound is the client's fault, not an Error in our log.</summary>
    private sealed class UnreadableRequests(ILogger<UnreadableRequests> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            if (exception is ConnectionResetException)
            {
                // The client is gone within its own body; nobody reads the answer.
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return true;
            }

            if (exception is not BadHttpRequestException bad)
            {
                return false;
            }

            log.LogDebug(bad, "Unreadable request");
            var problem = bad.StatusCode == StatusCodes.Status400BadRequest && bad.InnerException is JsonException json && FieldOf(json.Path) is { } field
                ? Field(field, "unreadable", "This is not what belongs here, or not text in UTF-8.")
                : Of(bad.StatusCode, CodeOf(bad.StatusCode), bad.StatusCode == StatusCodes.Status415UnsupportedMediaType
                    ? "The body must be JSON, and say so: Content-Type: application/json."
                    : "The request cannot be read.");
            await problem.ExecuteAsync(httpContext);
            return true;
        }

        /// <summary>The outermost member of a JSON path like <c>$.members[3].handle</c>, when its name is one of ours.</summary>
        private static string? FieldOf(string? path)
        {
            if (path is null || !path.StartsWith("$.", StringComparison.Ordinal))
            {
                return null;
            }

            var end = path.AsSpan(2).IndexOfAny(".[");
            var field = end < 0 ? path[2..] : path.Substring(2, end);
            return field.Length is > 0 and <= 40 && field.All(char.IsAsciiLetterOrDigit) ? field : null;
        }
    }
}
