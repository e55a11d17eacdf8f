using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Weir.Hosting;

/// <summary>RFC 9110 9.3.2: whatever answers GET answers HEAD, with the same headers and no body.</summary>
public static class HeadRequests
{
    /// <summary>Chooses endpoints, for HEAD those of GET. Endpoints see HEAD; those that short-circuit the routing see GET.</summary>
    /// <remarks>The server leaves out the body by the method that was on the wire, whatever an endpoint writes.</remarks>
    public static void UseRoutingWithHead(this IApplicationBuilder app)
    {
        app.Use((context, next) =>
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                context.Request.Method = HttpMethods.Get;
                context.Items[typeof(HeadRequests)] = true;
            }

            return next(context);
        });
        app.UseRouting();
        app.Use((context, next) =>
        {
            if (context.Items.ContainsKey(typeof(HeadRequests)))
            {
                context.Request.Method = HttpMethods.Head;
            }

            return next(context);
        });
    }
}
