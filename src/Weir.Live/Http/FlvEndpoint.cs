using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Weir.Hosting;
using Weir.Media.Broadcasting;
using Weir.Media.HttpFlv;

namespace Weir.Live.Http;

/// <summary><c>GET /live/ID.flv?ticket=T</c>: HTTP-FLV.</summary>
internal static class FlvEndpoint
{
    public static void MapFlv(this IEndpointRouteBuilder routes) => routes.MapGet("/live/{id}.flv", HandleAsync);

    private static async Task HandleAsync(HttpContext context, string id, string? ticket, IAdmission admission, FlvSession sessions)
    {
        if (!admission.TryWatch(id, ticket, Outlet.HttpFlv, out var viewer))
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        using (viewer)
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            context.Response.ContentType = "video/x-flv";
            context.Response.Headers.CacheControl = "no-store";
            await sessions.RunAsync(viewer, context.Response.BodyWriter, context.RequestAborted);
        }
    }
}
