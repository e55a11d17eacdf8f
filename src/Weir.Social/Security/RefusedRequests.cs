using System.Net;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Security;

/// <summary>
/// Notes in the security log which requests were refused, wherever that was decided: by the status of the answer; and which connections.
/// However many there are, the log is bounded.
/// </summary>
internal sealed class RefusedRequests(SecurityLog log, SocialOptions options, TimeProvider clock)
{
    /// <summary>The same is one account or address, and one call and status.</summary>
    private readonly RefusalLines<string> _lines = new(clock);

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        var status = context.Response.StatusCode;
        if (status == StatusCodes.Status429TooManyRequests || IsRefusal(context, status))
        {
            Note(context, status);
        }
    });

    /// <summary>A connection was closed because its address has too many.</summary>
    public void NoteConnection(IPAddress address)
    {
        if (_lines.MayWrite($"{AddressKey.Of(address)} to connect"))
        {
            log.ConnectionRefused(address);
        }
    }

    /// <summary>
    /// What is hidden is answered as what never existed, so a member's 404 may be either. Of people without a session only those count who
    /// showed something that was none: every page asks first whether somebody is signed in.
    /// </summary>
    private bool IsRefusal(HttpContext context, int status) => status switch
    {
        StatusCodes.Status403Forbidden => true,
        StatusCodes.Status404NotFound => context.Features.Get<Caller>() is not null,
        StatusCodes.Status401Unauthorized =>
            context.Request.Headers.Authorization.Count > 0 || SessionAuthentication.CookieHash(context, options) is not null,
        _ => false,
    };

    private void Note(HttpContext context, int status)
    {
        // A template, because a path may have a secret in it; where there is none, articles' pages.
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "/a/…";
        var call = $"{context.Request.Method} {route}";
        var whose = status != StatusCodes.Status429TooManyRequests && context.Features.Get<Caller>() is { } caller
            ? caller.Id.ToText()
            : AddressKey.Of(context.Connection.RemoteIpAddress);
        if (!_lines.MayWrite($"{whose} {status} {call}"))
        {
            return;
        }

        if (status == StatusCodes.Status429TooManyRequests)
        {
            log.Limited(context, call);
        }
        else
        {
            log.Refused(context, call, status);
        }
    }
}
