using Microsoft.Net.Http.Headers;
using Weir.Hosting;

namespace Weir.Social.Sessions;

/// <summary>
/// Refuses what a page of another origin makes a browser send: also a sign-in, which would put the session of whoever made that page in the
/// place of the visitor's own. Browsers say the origin of every call that changes something, and a page of another origin cannot add a header
/// without asking first. Programs say no origin, and need no header.
/// </summary>
internal static class ForeignPages
{
    private const string FetchSite = "Sec-Fetch-Site";

    public static void Use(WebApplication app) => app.Use((context, next) =>
    {
        var request = context.Request;
        return request.Path.StartsWithSegments("/api")
            && !SessionAuthentication.IsSafe(context)
            && (request.Headers.ContainsKey(HeaderNames.Origin) || request.Headers.ContainsKey(FetchSite))
            && request.Headers[SessionAuthentication.AntiForgeryHeader] != "1"
            && request.Headers.Authorization.Count == 0
            ? SessionAuthentication.HeaderRequired().ExecuteAsync(context)
            : next(context);
    });
}
