using Weir.Social.Throttling;

namespace Weir.Social.Security;

/// <summary>
/// Notes in the security log which requests a limit refused, wherever it stands: by the status of the answer. However many there are, the
/// log is bounded.
/// </summary>
internal sealed class LimitedRequests(SecurityLog log, TimeProvider clock)
{
    /// <summary>Of one address and one call.</summary>
    private readonly AttemptLimiter _same = new(clock, 1, TimeSpan.FromMinutes(1));

    /// <summary>Of everybody together.</summary>
    private readonly AttemptLimiter _all = new(clock, 100, TimeSpan.FromSeconds(1));

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests)
        {
            Note(context);
        }
    });

    private void Note(HttpContext context)
    {
        // A template, because a path may have a secret in it; where there is none, articles' pages.
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "/a/…";
        var call = $"{context.Request.Method} {route}";
        if (_same.TryTake(out _, $"{AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress)} {call}") && _all.TryTake(out _, ""))
        {
            log.Limited(context, call);
        }
    }
}
