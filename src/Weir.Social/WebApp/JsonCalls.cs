using Microsoft.Extensions.Primitives;
using Weir.Hosting;

namespace Weir.Social.WebApp;

/// <summary>
/// The API reads JSON and nothing else. Routing would not find a call for a body of another type, and the fallback would answer that there
/// is no such call. So routing is shown JSON whatever was sent, and the type is looked at where the body is read: after sign-in and limits,
/// and before anything is looked for, so that the answer, 415, is the same for what is hidden and what is not there.
/// </summary>
internal static class JsonCalls
{
    private const string MediaType = "application/json";

    public static void UseRouting(WebApplication app)
    {
        app.Use((context, next) =>
        {
            var sent = context.Request.Headers.ContentType;
            // A request that names no type is read as JSON: most that have no body name none.
            if (StringValues.IsNullOrEmpty(sent))
            {
                context.Request.ContentType = MediaType;
            }
            else if (context.Request.Path.StartsWithSegments("/api"))
            {
                context.Request.ContentType = MediaType;
                context.Items[typeof(JsonCalls)] = sent;
            }

            return next(context);
        });
        app.UseRoutingWithHead();
        app.Use((context, next) =>
        {
            if (context.Items.Remove(typeof(JsonCalls), out var sent))
            {
                context.Request.Headers.ContentType = (StringValues)sent!;
            }

            return next(context);
        });
    }
}
