using Microsoft.Extensions.FileProviders;
using Weir.Hosting;
using Weir.Social.Broadcasts;

namespace Weir.Social.WebApp;

/// <summary>
/// The built web app: hashed files under <c>assets/</c> for ever, everything else asked for again; every page path gets <c>index.html</c>. Unknown paths of
/// the API are never a page.
/// </summary>
internal static class ServeWebApp
{
    /// <summary>
    /// On every answer, whatever it is: set when it starts, because whoever answers a fault begins with an empty one. What may run, load or frame less keeps its own policy.
    /// </summary>
    public static void UseSecurityHeaders(this IApplicationBuilder app, Addresses addresses) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            if (headers.ContentSecurityPolicy.Count == 0)
            {
                headers.ContentSecurityPolicy = IsApi(context.Request.Path) ? ForData : ForPages(addresses, context.Request);
            }

            if (context.Request.IsHttps)
            {
                // A browser that came by HTTPS once never asks without it again. It takes no notice where it does not trust the certificate
                // (RFC 6797 8.1).
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            if (headers.CacheControl.Count == 0 && IsApi(context.Request.Path))
            {
                // What people see of each other: in no cache, also not in the browser's. Files and pages say for themselves what may keep
                // them.
                headers.CacheControl = "no-store";
            }

            headers["Referrer-Policy"] = "no-referrer";
            headers.XContentTypeOptions = "nosniff";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()";
            return Task.CompletedTask;
        });
        return next(context);
    });

    // Answers of the API are data: opened as a page they can do nothing.
    private const string ForData = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private static string ForPages(Addresses addresses, HttpRequest request)
    {
        var http = addresses.LiveHttp(request);
        var ws = addresses.LiveWebSocket(request);
        // hls.js plays from blob: URLs and works in a worker made from one. Style attributes are allowed, style sheets from elsewhere are not.
        return $"default-src 'self'; script-src 'self'; connect-src 'self' {http} {ws}; media-src 'self' blob: {http}; img-src 'self' data: blob: {http}; "
            + "worker-src 'self' blob:; style-src 'self'; style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    }

    public static void UseWebApp(this WebApplication app, string? webRoot)
    {
        if (webRoot is null)
        {
            return;
        }

        var files = new PhysicalFileProvider(Path.GetFullPath(webRoot));
        app.UseWhen(context => !IsApi(context.Request.Path), page =>
        {
            page.UseResponseCompression();
            page.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = files,
                OnPrepareResponse = served => served.Context.Response.Headers.CacheControl =
                    served.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache",
            });
        });
        app.MapFallback("{**path}", async context =>
        {
            // A missing file is missing; only a path that may be a page of the app is one.
            if (IsApi(context.Request.Path) || context.Request.Path.StartsWithSegments("/assets") || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
            {
                await Problems.NotFound().ExecuteAsync(context);
                return;
            }

            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            await context.Response.SendFileAsync(files.GetFileInfo("index.html"), context.RequestAborted);
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static bool IsApi(PathString path) =>
        path.StartsWithSegments("/api") || path.StartsWithSegments("/openapi") || path.StartsWithSegments("/health") || path.StartsWithSegments(Operations.MetricsPath);
}
